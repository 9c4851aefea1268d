/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a zone is, what it waits for and what helps on, as JSON.
 */

#include "kskroll.h"

void zone_forecast(const options_t *o, const store_zone_t *z, const rollover_config_t *config, forecast_t *plan)
{
	forecast_assume_t assume = o->assume;

	assume.early = start_early(z->zone, config->spread);
	assume.starts = starts_of(o, z);
	assume.agent_ttl = stored_agent_ttl(z->parent_zone, z->zone);
	forecast_run(config, &z->row, &assume, o->now, plan);
}

void zone_plan(const options_t *o, const store_zone_t *z, forecast_t *plan)
{
	const rollover_config_t config = settings_of(o, z);

	zone_forecast(o, z, &config, plan);
}

void zone_json_command(const char *command, const char *comment, void *arg)
{
	(void)arg;
	json_open(json, NULL, '{');
	json_string(json, "command", command);
	json_string(json, "comment", comment);
	json_close(json, '}');
}

static void json_gate(const rollover_row_t *row)
{
	const rollover_gate_info_t *info = rollover_gate_info(row->gate);

	json_open(json, "gate", '{');
	json_string(json, "code", info->name);
	json_string(json, "about", row->gate_about[0] != '\0' ? row->gate_about : NULL);
	json_string(json, "detail", row->gate_detail[0] != '\0' ? row->gate_detail : NULL);
	json_time(json, "since", row->gate_since);
	json_time(json, "until", row->gate_until);
	json_string(json, "meaning", info->meaning);
	json_string(json, "advice", info->advice);
	json_bool(json, "outage", info->outage);
	json_close(json, '}');
}

void zone_json(const options_t *o, const store_zone_t *z, const forecast_t *plan)
{
	const rollover_row_t *row = &z->row;
	const bool rolling = row->state != ROLLOVER_IDLE;

	json_string(json, "zone", z->zone);
	json_string(json, "state", rollover_state_name(row->state));
	json_string(json, "state_meaning", rollover_state_meaning(row->state));
	json_time(json, "since", row->since);
	json_gate(row);
	json_string(json, "actor", rollover_actor_name(advice_actor(o, row)));
	json_bool(json, "blocked", advice_blocked(o, row));
	json_time(json, "checked", z->checked);
	json_time(json, "next_check", row->next_check);
	json_bool(json, "overdue", advice_overdue(o, row));
	json_time(json, "earliest_safe", rolling ? plan->safe : 0);
	json_time(json, "earliest_end", rolling ? plan->end : 0);
	json_string(json, "parent_zone", z->parent_zone[0] != '\0' ? z->parent_zone : NULL);
	json_open(json, "commands", '[');
	advice_commands(o, z, zone_json_command, NULL);
	json_close(json, ']');
}

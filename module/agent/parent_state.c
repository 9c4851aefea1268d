/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a parent zone, and what others may want of it.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "batch_text.h"
#include "parent_state.h"
#include "pump.h"
#include "kskroll/text_copy.h"

/* Settings. */

void parent_settings_clear(agent_settings_t *settings)
{
	addrs_clear(&settings->parent_server);
	addrs_clear(&settings->validator);
	free((char *)settings->locked);
	addrs_clear(&settings->update_primary);
	update_key_clear(&settings->update_key);
	memset(settings, 0, sizeof(*settings));
}

bool parent_settings_copy(const agent_settings_t *from, agent_settings_t *to)
{
	*to = *from;
	to->parent_server = to->validator = to->update_primary = (dns_addrs_t){ 0 };
	to->update_key = (update_key_t){ 0 };
	to->locked = from->locked != NULL ? strdup(from->locked) : NULL;
	if (!addrs_copy(&to->parent_server, &from->parent_server) || !addrs_copy(&to->validator, &from->validator) ||
	    !addrs_copy(&to->update_primary, &from->update_primary) ||
	    !update_key_copy(&to->update_key, &from->update_key) || (from->locked != NULL && to->locked == NULL)) {
		parent_settings_clear(to);
		return false;
	}
	return true;
}

static bool is_locked(const parent_t *parent, const delegation_t *d)
{
	knot_dname_storage_t owner;
	knot_dname_txt_storage_t name;

	if (parent->settings.locked == NULL) {
		return false;
	}
	delegation_name(&parent->all, d, owner);
	return knot_dname_to_str(name, owner, sizeof(name)) != NULL &&
	       delegation_is_locked(parent->settings.locked, name);
}

void parent_config(const parent_t *parent, const delegation_t *d, delegation_config_t *out)
{
	*out = parent->settings.config;
	out->report_only = parent->settings.mode != DELEGATIONS_UPDATE;
	out->locked = is_locked(parent, d);
}

/* What the store has of the zone. */

static void set_locks(store_parent_t *row, const char *locked)
{
	const char *text = locked != NULL ? locked : "";

	text_copy(row->locks, sizeof(row->locks), strlen(text) < sizeof(row->locks) ? text : STORE_LOCKS_MANY);
}

void parent_save(parent_t *parent)
{
	const agent_env_t *env = &parent->agent->env;
	store_t *store = env->store(env->arg);
	store_parent_t *row = store != NULL ? calloc(1, sizeof(*row)) : NULL;

	if (row == NULL) {
		return;
	}
	const int ret = store_parent_load(store, parent->name, row);
	if (ret == KNOT_ERROR) {
		free(row); /* It may have a batch that is under way. */
		return;
	}
	if (ret != KNOT_EOK) {
		memset(row, 0, sizeof(*row));
		row->had_file = ret != KNOT_ENOENT; /* Nobody can tell. */
	}
	text_copy(row->zone, sizeof(row->zone), parent->name);
	if (parent->listed) {
		row->listed = agent_now(parent->agent);
		row->serial = parent->serial;
		row->delegations = delegations_count(&parent->all);
		row->secure = parent->all.secure;
	}
	row->mode = parent->settings.mode;
	row->load = parent->load;
	text_copy(row->load_reason, sizeof(row->load_reason), parent->load_reason);
	text_copy(row->trouble, sizeof(row->trouble),
	          parent->trouble[0] != '\0' ? parent->trouble : parent->file_trouble);
	row->config = parent->settings.config;
	set_locks(row, parent->settings.locked);
	(void)env->save_parent(row, env->arg);
	free(row);
}

void parent_trouble(parent_t *parent, const char *what)
{
	if (strcmp(parent->trouble, what) == 0) {
		return;
	}
	text_copy(parent->trouble, sizeof(parent->trouble), what);
	if (what[0] != '\0') {
		agent_log(parent->agent, LOG_WARNING, "zone %s, delegations: %s", parent->name, what);
	} else {
		agent_log(parent->agent, LOG_NOTICE, "zone %s, delegations: the zone can be read again", parent->name);
	}
	parent_save(parent);
}

void parent_file_trouble(parent_t *parent, const char *what)
{
	if (strcmp(parent->file_trouble, what) == 0) {
		return;
	}
	text_copy(parent->file_trouble, sizeof(parent->file_trouble), what);
	if (what[0] != '\0') {
		agent_log(parent->agent, LOG_WARNING, "zone %s, delegations: %s", parent->name, what);
	} else {
		agent_log(parent->agent, LOG_NOTICE, "zone %s, delegations: the file with DS can be used again",
		          parent->name);
	}
	parent_save(parent);
}

void parent_take_load(parent_t *parent, const parent_load_t *load)
{
	static const delegation_load_t of[] = {
		[PARENT_LOAD_KEPT] = DELEGATION_LOAD_KEEPS,
		[PARENT_LOAD_RELOAD] = DELEGATION_LOAD_REVERTS,
		[PARENT_LOAD_RESTART] = DELEGATION_LOAD_REVERTS,
		[PARENT_LOAD_NEVER] = DELEGATION_LOAD_SECONDARY,
	};
	const delegation_load_t before = parent->load;

	parent->load = load->status == SERVER_OK ? of[load->load_class] : DELEGATION_LOAD_UNKNOWN;
	text_copy(parent->load_reason, sizeof(parent->load_reason), load->detail);
	if (parent->load != before) {
		/* A reload reads the file of the agent, too: what it would revert there does not matter. */
		const delegation_apply_t apply = parent->settings.config.apply;
		if (parent->load != DELEGATION_LOAD_KEEPS &&
		    (apply == DELEGATION_BY_TRANSACTION ||
		     (apply == DELEGATION_BY_INCLUDE && parent->load == DELEGATION_LOAD_SECONDARY))) {
			agent_log(parent->agent, LOG_WARNING, "zone %s, delegations: changed DS would not last: %s",
			          parent->name, parent->load_reason);
		}
		parent_save(parent);
	}
}

/* For the others. */

void parent_wake(parent_t *parent, delegation_t *d)
{
	if (!parent->listed) {
		return; /* All begin then. */
	}
	if (d->is_awake && d->of.awake->turn != NULL) {
		d->of.awake->again = true;
	} else if (!delegation_is_busy(d)) {
		pump_in(parent->agent, d, 0, true);
	}
}

bool parent_is_current(const parent_t *parent)
{
	return parent->listed && !parent->changed && !parent->listing;
}

void parent_changed(parent_t *parent)
{
	parent->changed = true;
	parent_in(parent, 0);
}

void parent_in(parent_t *parent, uint64_t ms)
{
	if (!parent->gone && !parent->agent->stopping) {
		uv_timer_start(&parent->timer, parent->due, ms, 0);
	}
}

void parent_give_number(parent_t *parent)
{
	agent_t *agent = parent->agent;

	if (parent->number < agent->numbers && agent->numbered[parent->number] == parent) {
		agent->numbered[parent->number] = NULL;
	}
}

void parent_finish(parent_t *parent)
{
	if (parent->refs > 0 || parent->closing > 0) {
		return;
	}
	agent_t *agent = parent->agent;
	parent_give_number(parent);
	delegations_clear(&parent->all);
	batch_free(&parent->leftover);
	parent_settings_clear(&parent->settings);
	free(parent);
	agent->open--;
}

bool parent_take_number(agent_t *agent, parent_t *parent)
{
	uint32_t number = 0;

	while (number < agent->numbers && agent->numbered[number] != NULL) {
		number++;
	}
	if (number == agent->numbers) {
		const uint32_t more = 2 * agent->numbers + 4;
		parent_t **numbered = realloc(agent->numbered, more * sizeof(*numbered));
		if (numbered == NULL) {
			return false;
		}
		memset(numbered + agent->numbers, 0, (more - agent->numbers) * sizeof(*numbered));
		agent->numbered = numbered;
		agent->numbers = more;
	}
	agent->numbered[number] = parent;
	parent->number = number;
	return true;
}

void parent_ref(parent_t *parent)
{
	parent->refs++;
}

void parent_unref(parent_t *parent)
{
	assert(parent->refs > 0);
	parent->refs--;
	parent_finish(parent);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "deleg_turn.h"
#include "include_file.h"
#include "leftover.h"
#include "orders.h"
#include "parent_life.h"
#include "parent_state.h"
#include "pump.h"
#include "kskroll/text_copy.h"

/*! Between two checks whether the zone has changed, unless `check-interval` is shorter. */
#define CHECK_MS 60000
/*! A zone that cannot be read is tried again after so long. */
#define AGAIN_MS 5000
/*! Reading a list may last so long. */
#define LIST_MS 600000
/*! A list is not begun again before so many times its duration has passed, and LIST_REST_MS. */
#define LIST_PAUSES  20
#define LIST_REST_MS 1000
/*! By so many seconds at most a signature was made later than it says. */
#define DATED_BACK (15 * 86400)
/*! The load class is read again after so long; before each transaction anyway. */
#define LOAD_MS 3600000

static uint64_t now_ms(const parent_t *parent)
{
	return uv_now(parent->agent->env.loop);
}

static server_t *server_of(const parent_t *parent)
{
	return parent->agent->env.server(parent->agent->env.arg);
}

/* Delegations that come and go. */

static void count(parent_t *parent, const delegation_t *d, int by)
{
	delegation_totals_t *totals = &parent->agent->totals;

	totals->delegations += (uint64_t)by;
	totals->state[d->is_awake ? d->of.awake->state : DELEGATION_REST] += (uint64_t)by;
	totals->gate[d->is_awake ? d->of.awake->gate : DELEGATION_GATE_NONE] += (uint64_t)by;
}

static void drop(parent_t *parent, delegation_t *d)
{
	pump_remove(parent->agent, d);
	orders_drop(d);
	count(parent, d, -1);
	delegations_remove(&parent->all, d);
}

/*!
 * A delegation that the agent has not known before, perhaps since its store was lost: signatures that cannot have been
 * made lately are not followed. Signers date them back, Knot DNS by 90 minutes, PowerDNS to the beginning of the week
 * before.
 */
static delegation_t *meet(parent_t *parent, const parent_delegation_t *seen)
{
	const time_t now = agent_now(parent->agent);

	if (!pump_reserve(parent->agent, parent->agent->totals.delegations + 1)) {
		return NULL;
	}
	delegation_t *d = delegations_add(&parent->all, seen->owner, now, seen->ds->count > 0 ? now - DATED_BACK : 0);
	if (d != NULL) {
		d->stored = parent->listed; /* There may be the row of an earlier one of that name. */
		count(parent, d, 1);
	}
	return d;
}

/*! Its row is kept for a while: people ask about it, and a zone may lose delegations by mistake. */
static void store_gone(parent_t *parent, const knot_dname_t *name, const delegation_row_t *row)
{
	agent_t *agent = parent->agent;
	store_delegation_t *one = &agent->row;

	text_copy(one->zone, sizeof(one->zone), parent->name);
	if (knot_dname_to_str(one->name, name, sizeof(one->name)) == NULL) {
		return;
	}
	one->row = *row;
	one->answers[0] = '\0';
	one->checked = one->gone = agent_now(agent);
	(void)agent->env.save(one, NULL, true, agent->env.arg);
	one->gone = 0;
}

static void drop_unlisted(delegation_t *d, void *arg)
{
	parent_t *parent = arg;
	delegation_row_t row;
	knot_dname_storage_t name;

	if (d->listed) {
		return;
	}
	if (d->stored) {
		delegation_row(&parent->all, d, &row);
		delegation_name(&parent->all, d, name);
		store_gone(parent, name, &row);
	}
	drop(parent, d);
}

/* Rows. */

/*! Stored delegations that the first list lacks: the zone has lost them while nobody listed it. */
#define LOST_MAX 1000

typedef struct {
	parent_t *parent;
	struct {
		knot_dname_storage_t name;
		delegation_row_t row;
	} *lost; /*!< Room for LOST_MAX, or NULL. The others have to wait for the next start. */
	size_t count;
} rows_t;

/*!
 * What is stored counts, unless it is of a delegation of that name that went: only the same DS RRset shows that the
 * same child is back. Another one begins as new.
 */
static void take_stored(parent_t *parent, delegation_t *d, const store_delegation_t *one)
{
	const time_t unchecked = agent_now(parent->agent) - one->checked;

	if (one->gone != 0 && (one->row.ds == 0 || one->row.ds != d->ds)) {
		d->stored = true;
		return;
	}
	count(parent, d, -1);
	d->stored = delegation_take_row(&parent->all, d, &one->row) || d->stored;
	count(parent, d, 1);
	/* That servers were silent all the time nobody knows where nobody has asked. */
	if (d->is_awake && (unchecked < 0 || unchecked > DELEGATION_SURVEY_GAP)) {
		d->of.awake->resumed = false;
	}
}

static int take_row(const store_delegation_t *one, void *arg)
{
	rows_t *rows = arg;
	parent_t *parent = rows->parent;
	knot_dname_storage_t name;

	if (knot_dname_from_str(name, one->name, sizeof(name)) == NULL) {
		return KNOT_EOK;
	}
	knot_dname_to_lower(name);
	delegation_t *d = delegations_find(&parent->all, name);
	if (d == NULL && one->gone == 0 && rows->lost != NULL && rows->count < LOST_MAX) {
		memcpy(rows->lost[rows->count].name, name, knot_dname_size(name));
		rows->lost[rows->count++].row = one->row;
	}
	if (d != NULL) {
		take_stored(parent, d, one);
	}
	return KNOT_EOK;
}

typedef struct {
	agent_t *agent;
	const delegation_config_t *config;
	time_t now;
} begun_t;

/*!
 * What was under way is seen to at once: it may have been left in the middle. The clock may be wrong, or may have been
 * when the row was stored: no scan is later than the settings say.
 */
static void begin_turns(delegation_t *d, void *arg)
{
	const begun_t *begun = arg;

	if (d->is_awake) {
		pump_in(begun->agent, d, 0, true);
	} else {
		const delegation_config_t *config = begun->config;
		const time_t most = d->notifies ? config->scan_interval_notifying : config->scan_interval;
		const time_t next = d->of.idle.next_check, wait = next > begun->now ? next - begun->now : 0;
		pump_in(begun->agent, d, (uint64_t)(wait < most ? wait : most) * 1000, false);
	}
}

/*!
 * The first list is whole: what is stored of its delegations counts from here on.
 *
 * \return False: nothing can be read. Without it low TTLs and what must not be followed would be forgotten.
 */
static bool take_rows(parent_t *parent)
{
	store_t *store = parent->agent->env.store(parent->agent->env.arg);
	begun_t begun = { .agent = parent->agent, .config = &parent->settings.config, .now = agent_now(parent->agent) };

	rows_t rows = { .parent = parent, .lost = calloc(LOST_MAX, sizeof(*rows.lost)) };

	const int ret = store != NULL ? store_delegations(store, parent->name, false, take_row, &rows) : KNOT_ERROR;
	if (ret == KNOT_EMALF) {
		agent_log(parent->agent, LOG_ERR, "zone %s: not all that is stored of its delegations can be read: %s",
		          parent->name, store_error(store));
	} else if (ret != KNOT_EOK) {
		free(rows.lost);
		return false;
	}
	for (size_t i = 0; i < rows.count; i++) {
		store_gone(parent, rows.lost[i].name, &rows.lost[i].row);
	}
	free(rows.lost);
	delegations_each(&parent->all, begin_turns, &begun);
	return true;
}

/* The list. */

/*! One that went a while ago is back: by mistake it was gone, or a registry has moved it. */
static void come_back(parent_t *parent, delegation_t *d)
{
	agent_t *agent = parent->agent;
	store_t *store = agent->env.store(agent->env.arg);
	store_delegation_t *one = &agent->row;
	knot_dname_storage_t owner;
	knot_dname_txt_storage_t name;

	delegation_name(&parent->all, d, owner);
	if (store == NULL || knot_dname_to_str(name, owner, sizeof(name)) == NULL) {
		return;
	}
	if (store_delegation_load(store, parent->name, name, one) == KNOT_EOK && one->gone != 0) {
		take_stored(parent, d, one);
	}
	one->gone = 0;
	one->answers[0] = '\0';
}

/*! Whether the store has room for its name: a backslash and three digits for each octet that is no letter or digit. */
static bool has_room(const knot_dname_t *name)
{
	char text[sizeof(((store_delegation_t *)NULL)->name)];

	return 4 * knot_dname_size(name) < sizeof(text) || knot_dname_to_str(text, name, sizeof(text)) != NULL;
}

static void say_no_room(parent_t *parent, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;

	if (!parent->long_name && knot_dname_to_str(text, name, sizeof(text)) != NULL) {
		parent->long_name = true;
		agent_log(
			parent->agent, LOG_WARNING,
			"zone %s, delegations: names of more than 255 characters as text are not maintained, such as %s",
			parent->name, text);
	}
}

static void on_delegation(const parent_delegation_t *seen, void *arg)
{
	parent_t *parent = arg;

	if (parent->gone || parent->agent->stopping) {
		return;
	}
	if (seen->ns->count == 0) {
		leftover_seen(parent, seen);
		return;
	}
	if (!has_room(seen->owner)) {
		say_no_room(parent, seen->owner);
		return;
	}
	delegation_t *d = delegations_find(&parent->all, seen->owner);
	const bool met = d == NULL;
	if (met) {
		d = meet(parent, seen);
	}
	const int ret = d != NULL ? delegations_update(&parent->all, d, seen->ns, seen->ds, seen->ds_ttl) : KNOT_ENOMEM;
	if (ret < 0) {
		parent->skipped++;
		if (met && d != NULL) {
			drop(parent, d);
		}
		return;
	}
	d->listed = true;
	if (!parent->listed) {
		return; /* What is stored of it is not known yet. */
	}
	if (met) {
		come_back(parent, d);
	}
	if ((met || ret == 1) && d->is_awake) {
		parent_wake(parent, d);
	} else if (met || ret == 1) {
		pump_in(parent->agent, d, 0, false); /* There may be very many. */
	}
}

static void on_list(const parent_list_t *list, void *arg)
{
	parent_t *parent = arg;
	const bool first = !parent->listed;

	parent->listing = false;
	if (parent->gone || parent->agent->stopping) {
		parent_unref(parent);
		return;
	}
	parent->list_ms = now_ms(parent) - (parent->list_end);
	parent->list_end = now_ms(parent);
	if (list->status != SERVER_OK || parent->skipped > 0) {
		parent->changed = true;
		leftover_clear(parent); /* What was not listed may be a delegation. */
		parent_trouble(parent, list->status != SERVER_OK ? list->detail : "no memory for all delegations");
		parent_in(parent, AGAIN_MS);
		parent_unref(parent);
		return;
	}
	delegations_each(&parent->all, drop_unlisted, parent);
	if (first && !take_rows(parent)) {
		parent_trouble(parent, "what is stored of the delegations cannot be read");
		parent_in(parent, AGAIN_MS);
		parent_unref(parent);
		return;
	}
	parent->listed = true;
	parent->serial = list->serial;
	parent_trouble(parent, "");
	if (first) {
		agent_log(parent->agent, LOG_INFO, "zone %s: %zu delegations, %llu with DS; %s", parent->name,
		          delegations_count(&parent->all), (unsigned long long)parent->all.secure,
		          parent->settings.mode == DELEGATIONS_UPDATE ? "their DS are maintained" : "report only");
	}
	leftover_listed(parent);
	parent_save(parent);
	parent_in(parent, 0);
	parent_unref(parent);
}

static void not_listed(delegation_t *d, void *arg)
{
	(void)arg;
	d->listed = false;
}

static void begin_list(parent_t *parent)
{
	server_t *server = server_of(parent);

	parent->listing = true;
	parent->changed = false;
	parent->skipped = 0;
	leftover_clear(parent);
	parent->list++;
	delegations_each(&parent->all, not_listed, NULL);
	parent->list_end = now_ms(parent);
	parent_ref(parent);
	parent_zone_list(server, parent->name, LIST_MS, on_delegation, on_list, parent);
}

/* The load class. */

static void on_load(const parent_load_t *load, void *arg)
{
	parent_t *parent = arg;

	parent->loading = false;
	if (load->status == SERVER_CANCELLED) {
		parent_in(parent, AGAIN_MS);
	} else if (!parent->gone && !parent->agent->stopping) {
		parent->load_at = now_ms(parent);
		parent_take_load(parent, load);
		parent_in(parent, 0);
	}
	parent_unref(parent);
}

/* Has it changed? */

static uint64_t check_ms(const parent_t *parent)
{
	const uint64_t interval = (uint64_t)parent->settings.config.check_interval * 1000;
	return interval > 0 && interval < CHECK_MS ? interval : CHECK_MS;
}

static void checked(parent_t *parent, bool known, uint32_t serial)
{
	parent->changed = parent->changed || (known && serial != parent->serial);
	parent_in(parent, parent->changed ? 0 : check_ms(parent));
}

static void on_status(const parent_read_t *read, void *arg)
{
	parent_t *parent = arg;

	parent->checking = false;
	if (!parent->gone && !parent->agent->stopping) {
		parent_trouble(parent, read->status == SERVER_OK ? "" : read->detail);
		checked(parent, read->status == SERVER_OK, read->serial);
	}
	parent_unref(parent);
}

/*! By DNS, which leaves no line in knotd's log; where that does not show the zone by the control socket. */
static void on_glance(const server_check_t *check, void *arg)
{
	parent_t *parent = arg;

	if (parent->gone || parent->agent->stopping || check->status == SERVER_CANCELLED || server_of(parent) == NULL) {
		parent->checking = false;
		parent_in(parent, AGAIN_MS);
		parent_unref(parent);
		return;
	}
	/* Whether what was in the way of the control socket is over, only that says. */
	if (check->status == SERVER_OK && check->soa.count == 1 && parent->trouble[0] == '\0') {
		parent->checking = false;
		checked(parent, true, knot_soa_serial(check->soa.rdata));
		parent_unref(parent);
		return;
	}
	parent_zone_read(server_of(parent), parent->name, parent->name, on_status, parent);
}

static void begin_check(parent_t *parent)
{
	parent->checking = true;
	parent_ref(parent);
	server_glance(server_of(parent), parent->name, on_glance, parent);
}

/* What is due. */

static uint64_t list_allowed(const parent_t *parent)
{
	const uint64_t rest = parent->list_ms * LIST_PAUSES;
	return parent->list == 0 ? 0 : parent->list_end + (rest > LIST_REST_MS ? rest : LIST_REST_MS);
}

static void on_timer(uv_timer_t *timer)
{
	parent_t *parent = timer->data;
	const uint64_t now = now_ms(parent);

	if (parent->checking || parent->listing || parent->loading) {
		return; /* What comes back sets the timer. */
	}
	include_begin(parent);
	if (server_of(parent) == NULL) {
		parent_in(parent, AGAIN_MS);
	} else if (parent->load_at == 0 || now - parent->load_at >= LOAD_MS) {
		parent->loading = true;
		parent_ref(parent);
		parent_zone_load(server_of(parent), parent->name, on_load, parent);
	} else if (!parent->listed || parent->changed) {
		const uint64_t at = list_allowed(parent);
		if (at > now) {
			parent_in(parent, at - now);
		} else {
			begin_list(parent);
		}
	} else {
		orders_leftover(parent);
		begin_check(parent);
	}
}

/* Begin and end. */

static void on_closed(uv_handle_t *handle)
{
	parent_t *parent = handle->data;
	parent->closing--;
	parent_finish(parent);
}

int parent_begin(agent_t *agent, const char *zone, const agent_settings_t *settings)
{
	parent_t *parent = calloc(1, sizeof(*parent));

	if (parent == NULL) {
		return KNOT_ENOMEM;
	}
	parent->agent = agent;
	text_copy(parent->name, sizeof(parent->name), zone);
	if (knot_dname_from_str(parent->apex, zone, sizeof(parent->apex)) == NULL) {
		free(parent);
		return KNOT_EINVAL;
	}
	knot_dname_to_lower(parent->apex);
	if (!parent_settings_copy(settings, &parent->settings)) {
		free(parent);
		return KNOT_ENOMEM;
	}
	if (!parent_take_number(agent, parent) ||
	    !delegations_init(&parent->all, parent, parent->number, parent->apex)) {
		parent_give_number(parent);
		parent_settings_clear(&parent->settings);
		free(parent);
		return KNOT_ENOMEM;
	}
	parent->refs = 1;
	parent->closing = 2;
	uv_timer_init(agent->env.loop, &parent->timer);
	parent->timer.data = parent;
	parent->due = on_timer;
	orders_init(parent);
	list_add(&agent->parents, &parent->node);
	agent->open++;
	agent->totals.zones++;
	include_begin(parent);
	orders_recover(parent);
	parent_in(parent, 0);
	return KNOT_EOK;
}

static void wake_reported(delegation_t *d, void *arg)
{
	if (d->is_awake) {
		parent_wake(arg, d);
	}
}

int parent_settings(parent_t *parent, const agent_settings_t *settings)
{
	agent_settings_t copy;

	if (!parent_settings_copy(settings, &copy)) {
		return KNOT_ENOMEM;
	}
	parent_settings_clear(&parent->settings);
	parent->settings = copy;
	parent->load_at = 0; /* The configuration is another one. */
	include_begin(parent);
	delegations_each(&parent->all, wake_reported, parent);
	parent_save(parent);
	if (!parent->loading && !parent->listing && !parent->checking) {
		parent_in(parent, 0);
	}
	return KNOT_EOK;
}

static void drop_each(delegation_t *d, void *arg)
{
	drop(arg, d);
}

void parent_end(parent_t *parent)
{
	assert(!parent->gone);
	orders_stop(parent);
	delegations_each(&parent->all, drop_each, parent);
	parent->gone = true;
	list_remove(&parent->node);
	parent->agent->totals.zones--;
	uv_close((uv_handle_t *)&parent->timer, on_closed);
	uv_close((uv_handle_t *)&parent->orders.timer, on_closed);
	parent_unref(parent);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What sections of the configuration say.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "conf_items.h"
#include "knot_items.h"
#include "listeners.h"

/*! "ZONE TIME", where TIME is as in 2026-11-28T10:00:00Z. */
bool conf_parse_expired(const char *text, uint8_t *zone, time_t *time)
{
	char name[KNOT_DNAME_TXT_MAXLEN + 1];
	struct tm tm = { 0 };
	const char *space = strchr(text, ' ');

	if (space == NULL || (size_t)(space - text) >= sizeof(name)) {
		return false;
	}
	memcpy(name, text, space - text);
	name[space - text] = '\0';
	const char *end = strptime(space + 1, "%Y-%m-%dT%H:%M:%SZ", &tm);
	*time = timegm(&tm);
	return end != NULL && *end == '\0' && *time > 0 && knot_dname_from_str(zone, name, KNOT_DNAME_MAXLEN) != NULL;
}

bool conf_join(const knotd_conf_t *list, char out[START_TEXT])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < list->count && len < START_TEXT; i++) {
		len += snprintf(out + len, START_TEXT - len, "%s%s", i > 0 ? START_SEPARATOR : "",
		                list->multi[i].string);
	}
	return len < START_TEXT;
}

/*! \param[out] out  Values of an item of texts; NULL if there are none. */
static int read_values(knotd_mod_t *mod, const char *item, const char **out)
{
	char text[START_TEXT];
	knotd_conf_t list = knotd_conf_mod(mod, item);

	(void)conf_join(&list, text); /* They were checked. */
	const bool any = list.count > 0;
	knotd_conf_free(&list);
	*out = any ? strdup(text) : NULL;
	return any && *out == NULL ? KNOT_ENOMEM : KNOT_EOK;
}

static int read_addresses(knotd_mod_t *mod, const char *item, dns_addrs_t *out)
{
	knotd_conf_t list = knotd_conf_mod(mod, item);
	out->count = 0;
	out->addr = list.count > 0 ? calloc(list.count, sizeof(*out->addr)) : NULL;
	int ret = list.count > 0 && out->addr == NULL ? KNOT_ENOMEM : KNOT_EOK;
	for (size_t i = 0; i < list.count && ret == KNOT_EOK; i++) {
		out->addr[out->count++] = list.multi[i].addr;
	}
	knotd_conf_free(&list);
	return ret;
}

static const char *string_of(const knotd_conf_t *conf)
{
	return conf->count > 0 && conf->single.string != NULL && conf->single.string[0] != '\0' ? conf->single.string :
	                                                                                          NULL;
}

/*! As Knot does it: below a folder, which is an absolute path if \a base is NULL. \return NULL if memory is short. */
static char *absolute(const char *name, const char *base)
{
	char *path = NULL;

	if (name[0] == '/') {
		return strdup(name);
	}
	char *here = base == NULL ? getcwd(NULL, 0) : NULL;
	if ((base != NULL || here != NULL) && asprintf(&path, "%s/%s", base != NULL ? base : here, name) < 0) {
		path = NULL;
	}
	free(here);
	return path;
}

static const char *database_item(knotd_mod_t *mod, const char *item, const char *otherwise)
{
	knotd_conf_t conf = knotd_conf(mod, C_DATABASE, item, NULL);
	return string_of(&conf) != NULL ? string_of(&conf) : otherwise;
}

static char *key_database_path(knotd_mod_t *mod)
{
	char *storage = absolute(database_item(mod, C_STORAGE, "/var/lib/knot"), NULL);
	char *path = storage != NULL ? absolute(database_item(mod, C_KASP_DB, "keys"), storage) : NULL;
	free(storage);
	return path;
}

static char *storage_path(knotd_mod_t *mod)
{
	char *path = NULL;
	knotd_conf_t own = knotd_conf_mod(mod, MOD_STORAGE);
	if (string_of(&own) != NULL) {
		return strdup(string_of(&own));
	}
	knotd_conf_t db = knotd_conf(mod, C_DATABASE, C_STORAGE, NULL);
	const char *base = db.single.string != NULL ? db.single.string : "/var/lib/knot";
	return asprintf(&path, "%s/kskroll", base) < 0 ? NULL : path;
}

static char *control_path(knotd_mod_t *mod)
{
	char *path = NULL;
	knotd_conf_t listen = knotd_conf(mod, C_CONTROL, C_LISTEN, NULL);
	const char *name = listen.multi != NULL ? listen.multi[0].string : listen.single.string;
	if (name != NULL && name[0] == '/') {
		path = strdup(name);
	} else if (name != NULL) {
		knotd_conf_t rundir = knotd_conf(mod, C_SERVER, C_RUNDIR, NULL);
		if (rundir.single.string == NULL || asprintf(&path, "%s/%s", rundir.single.string, name) < 0) {
			path = NULL;
		}
	}
	knotd_conf_free(&listen);
	return path;
}

int conf_global_read(knotd_mod_t *mod, conf_global_t *out)
{
	memset(out, 0, sizeof(*out));
	int ret = read_addresses(mod, MOD_RESOLVER, &out->settings.resolver);
	out->trust_anchor = knotd_conf_mod(mod, MOD_TRUST_ANCHOR);
	out->root_hints = knotd_conf_mod(mod, MOD_ROOT_HINTS);
	out->settings.trust_anchor = string_of(&out->trust_anchor);
	out->settings.root_hints = string_of(&out->root_hints);
	out->settings.parent_rate = knotd_conf_mod(mod, MOD_PARENT_RATE).single.integer;
	out->settings.max_rolling = knotd_conf_mod(mod, MOD_MAX_ROLLING).single.integer;
	out->settings.max_rolling_parent = knotd_conf_mod(mod, MOD_MAX_ROLLING_PARENT).single.integer;
	out->settings.scan_rate = knotd_conf_mod(mod, MOD_SCAN_RATE).single.integer;
	out->settings.notify_receive = knotd_conf_mod(mod, MOD_NOTIFY_RECEIVE).single.boolean;
	out->settings.report_receive = knotd_conf_mod(mod, MOD_REPORT_RECEIVE).single.boolean;
	if (ret == KNOT_EOK) {
		ret = read_addresses(mod, MOD_NOTIFY_LISTEN, &out->settings.notify_listen);
	}
	out->settings.loopback = knotd_conf_mod(mod, MOD_UNSAFE_TIMING).single.boolean;
	out->storage = storage_path(mod);
	out->control = control_path(mod);
	out->key_database = key_database_path(mod);
	out->keymgr = knotd_conf_mod(mod, MOD_KEYMGR);
	out->epp_accounts = knotd_conf_mod(mod, MOD_EPP_ACCOUNTS);
	out->settings.storage = out->storage;
	out->settings.key_database = out->key_database;
	out->settings.keymgr = string_of(&out->keymgr);
	out->settings.epp_accounts = string_of(&out->epp_accounts);
	return out->storage == NULL || out->key_database == NULL ? KNOT_ENOMEM : ret;
}

void conf_global_free(conf_global_t *conf)
{
	free(conf->settings.resolver.addr);
	free(conf->settings.notify_listen.addr);
	free(conf->storage);
	free(conf->key_database);
	free(conf->control);
}

/*! Names of an item: "name. name.", lower case; \a out is NULL if there are none. */
static int read_names(knotd_mod_t *mod, const char *item, const char **out)
{
	knotd_conf_t list = knotd_conf_mod(mod, item);
	const size_t size = list.count * (KNOT_DNAME_TXT_MAXLEN + 1) + 1;
	char *text = list.count > 0 ? calloc(1, size) : NULL;
	size_t at = 0;

	for (size_t i = 0; i < list.count && text != NULL; i++) {
		knot_dname_storage_t name;
		knot_dname_txt_storage_t words;
		if (list.multi[i].dname != NULL && knot_dname_store(name, list.multi[i].dname) > 0) {
			knot_dname_to_lower(name);
			(void)knot_dname_to_str(words, name, sizeof(words));
			at += snprintf(text + at, size - at, "%s%s", at > 0 ? " " : "", words);
		}
	}
	const int ret = list.count > 0 && text == NULL ? KNOT_ENOMEM : KNOT_EOK;
	knotd_conf_free(&list);
	*out = text;
	return ret;
}

/*! The same of an item with one name. */
static int read_name(knotd_mod_t *mod, const char *item, const char **out)
{
	knotd_conf_t conf = knotd_conf_mod(mod, item);
	knot_dname_storage_t name;

	if (conf.count == 0 || conf.single.dname == NULL || knot_dname_store(name, conf.single.dname) <= 0) {
		return KNOT_EOK;
	}
	knot_dname_to_lower(name);
	*out = knot_dname_to_str_alloc(name);
	return *out != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! A key that signs DNS UPDATE, as the section `key` has it. */
static int read_key(knotd_mod_t *mod, const char *name_of, update_key_t *out)
{
	knotd_conf_t item = knotd_conf_mod(mod, name_of);
	knot_dname_storage_t name;
	knot_dname_txt_storage_t words;

	if (item.count == 0 || item.single.dname == NULL || knot_dname_store(name, item.single.dname) == 0) {
		return KNOT_EOK;
	}
	/* As Knot DNS stores the name of a key. */
	const knotd_conf_t id = {
		.single = { .data = item.single.dname, .data_len = knot_dname_size(item.single.dname) }, .count = 1
	};
	knot_dname_to_lower(name);
	knotd_conf_t secret = knotd_conf(mod, C_KEY, C_SECRET, &id);
	const update_key_t key = {
		.name = knot_dname_to_str(words, name, sizeof(words)),
		.algorithm = knotd_conf(mod, C_KEY, C_ALGORITHM, &id).single.option,
		.secret = secret.single.data,
		.secret_len = secret.count > 0 && secret.single.data != NULL ? secret.single.data_len : 0,
	};
	return update_key_copy(out, &key) ? KNOT_EOK : KNOT_ENOMEM;
}

/*! Where DNS UPDATE goes to, and what signs it. */
static int read_update(knotd_mod_t *mod, const char *address_of, const char *name_of, dns_addrs_t *primary,
                       update_key_t *key)
{
	knotd_conf_t address = knotd_conf_mod(mod, address_of);

	if (address.count > 0) {
		const dns_addrs_t one = { .addr = &address.single.addr, .count = 1 };
		if (!addrs_copy(primary, &one)) {
			return KNOT_ENOMEM;
		}
	}
	return read_key(mod, name_of, key);
}

/*!
 * A secret that is not used stays where it is. An update that is open is asked for by the way it was sent, whatever
 * `parent-via` is now: what that way needs is read if it is set.
 */
static int read_updates(knotd_mod_t *mod, instance_settings_t *out)
{
	int ret = KNOT_EOK;

	if (out->delegation.apply == DELEGATION_BY_UPDATE) {
		ret = read_update(mod, MOD_UPDATE_PRIMARY, MOD_UPDATE_KEY, &out->update_primary, &out->update_key);
	}
	if (ret == KNOT_EOK && knotd_conf_mod(mod, MOD_PARENT_PRIMARY).count > 0) {
		ret = read_update(mod, MOD_PARENT_PRIMARY, MOD_PARENT_KEY, &out->parent_primary, &out->parent_key);
	}
	return ret;
}

/*! Which account brings the DS to the parent. */
static int read_account(knotd_mod_t *mod, instance_settings_t *out)
{
	knotd_conf_t item = knotd_conf_mod(mod, MOD_PARENT_EPP);

	if (string_of(&item) == NULL) {
		return KNOT_EOK;
	}
	out->parent_epp = strdup(string_of(&item));
	return out->parent_epp != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! `notify: off` is of before parent-via. */
static parent_via_t read_via(knotd_mod_t *mod)
{
	const parent_via_t via = knotd_conf_mod(mod, MOD_PARENT_VIA).single.option;

	return via == PARENT_VIA_AUTO && !knotd_conf_mod(mod, MOD_NOTIFY).single.boolean ? PARENT_VIA_CDS : via;
}

/*! What the agent does with the delegations of a zone. */
static void read_delegations(knotd_mod_t *mod, instance_settings_t *out)
{
	delegation_config_t *d = &out->delegation;
	const struct {
		const char *item;
		uint32_t *value;
		/* clang-format off */
	} numbers[] = {
		{ MOD_DS_MAX, &d->ds_max },
		{ MOD_HOLD_DOWN, &d->hold_down },
		{ MOD_SCAN_INTERVAL, &d->scan_interval },
		{ MOD_SCAN_INTERVAL_NOTIFYING, &d->scan_interval_notifying },
		{ MOD_CHECK_INTERVAL, &d->check_interval },
		{ MOD_DELEGATION_RETRY, &d->retry },
		{ MOD_DELEGATION_UNREACHABLE_AFTER, &d->unreachable_after },
		{ MOD_DS_TTL, &d->ds_ttl },
		{ MOD_DS_TTL_HOLD, &d->ds_ttl_hold },
		{ MOD_DS_TTL_BASE, &d->ds_ttl_base },
		{ MOD_VERIFY, &d->verify },
		{ MOD_BOGUS_LIMIT, &d->bogus_limit },
		{ MOD_DELEGATION_BATCH, &out->batch },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		*numbers[i].value = knotd_conf_mod(mod, numbers[i].item).single.integer;
	}
	out->rollover = knotd_conf_mod(mod, MOD_ROLLOVER).single.boolean;
	out->delegations = knotd_conf_mod(mod, MOD_DELEGATIONS).single.option;
	d->report_only = out->delegations == DELEGATIONS_REPORT;
	d->apply = knotd_conf_mod(mod, MOD_DELEGATION_APPLY).single.option;
	d->accept = knotd_conf_mod(mod, MOD_ACCEPT).single.option;
	d->bootstrap = knotd_conf_mod(mod, MOD_BOOTSTRAP).single.option == BOOTSTRAP_AUTHENTICATED;
	d->remove = knotd_conf_mod(mod, MOD_REMOVE).single.boolean;
	d->undo = knotd_conf_mod(mod, MOD_UNDO).single.boolean;
	out->report_errors = knotd_conf_mod(mod, MOD_REPORT_ERRORS).single.boolean;
}

int conf_section_read(knotd_mod_t *mod, conf_section_t *out)
{
	memset(out, 0, sizeof(*out));
	rollover_config_t *c = &out->settings.config;
	const struct {
		const char *item;
		uint32_t *value;
		/* clang-format off */
	} numbers[] = {
		{ MOD_KSK_LIFETIME, &c->ksk_lifetime },
		{ MOD_SPREAD, &c->spread },
		{ MOD_TTL, &c->ttl },
		{ MOD_LEAD, &c->lead },
		{ MOD_OBSERVE, &c->observe },
		{ MOD_SETTLE, &c->settle },
		{ MOD_CHECK_INTERVAL, &c->check_interval },
		{ MOD_DS_CHECK_INTERVAL, &c->ds_check_interval },
		{ MOD_UNREACHABLE_AFTER, &c->unreachable_after },
		{ MOD_BOGUS_LIMIT, &c->bogus_limit },
		{ MOD_NOTIFY_AGAIN, &c->notify_again },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		*numbers[i].value = knotd_conf_mod(mod, numbers[i].item).single.integer;
	}
	c->ds_ttl = c->ttl;
	c->via = read_via(mod);
	out->settings.require_secure_dsync = knotd_conf_mod(mod, MOD_REQUIRE_SECURE_DSYNC).single.boolean;
	c->dry_run = knotd_conf_mod(mod, MOD_DRY_RUN).single.boolean;
	c->hold = knotd_conf_mod(mod, MOD_HOLD).single.boolean;
	knotd_conf_t insecure = knotd_conf_mod(mod, MOD_GO_INSECURE);
	out->has_go_insecure = insecure.count > 0 && insecure.single.dname != NULL &&
	                       knot_dname_store(out->go_insecure, insecure.single.dname) > 0;
	knotd_conf_t expired = knotd_conf_mod(mod, MOD_CACHES_EXPIRED);
	out->has_expired = string_of(&expired) != NULL &&
	                   conf_parse_expired(string_of(&expired), out->expired_zone, &out->expired);
	out->unsafe_timing = knotd_conf_mod(mod, MOD_UNSAFE_TIMING).single.boolean;

	read_delegations(mod, &out->settings);

	int ret = read_names(mod, MOD_DELEGATION_LOCK, &out->settings.locked);
	if (ret == KNOT_EOK) {
		ret = read_name(mod, MOD_REPORT_AGENT, &out->settings.report_agent);
	}
	if (ret == KNOT_EOK) {
		ret = read_values(mod, MOD_START_WINDOW, &out->settings.start_window);
	}
	if (ret == KNOT_EOK) {
		ret = read_values(mod, MOD_NO_START, &out->settings.start_dates);
	}
	if (ret == KNOT_EOK) {
		ret = read_addresses(mod, MOD_NAMESERVER, &out->settings.nameserver);
	}
	if (ret == KNOT_EOK) {
		ret = read_addresses(mod, MOD_PARENT, &out->settings.parent);
	}
	if (ret == KNOT_EOK) {
		ret = read_addresses(mod, MOD_VALIDATOR, &out->settings.validator);
	}
	if (ret == KNOT_EOK) {
		ret = read_updates(mod, &out->settings);
	}
	if (ret == KNOT_EOK) {
		ret = read_account(mod, &out->settings);
	}
	if (ret != KNOT_EOK) {
		conf_section_free(out);
	}
	return ret;
}

/*! The texts of settings that a section allocates. */
static const size_t texts[] = {
	offsetof(instance_settings_t, locked),      offsetof(instance_settings_t, report_agent),
	offsetof(instance_settings_t, parent_epp),  offsetof(instance_settings_t, start_window),
	offsetof(instance_settings_t, start_dates),
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static const char **text_at(const instance_settings_t *settings, size_t i)
{
	return (const char **)((char *)settings + texts[i]);
}

/*! \return False without memory; what could not be copied is NULL. */
static bool copy_texts(const instance_settings_t *from, instance_settings_t *to)
{
	bool copied = true;

	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = *text_at(from, i);
		*text_at(to, i) = text != NULL ? strdup(text) : NULL;
		copied &= text == NULL || *text_at(to, i) != NULL;
	}
	return copied;
}

int conf_section_copy(const conf_section_t *from, conf_section_t *out)
{
	*out = *from;
	out->settings.nameserver.addr = out->settings.parent.addr = out->settings.validator.addr = NULL;
	out->settings.update_primary.addr = out->settings.parent_primary.addr = NULL;
	out->settings.update_key = out->settings.parent_key = (update_key_t){ 0 };
	bool copied = copy_texts(&from->settings, &out->settings) &&
	              addrs_copy(&out->settings.nameserver, &from->settings.nameserver) &&
	              addrs_copy(&out->settings.parent, &from->settings.parent) &&
	              addrs_copy(&out->settings.validator, &from->settings.validator) &&
	              addrs_copy(&out->settings.update_primary, &from->settings.update_primary) &&
	              update_key_copy(&out->settings.update_key, &from->settings.update_key) &&
	              addrs_copy(&out->settings.parent_primary, &from->settings.parent_primary) &&
	              update_key_copy(&out->settings.parent_key, &from->settings.parent_key);
	if (!copied) {
		conf_section_free(out);
	}
	return copied ? KNOT_EOK : KNOT_ENOMEM;
}

void conf_settings_clear(instance_settings_t *settings)
{
	addrs_clear(&settings->nameserver);
	addrs_clear(&settings->parent);
	addrs_clear(&settings->validator);
	for (size_t i = 0; i < TEXTS; i++) {
		free((char *)*text_at(settings, i));
		*text_at(settings, i) = NULL;
	}
	addrs_clear(&settings->update_primary);
	update_key_clear(&settings->update_key);
	addrs_clear(&settings->parent_primary);
	update_key_clear(&settings->parent_key);
}

void conf_section_free(conf_section_t *section)
{
	conf_settings_clear(&section->settings);
	memset(section, 0, sizeof(*section));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Accounts at EPP servers, tried: connect, prove who the server is, log in, show what it offers and what it has of a
 * domain, log out. Nothing is changed there, and messages of the queue stay in it.
 */

#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll.h"
#include "kskroll/epp_link.h"

typedef struct {
	const options_t *o;
	const char *domain; /*!< Without a final dot; NULL: none. */
	uv_loop_t loop;
	const epp_account_t *account;
	epp_link_t *link;
	unsigned waiting; /*!< Orders without an answer. */
	bool failed;
} check_run_t;

/*! What came of an account, for both forms of output. */
typedef struct {
	const epp_account_t *account;
	const epp_link_result_t *result;
	const epp_event_t *event; /*!< NULL: there is no answer. */
	const epp_info_t *info;   /*!< NULL: no domain was asked for, or it is not shown. */
	bool known;               /*!< The server is proven: \a peer. */
	epp_link_peer_t peer;
	char error[640]; /*!< "": none. */
} finding_epp_t;

static const char *const interfaces[] = {
	[EPP_INTERFACE_AUTO] = "auto",
	[EPP_INTERFACE_DS] = "ds",
	[EPP_INTERFACE_KEY] = "key",
	[EPP_INTERFACE_DS_KEY] = "ds-with-key",
};

/*! Hexadecimal digits, or those of base64, as the server wrote them. */
static const char *record_data(const epp_record_t *r, char *out, size_t len)
{
	if (r->spelled != NULL) {
		return r->spelled;
	}
	out[0] = '\0';
	for (size_t i = 0; i < r->data_len && 2 * i + 2 < len; i++) {
		snprintf(out + 2 * i, len - 2 * i, "%02x", r->data[i]);
	}
	return out;
}

static void json_strings(const char *name, const char *text, const char *separator)
{
	char *copy = memory_need(strdup(text)), *at = copy, *one;

	json_open(json, name, '[');
	while ((one = strsep(&at, separator)) != NULL) {
		if (one[0] != '\0') {
			json_string(json, NULL, one);
		}
	}
	json_close(json, ']');
	free(copy);
}

static void json_offer(const epp_offer_t *offer)
{
	if (offer == NULL) {
		json_string(json, "offer", NULL);
		return;
	}
	json_open(json, "offer", '{');
	json_string(json, "server", offer->server);
	json_string(json, "date", offer->date);
	json_bool(json, "secdns", offer->secdns);
	json_bool(json, "ttl", offer->ttl);
	json_bool(json, "change_poll", offer->change_poll);
	json_bool(json, "login_security", offer->login_security);
	json_strings("uris", offer->uris != NULL ? offer->uris : "", "\n");
	json_close(json, '}');
}

static void json_record(const epp_record_t *r)
{
	char data[2 * EPP_KEY_MAX + 1];

	json_open(json, NULL, '{');
	json_string(json, "kind", r->is_key ? "key" : "ds");
	if (r->is_key) {
		json_number(json, "flags", r->flags);
		json_number(json, "protocol", r->protocol);
	} else {
		json_number(json, "tag", r->tag);
		json_number(json, "digest_type", r->digest_type);
	}
	json_number(json, "algorithm", r->algorithm);
	json_string(json, r->is_key ? "public_key" : "digest", record_data(r, data, sizeof(data)));
	json_close(json, '}');
}

/*! 0 is null. */
static void json_seconds(const char *name, uint32_t seconds)
{
	if (seconds == 0) {
		json_string(json, name, NULL);
	} else {
		json_number(json, name, seconds);
	}
}

static void json_domain(const epp_info_t *info)
{
	if (info == NULL) {
		json_string(json, "domain", NULL);
		return;
	}
	char name[EPP_DOMAIN_MAX + 1];
	snprintf(name, sizeof(name), "%s.", info->domain);
	json_open(json, "domain", '{');
	json_string(json, "name", name);
	json_string(json, "registrar", info->registrar);
	json_strings("statuses", info->statuses, " ");
	json_open(json, "locks", '[');
	if (info->locks & EPP_LOCK_CLIENT) {
		json_string(json, NULL, "client");
	}
	if (info->locks & EPP_LOCK_SERVER) {
		json_string(json, NULL, "server");
	}
	if (info->locks & EPP_LOCK_PENDING) {
		json_string(json, NULL, "pending");
	}
	json_close(json, ']');
	json_bool(json, "records_shown", info->has_secdns);
	json_open(json, "records", '[');
	for (size_t i = 0; i < info->count; i++) {
		json_record(&info->record[i]);
	}
	json_close(json, ']');
	json_bool(json, "embedded_keys", info->embedded_keys);
	json_bool(json, "ttl_shown", info->has_ttl);
	json_seconds("ttl", info->has_ttl && !info->ttl_default ? info->ttl : 0);
	json_seconds("ttl_default", info->ttl_usual);
	json_seconds("ttl_min", info->ttl_min);
	json_seconds("ttl_max", info->ttl_max);
	json_close(json, '}');
}

static void print_json(const finding_epp_t *f)
{
	json_open(json, NULL, '{');
	json_string(json, "account", f->account->id);
	json_string(json, "host", f->account->server);
	json_number(json, "port", f->account->port);
	json_string(json, "address", f->known ? f->peer.address : NULL);
	json_string(json, "tls", f->known ? f->peer.version : NULL);
	json_time(json, "certificate_expires", f->known ? f->peer.expires : 0);
	json_time(json, "own_certificate_expires", f->known ? f->peer.own_expires : 0);
	json_offer(f->result->offer);
	json_bool(json, "logged_in", f->event != NULL);
	json_string(json, "login_text", f->event != NULL ? f->peer.login : NULL);
	json_string(json, "interface", interfaces[f->account->interface]);
	json_domain(f->info);
	json_string(json, "error", f->error[0] != '\0' ? f->error : NULL);
	json_close(json, '}');
}

static void print_offer(const epp_offer_t *offer)
{
	const struct {
		const char *name;
		bool there;
	} known[] = { { "secDNS", offer->secdns },
		      { "ttl", offer->ttl },
		      { "changePoll", offer->change_poll },
		      { "loginSec", offer->login_security } };

	detail_label("Greeting");
	printf("%s, %s\n", offer->server, offer->date);
	detail_label("Extensions");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		printf("%s%s %s", i > 0 ? ", " : "", known[i].name, known[i].there ? "yes" : "no");
	}
	putchar('\n');
	char *copy = memory_need(strdup(offer->uris != NULL ? offer->uris : "")), *at = copy, *uri;
	const char *label = "Offers";
	while ((uri = strsep(&at, "\n")) != NULL) {
		if (uri[0] != '\0') {
			detail_label(label);
			puts(uri);
			label = "";
		}
	}
	free(copy);
}

static void print_locks(const options_t *o, const epp_info_t *info)
{
	static const struct {
		epp_lock_t lock;
		const char *text;
	} locks[] = {
		{ EPP_LOCK_CLIENT, "clientUpdateProhibited: the registrar can remove it" },
		{ EPP_LOCK_SERVER, "serverUpdateProhibited: only the registry can remove it" },
		{ EPP_LOCK_PENDING, "a change is pending: wait for its end" },
	};

	detail_label("Locks");
	if (info->locks == 0) {
		puts("none");
		return;
	}
	const char *gap = "";
	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
		if (info->locks & locks[i].lock) {
			fputs(gap, stdout);
			color_print(o, COLOR_RED, locks[i].text);
			gap = "; ";
		}
	}
	putchar('\n');
}

static void print_records(const epp_info_t *info)
{
	char data[2 * EPP_KEY_MAX + 1];
	const char *label = info->count > 0 && info->record[0].is_key ? "Keys" : "DS";

	if (!info->has_secdns) {
		detail_label(label);
		puts("the server shows none: it has none, or does not show them to this account");
	}
	for (size_t i = 0; i < info->count; i++) {
		const epp_record_t *r = &info->record[i];
		detail_label(i == 0 ? label : "");
		if (r->is_key) {
			printf("%u %u %u", r->flags, r->protocol, r->algorithm);
		} else {
			printf("%u %u %u", r->tag, r->algorithm, r->digest_type);
		}
		printf(" %s\n", record_data(r, data, sizeof(data)));
	}
}

static void print_ttl(const epp_info_t *info)
{
	detail_label("DS TTL");
	if (!info->has_ttl) {
		puts("the server does not show it");
		return;
	}
	if (info->ttl_default) {
		fputs("that of the registry", stdout);
	} else {
		printf("%u s", info->ttl);
	}
	if (info->ttl_usual > 0) {
		printf("; that of the registry is %u s", info->ttl_usual);
	}
	if (info->ttl_max > 0) {
		printf("; %u to %u s can be set", info->ttl_min, info->ttl_max);
	}
	putchar('\n');
}

static void print_domain(const options_t *o, const epp_info_t *info)
{
	detail_label("Domain");
	printf("%s", info->domain);
	if (info->registrar[0] != '\0') {
		printf(", of %s", info->registrar);
	}
	putchar('\n');
	detail_label("Status");
	puts(info->statuses[0] != '\0' ? info->statuses : "none shown");
	print_locks(o, info);
	print_records(info);
	print_ttl(info);
}

static void print_text(const options_t *o, const finding_epp_t *f)
{
	char at[TEXT_TIME], span[TEXT_SPAN];

	color_print(o, COLOR_BOLD, f->account->id);
	putchar('\n');
	detail_label("Server");
	printf("%s@%u", f->account->server, f->account->port);
	if (f->known) {
		printf(", reached at %s by %s", f->peer.address, f->peer.version);
	}
	putchar('\n');
	if (f->known) {
		detail_label("Certificate");
		printf("is that of %s, expires %s (in %s)\n", f->account->name, text_time(at, f->peer.expires),
		       text_span(span, f->peer.expires - o->now));
	}
	if (f->known && f->peer.own_expires != 0) {
		detail_label("");
		printf("yours expires %s", text_time(at, f->peer.own_expires));
		if (f->peer.own_expires > o->now) {
			printf(" (in %s)\n", text_span(span, f->peer.own_expires - o->now));
		} else {
			color_print(o, COLOR_RED, " (expired)");
			putchar('\n');
		}
	}
	if (f->result->offer != NULL) {
		print_offer(f->result->offer);
	}
	detail_label("Login");
	printf("%s%s\n", f->event != NULL ? "accepted: " : "not done", f->event != NULL ? f->peer.login : "");
	detail_label("Interface");
	puts(f->account->interface == EPP_INTERFACE_DS     ? "dsData" :
	     f->account->interface == EPP_INTERFACE_KEY    ? "keyData" :
	     f->account->interface == EPP_INTERFACE_DS_KEY ? "dsData with keyData" :
	                                                     "auto: what the domain has, else dsData");
	if (f->info != NULL) {
		print_domain(o, f->info);
	}
	if (f->error[0] != '\0') {
		detail_label("Error");
		color_print(o, COLOR_RED, f->error);
		putchar('\n');
	}
}

/*! In the words of the server, and what can be done. */
static void describe_error(finding_epp_t *f)
{
	if (f->event == NULL || f->event->code == 0) {
		snprintf(f->error, sizeof(f->error), "%s", f->event == NULL ? f->result->why : f->event->text);
	} else if (f->event->meaning != EPP_DONE) {
		snprintf(f->error, sizeof(f->error), "%s (%u). %s", f->event->text, f->event->code,
		         epp_advice(f->event->code));
	}
}

static void on_checked(const epp_link_result_t *result, void *arg)
{
	check_run_t *run = arg;
	finding_epp_t f = { .account = run->account, .result = result, .event = result->event };

	f.info = f.event != NULL && run->domain != NULL ? f.event->info : NULL;
	f.known = epp_link_peer(run->link, &f.peer);
	describe_error(&f);
	if (run->o->json) {
		print_json(&f);
	} else {
		print_text(run->o, &f);
	}
	run->failed = run->failed || f.error[0] != '\0';
	run->waiting--;
}

static void on_logged_out(const epp_link_result_t *result, void *arg)
{
	check_run_t *run = arg;

	(void)result;
	run->waiting--;
}

static void order(check_run_t *run, const epp_command_t *command, epp_link_done_f done)
{
	if (epp_link_send(run->link, command, EPP_LINK_ONCE, done, run) != KNOT_EOK) {
		memory_none();
	}
	run->waiting++;
}

/*! An account whose certificates cannot be read. */
static void say_unusable(check_run_t *run, const char *why)
{
	epp_link_result_t result = { .status = EPP_LINK_UNSENT };
	finding_epp_t f = { .account = run->account, .result = &result };

	snprintf(f.error, sizeof(f.error), "%s", why);
	if (run->o->json) {
		print_json(&f);
	} else {
		print_text(run->o, &f);
	}
	run->failed = true;
}

static void check_account(check_run_t *run, const epp_account_t *account)
{
	const epp_command_t ask = { .verb = run->domain != NULL ? EPP_INFO : EPP_HELLO, .domain = run->domain };
	const epp_command_t logout = { .verb = EPP_LOGOUT };
	char why[640];

	run->account = account;
	run->link = epp_link_new(&run->loop, account, NULL, NULL, NULL, why, sizeof(why));
	if (run->link == NULL) {
		say_unusable(run, why);
		return;
	}
	order(run, &ask, on_checked);
	order(run, &logout, on_logged_out);
	while (run->waiting > 0) {
		uv_run(&run->loop, UV_RUN_ONCE);
	}
	epp_link_free(run->link);
	uv_run(&run->loop, UV_RUN_DEFAULT);
}

static void check_all(check_run_t *run, const epp_accounts_t *accounts, const epp_account_t *only)
{
	for (size_t i = 0; i < epp_accounts_count(accounts); i++) {
		const epp_account_t *account = epp_accounts_get(accounts, i);
		if (only == NULL || account == only) {
			if (i > 0 && only == NULL && !run->o->json) {
				putchar('\n');
			}
			check_account(run, account);
			fflush(stdout);
		}
	}
}

static int check_accounts(check_run_t *run, const epp_accounts_t *accounts)
{
	const char *id = run->o->arg_count > 1 ? run->o->args[1] : NULL;
	const epp_account_t *only = id != NULL ? epp_accounts_find(accounts, id) : NULL;

	if (id != NULL && only == NULL) {
		fprintf(stderr, "kskroll: there is no account '%s'\n", id);
		return EXIT_ERROR;
	}
	uv_loop_init(&run->loop);
	if (run->o->json) {
		output_begin();
		json_open(json, "accounts", '[');
	}
	check_all(run, accounts, only);
	if (run->o->json) {
		json_close(json, ']');
		output_end();
	}
	uv_loop_close(&run->loop);
	return run->failed ? EXIT_ERROR : EXIT_FINE;
}

int cmd_epp(const options_t *o)
{
	check_run_t run = { .o = o };
	char domain[KNOT_DNAME_TXT_MAXLEN + 1], why[640];
	epp_accounts_t *accounts;

	if (strcmp(o->args[0], "check") != 0) {
		fprintf(stderr, "kskroll: epp cannot '%s', only check\n", o->args[0]);
		return EXIT_USAGE;
	}
	if (o->domain != NULL) {
		if (!stored_name(o->domain, domain, sizeof(domain))) {
			return EXIT_ERROR;
		}
		domain[strlen(domain) - 1] = '\0';
		run.domain = domain;
	}
	if (epp_accounts_read(o->accounts, &accounts, why, sizeof(why)) != KNOT_EOK) {
		fprintf(stderr, "kskroll: %s\n", why);
		return EXIT_ERROR;
	}
	const int ret = check_accounts(&run, accounts);
	epp_accounts_free(accounts);
	return ret;
}

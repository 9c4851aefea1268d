/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS UPDATE over real sockets: a primary of the test reads each message, checks its TSIG, and answers as it likes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "module/dns/asker.h"
#include "module/dns/update_message.h"
#include "kskroll/update.h"
#include "util/knot.h"

#define ZONE ((const knot_dname_t *)"\x04test")
#define CHILD                                                                                                          \
	((const knot_dname_t *)"\x05"                                                                                  \
	                       "child"                                                                                 \
	                       "\x04test")
#define MESSAGES 4
/*! Milliseconds for an answer. */
#define SOON 300

/*! How an answer is signed. */
typedef enum {
	SIGNED,
	UNSIGNED,
	OTHER_SECRET,
	OTHER_NAME,
	OTHER_MAC, /*!< For another request. */
	SHORT_MAC,
	NO_MAC,
	CHANGED, /*!< After it was signed. */
} signing_t;

/*! One answer. */
typedef struct {
	uint16_t rcode;
	signing_t signing;
	enum {
		WHOLE,
		SILENT,
		CLOSED,
		HALF,
		OTHER_ID,
		NO_QR,
		OTHER_OPCODE,
		TRUNCATED,
		OTHER_ZONE,
		GARBAGE,
		NO_ZONE
	} form;
	const char *ede; /*!< NULL: none. */
} answer_t;

static uv_loop_t loop;
static struct dns dns;
static uv_tcp_t listener;
static struct sockaddr_storage at;
static answer_t script[MESSAGES];
static unsigned got;        /*!< Messages. */
static uint64_t answers_at; /*!< By uv_hrtime(). */
static struct {
	uint8_t wire[KNOT_WIRE_MAX_PKTSIZE];
	size_t len;
} messages[MESSAGES];
static update_status_t status;
static char detail[160];
static bool sent;
static unsigned ended;
static knot_rdataset_t ns, none, a, b;

static uint8_t secret[] = "a secret of the test, long enough";
static uint8_t other_secret[] = "another one of the same length ..";
static const update_key_t KEY = {
	.name = "agent.", .algorithm = DNSSEC_TSIG_HMAC_SHA256, .secret = secret, .secret_len = sizeof(secret) - 1
};

/* -- the primary ------------------------------------------------------------- */

typedef struct {
	uv_tcp_t tcp;
	uint8_t in[2 + KNOT_WIRE_MAX_PKTSIZE];
	size_t len;
	uint8_t out[2 + KNOT_WIRE_MAX_PKTSIZE];
	uv_write_t write;
} client_t;

static void on_client_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void client_end(client_t *client)
{
	if (!uv_is_closing((uv_handle_t *)&client->tcp)) {
		uv_close((uv_handle_t *)&client->tcp, on_client_closed);
	}
}

static void on_sent(uv_write_t *write, int ret)
{
	(void)ret;
	client_end(write->data);
}

static size_t put_ede(uint8_t *to, const char *text)
{
	const size_t len = strlen(text);
	const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, len + 6, 0, 15, 0, len + 2, 0, 18 };
	memcpy(to, opt, sizeof(opt));
	memcpy(to + sizeof(opt), text, len);
	return sizeof(opt) + len;
}

/*! \return Bytes of the answer to a message, written to \a out. */
static size_t make_answer(const answer_t *answer, const knot_pkt_t *asked, uint8_t *out)
{
	const size_t question = KNOT_WIRE_HEADER_SIZE + knot_dname_size(ZONE) + 4;
	size_t len = answer->form == NO_ZONE ? KNOT_WIRE_HEADER_SIZE : question, mac_len = UPDATE_MAC_MAX;
	uint8_t mac[UPDATE_MAC_MAX];
	static uint8_t no_name[] = "\x05other";
	static uint8_t name[] = "\x05"
				"agent";
	knot_tsig_key_t key = { .algorithm = KEY.algorithm,
		                .name = answer->signing == OTHER_NAME ? no_name : name,
		                .secret = { .size = KEY.secret_len,
		                            .data = answer->signing == OTHER_SECRET ? other_secret : secret } };

	memcpy(out, asked->wire, question);
	knot_wire_set_qr(out);
	knot_wire_set_rcode(out, answer->rcode);
	knot_wire_set_ancount(out, 0);
	knot_wire_set_nscount(out, 0);
	knot_wire_set_arcount(out, answer->ede != NULL);
	knot_wire_set_qdcount(out, answer->form != NO_ZONE);
	switch (answer->form) {
	case OTHER_ID:
		knot_wire_set_id(out, knot_wire_get_id(out) + 1);
		break;
	case NO_QR:
		out[2] &= 0x7f;
		break;
	case OTHER_OPCODE:
		knot_wire_set_opcode(out, KNOT_OPCODE_NOTIFY);
		break;
	case TRUNCATED:
		knot_wire_set_tc(out);
		break;
	case OTHER_ZONE:
		out[KNOT_WIRE_HEADER_SIZE + 1] = 'x';
		break;
	case GARBAGE:
		memset(out + KNOT_WIRE_HEADER_SIZE, 0xff, 40);
		return KNOT_WIRE_HEADER_SIZE + 40;
	default:
		break;
	}
	if (answer->ede != NULL) {
		len += put_ede(out + len, answer->ede);
	}
	if (answer->signing == UNSIGNED) {
		return len;
	}
	uint8_t request[UPDATE_MAC_MAX];
	const size_t request_len = knot_tsig_rdata_mac_length(asked->tsig_rr);
	memcpy(request, knot_tsig_rdata_mac(asked->tsig_rr), request_len);
	request[0] ^= answer->signing == OTHER_MAC;
	if (answer->signing == SHORT_MAC) {
		/* The right one, cut off. */
		uint8_t *copy = malloc(KNOT_WIRE_MAX_PKTSIZE);
		size_t copy_len = len;
		memcpy(copy, out, len);
		assert_int_equal(knot_tsig_sign(copy, &copy_len, KNOT_WIRE_MAX_PKTSIZE, request, request_len, mac,
		                                &mac_len, &key, 0, 0),
		                 KNOT_EOK);
		free(copy);
	}
	if (answer->signing == NO_MAC || answer->signing == SHORT_MAC) {
		/* agent. TSIG ANY, hmac-sha256., with so many octets of a MAC. */
		const uint8_t octets = answer->signing == NO_MAC ? 0 : 16;
		uint8_t *to = out + len;
		static const uint8_t head[] = "\x05"
					      "agent\0\x00\xfa\x00\xff\0\0\0\0";
		static const uint8_t algorithm[] = "\x0b"
						   "hmac-sha256";
		memcpy(to, head, sizeof(head) - 1);
		to += sizeof(head) - 1;
		knot_wire_write_u16(to, sizeof(algorithm) + 16 + octets);
		memcpy(to + 2, algorithm, sizeof(algorithm));
		to += 2 + sizeof(algorithm);
		knot_wire_write_u48(to, time(NULL));
		knot_wire_write_u16(to + 6, 300);
		knot_wire_write_u16(to + 8, octets);
		memcpy(to + 10, mac, octets);
		to += 10 + octets;
		knot_wire_write_u16(to, knot_wire_get_id(out));
		knot_wire_write_u16(to + 2, answer->signing == NO_MAC ? KNOT_RCODE_BADSIG : 0);
		knot_wire_write_u16(to + 4, 0);
		knot_wire_set_arcount(out, knot_wire_get_arcount(out) + 1);
		return to + 6 - out;
	}
	assert_int_equal(
		knot_tsig_sign(out, &len, KNOT_WIRE_MAX_PKTSIZE, request, request_len, mac, &mac_len, &key, 0, 0),
		KNOT_EOK);
	if (answer->signing == CHANGED) {
		knot_wire_set_rcode(out, KNOT_RCODE_NOERROR);
	}
	return len;
}

static void on_message(client_t *client)
{
	const answer_t *answer = &script[got];
	static uint8_t name[] = "\x05"
				"agent";
	const knot_tsig_key_t key = { .algorithm = KEY.algorithm,
		                      .name = name,
		                      .secret = { .size = KEY.secret_len, .data = secret } };

	assert_true(got < MESSAGES);
	messages[got].len = client->len - 2;
	memcpy(messages[got].wire, client->in + 2, client->len - 2);
	got++;
	knot_pkt_t *pkt = knot_pkt_new(client->in + 2, client->len - 2, NULL);
	assert_int_equal(knot_pkt_parse(pkt, 0), KNOT_EOK);
	assert_non_null(pkt->tsig_rr);
	assert_int_equal(knot_tsig_server_check(pkt->tsig_rr, pkt->wire, pkt->size, &key), KNOT_EOK);
	if (answer->form == CLOSED) {
		client_end(client);
	} else if (answer->form != SILENT) {
		while (uv_hrtime() < answers_at) {
			usleep(1000);
		}
		const size_t len = make_answer(answer, pkt, client->out + 2);
		knot_wire_write_u16(client->out, answer->form == HALF ? len + 1 : len);
		const uv_buf_t buf = uv_buf_init((char *)client->out, 2 + len);
		client->write.data = client;
		assert_int_equal(uv_write(&client->write, (uv_stream_t *)&client->tcp, &buf, 1, on_sent), 0);
	}
	knot_pkt_free(pkt);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	client_t *client = handle->data;
	(void)suggested;
	*buf = uv_buf_init((char *)client->in + client->len, sizeof(client->in) - client->len);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	client_t *client = stream->data;
	(void)buf;
	if (len < 0) {
		client_end(client);
		return;
	}
	client->len += len;
	if (client->len >= 2 && client->len == 2u + knot_wire_read_u16(client->in)) {
		on_message(client);
	}
}

static void on_connection(uv_stream_t *stream, int ret)
{
	client_t *client = calloc(1, sizeof(*client));
	assert_int_equal(ret, 0);
	assert_non_null(client);
	uv_tcp_init(&loop, &client->tcp);
	client->tcp.data = client;
	assert_int_equal(uv_accept(stream, (uv_stream_t *)&client->tcp), 0);
	uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
}

/* -- a test ------------------------------------------------------------------ */

static void add(knot_rdataset_t *set, const void *data, size_t len)
{
	uint8_t room[sizeof(knot_rdata_t) + 300];
	knot_rdata_t *rdata = (knot_rdata_t *)room;
	knot_rdata_init(rdata, len, data);
	assert_int_equal(knot_rdataset_add(set, rdata, NULL), KNOT_EOK);
}

static int setup(void **state)
{
	(void)state;
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int len = sizeof(at);

	memset(script, 0, sizeof(script));
	got = ended = 0;
	answers_at = 0;
	status = UPDATE_CANCELLED;
	assert_int_equal(uv_loop_init(&loop), 0);
	dns.updates = updates_new(&loop);
	uv_tcp_init(&loop, &listener);
	assert_int_equal(uv_tcp_bind(&listener, (struct sockaddr *)&v4, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&listener, 16, on_connection), 0);
	assert_int_equal(uv_tcp_getsockname(&listener, (struct sockaddr *)&at, &len), 0);
	add(&ns, "\x02n1\x04test", 9);
	add(&ns, "\x02n2\x04test", 9);
	add(&a,
	    "\x00\x01\x0d\x02"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    36);
	add(&b,
	    "\x00\x02\x0d\x02"
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
	    36);
	add(&b,
	    "\x00\x03\x0d\x02"
	    "cccccccccccccccccccccccccccccccc",
	    36);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	updates_free(dns.updates);
	dns.updates = NULL;
	if (!uv_is_closing((uv_handle_t *)&listener)) {
		uv_close((uv_handle_t *)&listener, NULL);
	}
	while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
	}
	assert_int_equal(uv_loop_close(&loop), 0);
	knot_rdataset_clear(&ns, NULL);
	knot_rdataset_clear(&a, NULL);
	knot_rdataset_clear(&b, NULL);
	return 0;
}

static void on_done(const update_result_t *result, void *arg)
{
	(void)arg;
	ended++;
	status = result->status;
	sent = result->sent;
	snprintf(detail, sizeof(detail), "%s", result->detail);
	if (!uv_is_closing((uv_handle_t *)&listener)) {
		uv_stop(&loop);
	}
}

static update_request_t request(const knot_rdataset_t *from, const knot_rdataset_t *to)
{
	return (update_request_t){
		.zone = ZONE,
		.owner = CHILD,
		.ns = &ns,
		.ds = from,
		.wanted = to,
		.ttl = 600,
		.primary = at,
		.key = KEY,
		.timeout_ms = SOON,
	};
}

static update_status_t run(const update_request_t *what)
{
	const unsigned before = ended;
	assert_int_equal(update_start(&dns, what, on_done, NULL, NULL), KNOT_EOK);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(ended, before + 1);
	/* Whatever came, the secret is in nothing that is said. */
	assert_null(strstr(detail, "secret"));
	return status;
}

/* -- bytes ------------------------------------------------------------------- */

static void assert_records(const knot_pkt_t *pkt, knot_section_t which, const char *expected)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, which);
	char text[1024] = "";

	for (uint16_t i = 0; i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);
		const size_t len = strlen(text);
		assert_true(knot_dname_is_equal(rr->owner, CHILD));
		const knot_rdata_t *rdata = rr->rrs.rdata;
		const bool has = rr->rrs.count > 0 && rdata->len > 0;
		snprintf(text + len, sizeof(text) - len, "%s%s %s %u %.2s", i > 0 ? ", " : "",
		         rr->type == KNOT_RRTYPE_NS ? "NS" : "DS",
		         rr->rclass == KNOT_CLASS_IN   ? "IN" :
		         rr->rclass == KNOT_CLASS_NONE ? "NONE" :
		                                         "?",
		         rr->ttl,
		         !has                       ? "-" :
		         rr->type == KNOT_RRTYPE_NS ? (const char *)rdata->data + 1 :
		                                      (const char *)rdata->data + 4);
	}
	assert_string_equal(text, expected);
}

static void assert_message(unsigned number, const char *prerequisites, const char *changes)
{
	assert_true(number < got);
	knot_pkt_t *pkt = knot_pkt_new(messages[number].wire, messages[number].len, NULL);
	assert_int_equal(knot_pkt_parse(pkt, 0), KNOT_EOK);
	assert_int_equal(knot_wire_get_opcode(pkt->wire), KNOT_OPCODE_UPDATE);
	assert_int_equal(knot_pkt_qtype(pkt), KNOT_RRTYPE_SOA);
	assert_true(knot_dname_is_equal(knot_pkt_qname(pkt), ZONE));
	assert_records(pkt, KNOT_ANSWER, prerequisites);
	assert_records(pkt, KNOT_AUTHORITY, changes);
	knot_pkt_free(pkt);
}

static void exact_sets_are_swapped(void **state)
{
	(void)state;
	const update_request_t what = request(&a, &b);
	assert_int_equal(run(&what), UPDATE_DONE);
	assert_int_equal(got, 2);
	assert_message(1, "NS IN 0 n1, NS IN 0 n2, DS IN 0 aa", "DS NONE 0 aa, DS IN 600 bb, DS IN 600 cc");
}

static void the_first_ds_wants_none_before(void **state)
{
	(void)state;
	const update_request_t what = request(&none, &a);
	assert_int_equal(run(&what), UPDATE_DONE);
	assert_message(1, "NS IN 0 n1, NS IN 0 n2, DS NONE 0 -", "DS IN 600 aa");
}

static void a_removal_names_each_record(void **state)
{
	(void)state;
	const update_request_t what = request(&b, &none);
	assert_int_equal(run(&what), UPDATE_DONE);
	assert_message(1, "NS IN 0 n1, NS IN 0 n2, DS IN 0 bb, DS IN 0 cc", "DS NONE 0 bb, DS NONE 0 cc");
}

static void another_ttl_is_a_removal_and_an_addition(void **state)
{
	(void)state;
	const update_request_t what = request(&a, &a);
	assert_int_equal(run(&what), UPDATE_DONE);
	assert_message(1, "NS IN 0 n1, NS IN 0 n2, DS IN 0 aa", "DS NONE 0 aa, DS IN 600 aa");
}

/* One that is frozen would make a change days later, when another one may be due. */
static void a_primary_that_does_not_answer_now_gets_no_change(void **state)
{
	(void)state;
	const update_request_t what = request(&a, &b);

	script[0].form = SILENT;
	assert_int_equal(run(&what), UPDATE_UNSENT);
	assert_int_equal(got, 1);
	assert_message(0, "NS IN 0 n1, NS IN 0 n2, DS IN 0 aa", "");
}

/* Nor one that answers when the facts are too old. */
static void a_primary_that_answers_late_gets_no_change(void **state)
{
	(void)state;
	update_request_t what = request(&a, &b);

	what.timeout_ms = 60 * SOON;
	what.latest = answers_at = uv_hrtime() + UINT64_C(1000000) * SOON;
	assert_int_equal(run(&what), UPDATE_UNSENT);
	assert_int_equal(got, 1);
	assert_string_equal(detail, "the primary has answered too late");
}

static void what_is_withdrawn_is_not_sent(void **state)
{
	(void)state;
	const update_request_t what = request(&a, &b);
	update_t *update;

	assert_int_equal(update_start(&dns, &what, on_done, NULL, &update), KNOT_EOK);
	update_withdraw(update);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(status, UPDATE_UNSENT);
	assert_true(got <= 1);
}

/* -- outcomes ---------------------------------------------------------------- */

static void another_base_is_asked_for_the_wanted_set(void **state)
{
	(void)state;
	const update_request_t what = request(&a, &b);
	/* Before the change, and just when it comes. */
	for (unsigned first = 0; first < 2; first++) {
		got = 0;
		script[0].rcode = first == 0 ? KNOT_RCODE_NXRRSET : KNOT_RCODE_NOERROR;
		script[first].rcode = script[first + 1].rcode = KNOT_RCODE_NXRRSET;
		assert_int_equal(run(&what), UPDATE_DIFFERS);
		assert_int_equal(got, first + 2);
		assert_message(first + 1, "NS IN 0 n1, NS IN 0 n2, DS IN 0 bb, DS IN 0 cc", "");

		got = 0;
		script[first + 1].rcode = KNOT_RCODE_NOERROR;
		assert_int_equal(run(&what), UPDATE_SAME);
	}
}

static void what_was_lost_is_asked_without_a_change(void **state)
{
	(void)state;
	static const struct {
		uint16_t first, second;
		update_status_t status;
	} cases[] = {
		{ KNOT_RCODE_NOERROR, KNOT_RCODE_NOERROR, UPDATE_SAME },
		{ KNOT_RCODE_NXRRSET, KNOT_RCODE_NOERROR, UPDATE_BASE },
		{ KNOT_RCODE_NXRRSET, KNOT_RCODE_YXRRSET, UPDATE_DIFFERS },
		{ KNOT_RCODE_REFUSED, KNOT_RCODE_NOERROR, UPDATE_REFUSED },
	};
	update_request_t what = request(&a, &b);

	what.check_only = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = 0;
		script[0].rcode = cases[i].first;
		script[1].rcode = cases[i].second;
		assert_int_equal(run(&what), cases[i].status);
		for (unsigned k = 0; k < got; k++) {
			assert_message(k,
			               k == 0 ? "NS IN 0 n1, NS IN 0 n2, DS IN 0 bb, DS IN 0 cc" :
			                        "NS IN 0 n1, NS IN 0 n2, DS IN 0 aa",
			               "");
		}
	}
}

static void a_refusal_has_the_words_of_the_server(void **state)
{
	(void)state;
	static const uint16_t rcodes[] = { KNOT_RCODE_REFUSED, KNOT_RCODE_NOTAUTH, KNOT_RCODE_NOTZONE,
		                           KNOT_RCODE_SERVFAIL };
	const update_request_t what = request(&a, &b);

	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
		got = 0;
		script[i % 2] = (answer_t){ .rcode = rcodes[i], .ede = "not to\x1b[2Jday" };
		assert_int_equal(run(&what), UPDATE_REFUSED);
		script[i % 2] = (answer_t){ 0 };
		assert_non_null(strstr(detail, knot_lookup_by_id(knot_rcode_names, rcodes[i])->name));
		assert_non_null(strstr(detail, "extended error 18: not to?[2Jday"));
	}
}

static void an_unsigned_answer_proves_nothing(void **state)
{
	(void)state;
	static const signing_t signings[] = { UNSIGNED, OTHER_SECRET, OTHER_NAME, OTHER_MAC, SHORT_MAC, NO_MAC };
	const update_request_t what = request(&a, &b);

	for (size_t i = 0; i < sizeof(signings) / sizeof(signings[0]); i++) {
		got = 0;
		script[1] = (answer_t){ .signing = signings[i] };
		assert_int_equal(run(&what), UPDATE_LOST);
		script[1].rcode = KNOT_RCODE_NXRRSET;
		got = 0;
		assert_int_equal(run(&what), UPDATE_LOST);
		assert_int_equal(got, 2);
		script[1].rcode = KNOT_RCODE_NOTAUTH;
		got = 0;
		assert_int_equal(run(&what), UPDATE_REFUSED_UNSIGNED);
		assert_non_null(strstr(detail, "NOTAUTH"));
		assert_true(sent);
		/* Of the question before the change. */
		script[0] = script[1];
		script[1] = (answer_t){ 0 };
		got = 0;
		assert_int_equal(run(&what), UPDATE_REFUSED_UNSIGNED);
		assert_false(sent);
		script[1] = script[0];
		script[0] = (answer_t){ 0 };
	}
	assert_non_null(strstr(detail, "BADSIG"));
	/* What was changed on the way. */
	got = 0;
	script[1] = (answer_t){ .rcode = KNOT_RCODE_NXRRSET, .signing = CHANGED };
	assert_int_equal(run(&what), UPDATE_LOST);
}

static void what_is_no_answer_leaves_it_open(void **state)
{
	(void)state;
	const update_request_t what = request(&a, &b);

	for (int form = SILENT; form <= GARBAGE; form++) {
		got = 0;
		script[1] = (answer_t){ .form = form };
		assert_int_equal(run(&what), UPDATE_LOST);
		assert_int_equal(got, 2);
		assert_true(sent);
		assert_true(detail[0] != '\0');
	}
	/* Of the question before the change: nothing was sent. */
	got = 0;
	script[0].signing = UNSIGNED;
	assert_int_equal(run(&what), UPDATE_UNSENT);
	assert_int_equal(got, 1);
	got = 0;
	script[0].signing = SIGNED;
	script[1] = (answer_t){ .form = NO_ZONE };
	assert_int_equal(run(&what), UPDATE_DONE);
}

static void without_a_connection_nothing_was_sent(void **state)
{
	(void)state;
	update_request_t what = request(&a, &b);
	/* Nobody listens there any more. */
	uv_close((uv_handle_t *)&listener, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(update_start(&dns, &what, on_done, NULL, NULL), KNOT_EOK);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(status, UPDATE_UNSENT);
	what.check_only = true;
	assert_int_equal(update_start(&dns, &what, on_done, NULL, NULL), KNOT_EOK);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(status, UPDATE_LOST);
	assert_non_null(strstr(detail, "connection refused"));
}

static void what_waits_too_long_is_not_sent(void **state)
{
	(void)state;
	update_request_t what = request(&a, &b);
	what.latest = 1;
	assert_int_equal(run(&what), UPDATE_UNSENT);
	assert_int_equal(got, 0);
	what.latest = uv_hrtime() + UINT64_C(60000000000);
	assert_int_equal(run(&what), UPDATE_DONE);
}

static void what_cannot_be_sent_is_said_at_once(void **state)
{
	(void)state;
	update_request_t what = request(&a, &b);
	knot_rdataset_t many = { 0 };

	what.key.secret_len = 0;
	assert_int_equal(update_start(&dns, &what, on_done, NULL, NULL), KNOT_EINVAL);
	what.key = (update_key_t){ 0 };
	assert_int_equal(update_start(&dns, &what, on_done, NULL, NULL), KNOT_EINVAL);
	what = request(&a, &b);
	what.key.algorithm = 200;
	assert_int_equal(update_start(&dns, &what, on_done, NULL, NULL), KNOT_EINVAL);
	what = request(&a, &b);
	what.owner = ZONE;
	assert_int_equal(update_start(&dns, &what, on_done, NULL, NULL), KNOT_EINVAL);
	what = request(&a, &b);
	what.ns = &none;
	assert_int_equal(update_start(&dns, &what, on_done, NULL, NULL), KNOT_EINVAL);

	for (unsigned i = 0; i < 300; i++) {
		uint8_t data[255] = { i >> 8, i };
		add(&many, data, sizeof(data));
	}
	what = request(&a, &many);
	assert_int_equal(update_start(&dns, &what, on_done, NULL, NULL), KNOT_ESPACE);
	knot_rdataset_clear(&many, NULL);
	assert_int_equal(ended, 0);
}

static void all_end_with_the_asker(void **state)
{
	(void)state;
	const update_request_t what = request(&a, &b);
	update_t *one;

	script[0].form = SILENT;
	for (unsigned i = 0; i < UPDATE_SLOTS + 3; i++) {
		assert_int_equal(update_start(&dns, &what, on_done, NULL, &one), KNOT_EOK);
	}
	update_cancel(one);
	assert_int_equal(ended, 1);
	updates_free(dns.updates);
	dns.updates = NULL;
	assert_int_equal(ended, UPDATE_SLOTS + 3);
	assert_int_equal(status, UPDATE_CANCELLED);
}

/*! Every octet of a good answer, changed in turn: none of them passes for an answer that is authentic. */
static void no_changed_octet_is_authentic(void **state)
{
	(void)state;
	const update_content_t content = { .zone = ZONE, .owner = CHILD, .ns = &ns, .ds = &a, .put = &b, .ttl = 600 };
	update_message_t *message = calloc(1, sizeof(*message));
	uint8_t *request_wire = malloc(KNOT_WIRE_MAX_PKTSIZE), *good = malloc(KNOT_WIRE_MAX_PKTSIZE),
		*bad = malloc(KNOT_WIRE_MAX_PKTSIZE);
	update_answer_t out;

	assert_int_equal(update_message_make(message, &content, 4711, &KEY), KNOT_EOK);
	memcpy(request_wire, message->wire, message->len);
	knot_pkt_t *pkt = knot_pkt_new(request_wire, message->len, NULL);
	assert_int_equal(knot_pkt_parse(pkt, 0), KNOT_EOK);
	const answer_t answer = { .ede = "x" };
	const size_t len = make_answer(&answer, pkt, good);
	knot_pkt_free(pkt);

	memcpy(bad, good, len);
	assert_null(update_answer_read(message, ZONE, &KEY, bad, len, &out));
	assert_true(out.authentic);
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(bad, good, len);
			bad[i] ^= 1U << bit;
			/* The case of names does not count (RFC 8945 4.3.3). */
			const bool letter = (good[i] | 0x20) >= 'a' && (good[i] | 0x20) <= 'z' && bit == 5;
			const char *error = update_answer_read(message, ZONE, &KEY, bad, len, &out);
			assert_true(letter || error != NULL || !out.authentic);
		}
	}
	for (size_t cut = 0; cut < len; cut++) {
		memcpy(bad, good, cut);
		assert_true(update_answer_read(message, ZONE, &KEY, bad, cut, &out) != NULL || !out.authentic);
	}
	srandom(2136);
	for (unsigned i = 0; i < 20000; i++) {
		const size_t size = KNOT_WIRE_HEADER_SIZE + random() % 200;
		for (size_t k = 0; k < size; k++) {
			bad[k] = k < len && random() % 4 != 0 ? good[k] : random();
		}
		memcpy(bad, good, 4);
		assert_true(update_answer_read(message, ZONE, &KEY, bad, size, &out) != NULL || !out.authentic ||
		            (size == len && memcmp(bad, good, len) == 0));
	}
	free(message);
	free(request_wire);
	free(good);
	free(bad);
}

static void a_key_is_copied_and_wiped(void **state)
{
	(void)state;
	update_key_t copy;
	assert_true(update_key_copy(&copy, &KEY));
	assert_true(update_key_same(&copy, &KEY));
	((uint8_t *)copy.secret)[0] ^= 1;
	assert_false(update_key_same(&copy, &KEY));
	update_key_clear(&copy);
	assert_null(copy.name);
	assert_null(copy.secret);
	assert_true(update_key_copy(&copy, &(update_key_t){ 0 }));
	assert_true(update_key_same(&copy, &(update_key_t){ 0 }));
	assert_false(update_key_same(&copy, &KEY));
	update_key_clear(&copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exact_sets_are_swapped),
		TEST(the_first_ds_wants_none_before),
		TEST(a_removal_names_each_record),
		TEST(another_ttl_is_a_removal_and_an_addition),
		TEST(a_primary_that_does_not_answer_now_gets_no_change),
		TEST(a_primary_that_answers_late_gets_no_change),
		TEST(what_is_withdrawn_is_not_sent),
		TEST(another_base_is_asked_for_the_wanted_set),
		TEST(what_was_lost_is_asked_without_a_change),
		TEST(a_refusal_has_the_words_of_the_server),
		TEST(an_unsigned_answer_proves_nothing),
		TEST(what_is_no_answer_leaves_it_open),
		TEST(without_a_connection_nothing_was_sent),
		TEST(what_waits_too_long_is_not_sent),
		TEST(what_cannot_be_sent_is_said_at_once),
		TEST(all_end_with_the_asker),
		TEST(no_changed_octet_is_authentic),
		TEST(a_key_is_copied_and_wiped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "kskroll/addr.h"
#include "referral.h"

typedef struct {
	referral_t *referral;
	ask_job_t *job; /*!< NULL once it is done. */
	referral_said_t said;
} question_t;

struct referral {
	const knot_dname_t *zone;
	const servers_t *above;
	servers_t *found;
	referral_done_f done;
	void *arg;
	unsigned pending;
	unsigned packets;
	int ret;
	ask_group_t group;  /*!< Many slow servers do not hold back others. */
	knot_rdataset_t ns; /*!< Of all referrals. */
	unsigned count;
	question_t questions[];
};

static int add(referral_t *referral, const cut_t *delegation)
{
	servers_t *found = referral->found;
	int ret = servers_add_ns(found, &delegation->ns);
	for (unsigned i = 0; ret == KNOT_EOK && i < delegation->glue_count; i++) {
		unsigned name = servers_find(found, delegation->glue[i].name);
		if (name != SERVERS_UNNAMED) {
			ret = servers_add_addr(found, name, &delegation->glue[i].addr);
		}
	}
	return ret;
}

static int take(question_t *question, const ask_reply_t *reply)
{
	referral_t *referral = question->referral;
	referral_said_t *said = &question->said;
	if (reply->error != NULL || reply->answered < 1) {
		snprintf(said->why, sizeof(said->why), "%s", reply->error != NULL ? reply->error : "no answer");
		return KNOT_EOK;
	}

	cut_t delegation;
	int ret = cut_read(referral->zone, reply->answer[0].wire, reply->answer[0].len, &delegation);
	if (ret == KNOT_EOK) {
		said->said = delegation.said;
		snprintf(said->why, sizeof(said->why), "%s", delegation.error != NULL ? delegation.error : "");
		ret = add(referral, &delegation);
	}
	if (ret == KNOT_EOK && said->said == CUT_REFERRAL) {
		ret = knot_rdataset_merge(&referral->ns, &delegation.ns, NULL);
	}
	if (ret == KNOT_EOK && said->said == CUT_HOSTED) {
		const server_addr_t *server = &referral->above->addrs[question - referral->questions];
		ret = servers_add_addr(referral->found, SERVERS_UNNAMED, &server->addr);
	}
	cut_clear(&delegation);
	return ret;
}

static void on_reply(const ask_reply_t *reply, void *arg)
{
	question_t *question = arg;
	referral_t *referral = question->referral;
	question->job = NULL;
	referral->packets += reply->packets;

	int ret = referral->ret == KNOT_EOK ? take(question, reply) : KNOT_EOK;
	if (ret != KNOT_EOK) {
		referral->ret = ret;
	}
	if (--referral->pending == 0) {
		referral->done(referral->ret, referral->arg);
	}
}

referral_t *referral_start(ask_t *ask, const knot_dname_t *zone, const servers_t *above, servers_t *found,
                           referral_done_f done, void *arg)
{
	assert(ask && zone && above && found && done);

	const unsigned count = above->addr_count;
	referral_t *referral = count > 0 ? calloc(1, sizeof(*referral) + count * sizeof(question_t)) : NULL;
	if (referral == NULL) {
		return NULL;
	}
	*referral =
		(referral_t){ .zone = zone, .above = above, .found = found, .done = done, .arg = arg, .count = count };
	for (unsigned i = 0; i < count; i++) {
		question_t *question = &referral->questions[i];
		question->referral = referral;
		question->job = ask_parent(ask, &above->addrs[i].addr, zone, KNOT_RRTYPE_NS, on_reply, question);
		if (question->job == NULL) {
			referral_free(referral);
			return NULL;
		}
		ask_join(question->job, &referral->group);
		referral->pending++;
	}
	return referral;
}

const referral_said_t *referral_said(const referral_t *referral, unsigned index)
{
	assert(referral && index < referral->count);

	return &referral->questions[index].said;
}

unsigned referral_count(const referral_t *referral, cut_said_t said)
{
	unsigned count = 0;
	for (unsigned i = 0; i < referral->count; i++) {
		count += referral->questions[i].said.said == said;
	}
	return count;
}

/*! Whether the nameserver of this address hosts the zone, by this or another address. */
static bool hosts(const referral_t *referral, unsigned index)
{
	const unsigned name = referral->above->addrs[index].name;
	for (unsigned i = 0; i < referral->count; i++) {
		if (referral->questions[i].said.said == CUT_HOSTED &&
		    (i == index || (name != SERVERS_UNNAMED && referral->above->addrs[i].name == name))) {
			return true;
		}
	}
	return false;
}

bool referral_all_host(const referral_t *referral)
{
	for (unsigned i = 0; i < referral->count; i++) {
		if (!hosts(referral, i)) {
			return false;
		}
	}
	return true;
}

void referral_reason(const referral_t *referral, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned i = 0; i < referral->count && out[0] == '\0'; i++) {
		const referral_said_t *said = &referral->questions[i].said;
		if (said->said != CUT_REFERRAL && !hosts(referral, i)) {
			char addr[ADDR_TEXT_MAX];
			addr_to_text(&referral->above->addrs[i].addr, addr);
			snprintf(out, size, "%s: %s", addr, said->why[0] != '\0' ? said->why : "not delegated");
		}
	}
}

const knot_rdataset_t *referral_ns(const referral_t *referral)
{
	return &referral->ns;
}

unsigned referral_packets(const referral_t *referral)
{
	return referral->packets;
}

void referral_free(referral_t *referral)
{
	if (referral != NULL) {
		for (unsigned i = 0; i < referral->count; i++) {
			ask_cancel(referral->questions[i].job);
		}
		knot_rdataset_clear(&referral->ns, NULL);
		free(referral);
	}
}

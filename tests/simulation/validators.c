/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How resolvers validate: one good path is enough, or each algorithm of the DS set or of the DNSKEY RRset has to do.
 */

#include "sim_world.h"

const char *const validator_names[VALIDATOR__COUNT] = {
	[VALIDATOR_LIBERAL] = "",
	[VALIDATOR_STRICT_DS] = " for validators that want each algorithm of the DS set",
	[VALIDATOR_STRICT_KEY] = " for validators that want each algorithm of the DNSKEY RRset",
};

/*! Whether the key set has a member of each algorithm that is in another one. */
static bool covers(const world_t *w, world_keys_t set, world_keys_t other)
{
	for (unsigned i = 0; i < w->algorithm_count; i++) {
		if ((other & w->algorithm[i].keys) && !(set & w->algorithm[i].keys)) {
			return false;
		}
	}
	return true;
}

/*!
 * Whether keys that lead on are enough for a validator. \a of_ds: to those of the DS set as well.
 */
static bool is_enough(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                      world_keys_t of_ds, world_keys_t good)
{
	if (w->algorithm_count > 1 && validator == VALIDATOR_STRICT_DS) {
		return covers(w, of_ds, ds->keys);
	}
	if (w->algorithm_count > 1 && validator == VALIDATOR_STRICT_KEY) {
		return of_ds != 0 && covers(w, good, dnskey->keys);
	}
	return of_ds != 0;
}

bool view_chain(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey)
{
	const world_keys_t signers = dnskey->keys & dnskey->signers;

	return is_enough(w, validator, ds, dnskey, ds->keys & signers, signers);
}

bool view_data(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
               const exposure_t *data)
{
	const world_keys_t signers = dnskey->keys & data->keys;

	return is_enough(w, validator, ds, dnskey, signers, signers);
}

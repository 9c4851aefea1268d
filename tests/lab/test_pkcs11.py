# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys in a PKCS #11 token: the module never needs it, knotd makes the keys in it."""

import json

from . import check, pkcs11
from .daemons import run
from .faults import QUICK, QUICK_MODULE
from .marks import bound, long_test, needs
from .progress import Progress
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .test_special import at_rest
from .wait import wait_until


def rolled_in_a_token(directory, **policy):
    """A whole rollover that the operator starts."""
    token = pkcs11.Token(directory)
    settings = {**QUICK, "module_settings": QUICK_MODULE, "env": token.environment, "policy": {"keystore": "token", **policy},
                "extra_sections": [("keystore", [{"id": "token", "backend": "pkcs11", "config": f'"{token.uri}"'}])]}
    with module_world(directory, **settings) as (world, old), Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        # What the module sets the states with has no token, so it finds none of the private keys.
        listed = json.loads(run(["keymgr", "-D", world.knot.path("db", "keys"), ZONE, "list", "--json"]).stdout)
        assert listed and all(key["missing"] for key in listed), listed
        start(world)
        wait_until(lambda: check.other_ksk(world, ZONE, old[ZONE]), ROLLOVER, "one new KSK is left")
        at_rest(progress)
        check.rolled(world, ZONE, old[ZONE])
        check.signals_followed_keys(world, ZONE)
        world.assert_secure()


@long_test
@needs(pkcs11.missing)
@bound(200)
def test_a_ksk_in_a_token_is_rolled(directory):
    rolled_in_a_token(directory)


@long_test
@needs(pkcs11.missing)
@bound(200)
def test_a_single_key_in_a_token_is_rolled(directory):
    rolled_in_a_token(directory, **{"single-type-signing": True})

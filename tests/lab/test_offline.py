# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones whose KSK is offline: the module observes, says when the next response is due, and checks one before its import."""

import json
import os
import shutil
import time

import dns.rdatatype

from . import ask
from .daemons import run
from .faults import QUICK, QUICK_MODULE, keymgr, store_path
from .marks import bound
from .progress import Progress
from .test_rollover import ZONE, module_world
from .test_special import Untouched, at_rest, said
from .wait import wait_until
from .world import KNOT

SETTINGS = {**QUICK, "module_settings": QUICK_MODULE}
#: Seconds: signatures of a response last for so long, and are replaced when they have so long left.
LASTS, REFRESH = 60, 24
OFFLINE = {"manual": True, "offline-ksk": True, "rrsig-lifetime": LASTS, "rrsig-refresh": REFRESH, "rrsig-pre-refresh": 1}


def kskroll(world, *args):
    """(exit code, output) of the command line."""
    tool = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
    done = run([tool, *args], env={**os.environ, "KSKROLL_DB": store_path(world)})
    return done.returncode, done.stdout


def signer(world, *args):
    """Runs keymgr where the KSK is; returns its output."""
    done = run(["keymgr", "-c", world.knot.path("signer.conf"), ZONE, *args])
    assert done.returncode == 0, (args, done.stdout + done.stderr)
    return done.stdout


def response(world, seconds):
    """Path of a response of the keys as they are, from now on for so long."""
    request = world.knot.write("ksr", keymgr(world, "generate-ksr", "+0", f"+{seconds}"))
    return world.knot.write("skr", signer(world, "sign-ksr", request))


def checks(world, path):
    """Code of check-skr, and its findings."""
    records = [word for record in ask.ds_of(ZONE, ask.ksks(KNOT, ZONE)) for word in ("--ds", record)]
    code, text = kskroll(world, "check-skr", path, "--zone", ZONE, "--ds-ttl", str(world.ds_ttl), "--json", *records)
    return code, {finding["check"] for finding in json.loads(text)["findings"]}


def into_service(world, path, load):
    """The response is imported, and knotd uses it."""
    assert "OK" in keymgr(world, "import-skr", path)
    load()


def offline_world(world, seconds):
    """From here on the KSK of the world is elsewhere, and knotd has a response for so long."""
    keys, there = world.knot.path("db", "keys"), world.knot.path("signer", "keys")
    shutil.copytree(keys, there)
    world.policy.update(OFFLINE)
    world.knot.sections = world.knot_sections()
    world.knot.configure()
    with open(world.knot.path("knot.conf"), encoding="utf-8") as file:
        world.knot.write("signer.conf", file.read().replace(world.knot.path("db"), os.path.dirname(there)))
    path = response(world, seconds)
    assert checks(world, path) == (1, {"ends-soon"}), checks(world, path)
    into_service(world, path, world.knot.reconfigure)
    keymgr(world, "delete", str(world.ksk_tags(ZONE)[0]))
    world.knot.knotc("zone-keys-load", ZONE)


@bound(180)
def test_the_next_response_is_due(directory):
    with module_world(directory, **SETTINGS) as (world, _), Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        offline_world(world, 5)
        wait_until(lambda: progress.gate == "observe-only", 30, "it is observed")
        untouched = Untouched(world)
        untouched.stays(progress, "observe-only")
        assert "offline-ksk of the policy is on" in said(world, "observe-only")[0], said(world, "observe-only")
        wait_until(lambda: progress.gate == "signatures-expire", LASTS, "the alarm")
        answer = ask.ask(KNOT, ZONE, "DNSKEY").answer
        ends = [one.expiration for rrset in answer for one in rrset if rrset.rdtype == dns.rdatatype.RRSIG]
        left = min(ends) - time.time()
        assert REFRESH / 2 < left < REFRESH, left
        assert "they end at 20" in said(world, "signatures-expire")[0], said(world, "signatures-expire")
        wait_until(lambda: "needs-operator" in (audit := kskroll(world, "audit", ZONE))[1] and audit[0] == 2, 5, "critical")
        commands = json.loads(kskroll(world, "status", ZONE, "--json")[1])["zones"][0]["commands"]
        assert [f"keymgr {ZONE} import-skr FILE"] == [one["command"] for one in commands if "import" in one["command"]], commands
        into_service(world, response(world, 120), lambda: world.knot.knotc("zone-keys-load", ZONE))
        wait_until(lambda: progress.gate == "observe-only", 20, "the alarm is over")
        untouched.stays(progress, "observe-only")
        world.assert_secure()


@bound(150)
def test_a_response_that_jumps_is_found_before_its_import_and_after(directory):
    with module_world(directory, **SETTINGS) as (world, old), Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        offline_world(world, 120)
        wait_until(lambda: progress.gate == "observe-only", 30, "it is observed")
        tag = world.ksk_tags(ZONE)[0]
        # The same second for both commands: with one more the keys would sign together.
        at = int(time.time()) + 15
        signer(world, "generate", "ksk=yes", "algorithm=13", f"publish={at}", f"ready={at}", f"active={at}")
        signer(world, "set", str(tag), f"retire={at}", f"remove={at}")
        path = response(world, 120)
        assert "OK" in keymgr(world, "validate-skr", path)
        code, found = checks(world, path)
        assert code == 2 and "no-shared-phase" in found, (code, found)
        world.rightly_broken("the response replaces the KSK at once")
        into_service(world, path, lambda: world.knot.knotc("zone-keys-load", ZONE))
        wait_until(lambda: ask.ksks(KNOT, ZONE) not in ([], old[ZONE]), 30, "the jump")
        wait_until(lambda: progress.gate == "chain-broken", 20, "the alarm")
        assert world.ds_everywhere(ZONE, old[ZONE])


@bound(150)
def test_a_response_with_a_shared_phase_is_fine(directory):
    """The same with time for caches: the module says when the DS is replaced too late, and nothing else."""
    with module_world(directory, **SETTINGS) as (world, old), Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        offline_world(world, 120)
        tag = world.ksk_tags(ZONE)[0]
        signal, retire = 3 + world.dnskey_ttl, 8 + world.dnskey_ttl + world.ds_ttl + 5
        signer(world, "generate", "ksk=yes", "algorithm=13", "publish=+3", f"ready=+{signal}", f"active=+{retire}")
        signer(world, "set", str(tag), f"retire=+{retire}", f"remove=+{retire}")
        path = response(world, 120)
        assert checks(world, path) == (1, {"ends-soon", "ds-must-change"}), checks(world, path)
        into_service(world, path, lambda: world.knot.knotc("zone-keys-load", ZONE))
        wait_until(lambda: (keys := ask.ksks(KNOT, ZONE)) and not set(keys) & set(old[ZONE]), 60, "the old KSK has gone")
        # The agent has read CDS, as the response wanted.
        assert world.ds_everywhere(ZONE, ask.ksks(KNOT, ZONE))
        assert progress.states() == ["idle"] and not said(world, "chain-broken")
        world.assert_secure()

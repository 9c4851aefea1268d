# SPDX-License-Identifier: GPL-3.0-or-later
"""What Knot DNS does with KSKs whose states are set by keymgr: facts by experiment.

    ./run shell python3 -m tests.lab.key_timers [NAME...]

One knotd, one or more zones per scenario, each scenario with a policy of its own. All scenarios run side by side, since they mostly
wait. Each returns facts. docs/knot-behaviour.rst explains them ("Keys by key timers"), test_key_timers.py asserts that they are true.
Those of CSKs, algorithms and schemes stand in key_states.py, orders of kskrolld for two algorithms in key_orders.py.
"""

import argparse
import concurrent.futures
import json
import os
import tempfile
import time

from . import ask, key_orders, key_signers, key_states, netns, pkcs11
from .daemons import run
from .key_lab import ADDRESS, DELAY, HELD, SCENARIOS, TTL, Lab, scenario, state_of
from .wait import pause, wait_until

assert key_orders.__doc__ and key_signers.__doc__ and key_states.__doc__  # Their scenarios are among SCENARIOS.


# The scheme.

@scenario()
def orders(lab, zone):
    """All orders, in Knot's default policy: what is served after each, and that it holds."""
    facts = {}
    old = lab.first(zone)
    facts["the first KSK is ready and signalled"] = lab.states(zone)[old] == "ready" and \
        lab.served(zone)["cds"] == {lab.tag(zone, old)}
    lab.set(zone, (old, "active=+0"))
    lab.serves(zone, {old}, set())
    code, text = lab.keymgr(zone, "set", old, "active=now")
    facts["keymgr exits with 0 for active=now"] = code == 0 and "OK" in text
    new = lab.introduce(zone)
    lab.serves(zone, {old, new}, set())
    facts["introduce holds"] = lab.holds(zone)
    lab.set(zone, (new, "ready=+0", "active=0"))
    lab.serves(zone, {old, new}, {new})
    facts["signal holds"] = lab.holds(zone)
    facts["a reload takes no CDS away"] = _stays_signalled(lab, zone, "reload")
    facts["zone-sign takes no CDS away"] = _stays_signalled(lab, zone, "zone-sign", zone)
    lab.set(zone, (new, "active=+0"))
    lab.serves(zone, {old, new}, set())
    facts["withdraw holds"] = lab.holds(zone)
    lab.set(zone, (new, "active=0"))
    lab.serves(zone, {old, new}, {new})
    lab.set(zone, (new, "active=+0"), (old, "ready=+0", "active=0"))
    lab.serves(zone, {old, new}, {old})
    facts["rollback holds"] = lab.holds(zone)
    lab.set(zone, (new, "active=0"))
    lab.serves(zone, {old, new}, {old, new})
    facts["both holds"] = lab.holds(zone)
    lab.set(zone, (old, "active=+0"), (new, "active=+0"))
    lab.serves(zone, {old, new}, set())
    lab.set(zone, (old, "retire=+0", "remove=+0"))
    lab.serves(zone, {new}, set())
    facts["without delete-delay Knot deletes the retired key"] = lab.becomes(zone, old, "gone", 5)
    third = lab.introduce(zone)
    lab.serves(zone, {new, third}, set())
    lab.set(zone, (third, "ready=+0", "active=0"))
    lab.serves(zone, {new, third}, {third})
    code, text = lab.keymgr(zone, "set", third, "retire=+0", "remove=+0")
    facts["a ready key has to be active to be retired"] = code == 1 and "'active' must be before 'retire'" in text
    lab.set(zone, (third, "active=+0", "retire=+0", "remove=+0"))
    lab.serves(zone, {new}, set())
    facts["abort holds"] = lab.holds(zone)
    return facts


def _stays_signalled(lab, zone, *command):
    """Whether each of the questions, one every 20 ms, finds CDS while knotd carries out the command three times."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        work = pool.submit(lab.thrice, *command)
        asked = []
        wait_until(lambda: asked.append(bool(ask.rrset(ADDRESS, zone, "CDS"))) or (work.done() and len(asked) >= 25), 30,
                   f"three times {command}", poll=0.02)
        work.result()
    return all(asked)


@scenario(manual=True)
def manual(lab, zone):
    """The same with `manual: on`, where keys have to be made by hand."""
    for flags in (["ksk=yes"], []):
        lab.keymgr(zone, "generate", *flags, "algorithm=13", "publish=+0", "active=+0")
    lab.load(zone, "zone-reload")  # Without keys it was not loaded.
    old = lab.first(zone)
    lab.serves(zone, {old}, set())
    new = lab.introduce(zone)
    lab.serves(zone, {old, new}, set())
    lab.set(zone, (new, "ready=+0", "active=0"))
    lab.serves(zone, {old, new}, {new})
    lab.set(zone, (new, "active=+0"))
    lab.serves(zone, {old, new}, set())
    lab.set(zone, (old, "retire=+0", "remove=+0"))
    lab.serves(zone, {new}, set())
    return {"all orders but abort work": True, "the retired key is kept": lab.holds(zone) and old in lab.states(zone)}


@scenario(zones=2)
def started(lab, zone, other):
    """A key that Knot has made: left alone it gets ready by its timer; taken over in time it does not."""
    old, new = lab.first_active(zone), lab.rollover(zone)
    key = next(key for key in lab.keys(zone) if key["id"] == new)
    # On a busy machine it is ready by now.
    facts = {"it is born published": state_of(key, key["publish"]) == "publish"}
    lab.set(zone, (new, "active=+0"))
    lab.serves(zone, {old, new}, set())
    facts["taken over it holds"] = lab.holds(zone)
    old, new = lab.first_active(other), lab.rollover(other)
    facts["left alone it is signalled"] = lab.becomes(other, new, "ready", HELD + 3)
    lab.serves(other, {old, new}, {new})  # Knot writes the state first, and signs afterwards.
    facts["then it stands still"] = lab.holds(other)
    return facts


# ksk-lifetime

LIFETIME = 16


@scenario(zones=3, ksk_lifetime=LIFETIME)
def lifetime(lab, zone, signalled, renewed):
    """The lifetime of a key counts from its creation: while two are active, and when one is left."""
    facts, zones, keys = {}, (zone, signalled, renewed), {}
    for one in zones:
        old = lab.first_active(one)
        keys[one] = (old, lab.introduce(one))
    lab.set(signalled, (keys[signalled][1], "ready=+0", "active=0"))
    made = max(key["created"] for one in zones for key in lab.keys(one))
    wait_until(lambda: time.time() > made + LIFETIME + 3, LIFETIME + 10, "all are older than the lifetime")
    for one in (zone, signalled):
        lab.load(one, "zone-sign")
    facts["no third key while two are active"] = len(lab.states(zone)) == 2
    facts["no third key while one is signalled"] = len(lab.states(signalled)) == 2
    for one in (zone, renewed):
        old, new = keys[one]
        if one == renewed:
            lab.set(one, (new, "created=+0"), load=False)
        lab.set(one, (old, "retire=+0", "remove=+0"))
    renewed_at = time.monotonic()
    lab.serves(renewed, {keys[renewed][1]}, set())
    third = wait_until(lambda: next(iter(set(lab.states(zone)) - set(keys[zone])), None), 5, "a third key")
    facts["a third key as soon as one is left"] = lab.states(zone)[third] == "publish"
    facts["none with a new time of creation"] = len(lab.states(renewed)) == 1
    wait_until(lambda: len(lab.states(renewed)) == 2, LIFETIME + 5, "the new lifetime ends")
    facts["the lifetime counts from there"] = time.monotonic() - renewed_at > LIFETIME - 2
    return facts


# ksk-submission

TIMEOUT = 6


@scenario(zones=4, submission={"timeout": TIMEOUT, "check-interval": 1})
def timeout(lab, held, signalled, again, back):
    """A submission without parents, with a time after which Knot confirms by itself."""
    facts, keys = {}, {}
    for zone in (held, signalled, again, back):
        old = lab.first_active(zone)
        keys[zone] = (old, lab.introduce(zone))
        lab.serves(zone, set(keys[zone]), set())
    for zone in (signalled, again):
        lab.set(zone, (keys[zone][1], "ready=+0", "active=0"))
        lab.serves(zone, set(keys[zone]), {keys[zone][1]})
    lab.set(again, (keys[again][1], "active=+0"))
    lab.set(back, (keys[back][0], "ready=+0", "active=0"))
    lab.serves(back, set(keys[back]), {keys[back][0]})
    facts["a signalled key is confirmed, the old one dropped"] = \
        lab.becomes(signalled, keys[signalled][0], "gone", TIMEOUT + 5)
    facts["in a rollback the new one is dropped"] = lab.becomes(back, keys[back][1], "gone", 5)
    facts["active keys are left alone"] = lab.holds(again, 2) and \
        [set(lab.states(zone).values()) for zone in (held, again)] == [{"active"}] * 2
    new = keys[again][1]
    lab.set(again, (new, "ready=+0", "active=0"))
    lab.serves(again, set(keys[again]), {new})
    facts["ready=+0 begins the timeout again"] = lab.holds(again, TIMEOUT / 3)
    lab.set(again, (new, "active=+0"))
    lab.serves(again, set(keys[again]), set())
    facts["a withdrawn key is left alone"] = lab.holds(again, TIMEOUT)
    lab.set(again, (new, "active=0"))
    facts["signalled again by active=0 alone it is confirmed at once"] = lab.becomes(again, keys[again][0], "gone", 3)
    return facts


@scenario(zones=3, submission={"parent": "parent", "check-interval": 1})
def parents(lab, held, signalled, back):
    """A submission that asks a parent, which has the DS already."""
    facts, keys = {}, {}
    for zone in (held, signalled, back):
        old = lab.first_active(zone)
        keys[zone] = (old, lab.introduce(zone))
        lab.serves(zone, set(keys[zone]), set())
    lab.put_ds(held, keys[held][1])
    facts["active keys are left alone"] = lab.holds(held)
    lab.set(held, (keys[held][1], "ready=+0", "active=0"))
    facts["a signal beside the DS is confirmed, the old key goes"] = \
        lab.becomes(held, keys[held][0], "retire-active", 5) and lab.becomes(held, keys[held][0], "gone", 15)
    old, new = keys[signalled]
    lab.put_ds(signalled, old)
    lab.set(signalled, (new, "ready=+0", "active=0"))
    lab.serves(signalled, {old, new}, {new})
    facts["a signal without the DS holds"] = lab.holds(signalled)
    lab.set(signalled, (new, "active=+0"))
    lab.serves(signalled, {old, new}, set())
    lab.put_ds(signalled, new)
    facts["a withdrawn key is not confirmed"] = lab.holds(signalled)
    old, new = keys[back]
    lab.put_ds(back, old)
    lab.set(back, (old, "ready=+0", "active=0"))
    facts["in a rollback the new key goes"] = lab.becomes(back, new, "gone", 15)
    return facts


@scenario(submission={"check-interval": 1})
def no_parents(lab, zone):
    """A submission without parents and timeout: Knot never confirms."""
    old = lab.first_active(zone)
    new = lab.introduce(zone)
    lab.serves(zone, {old, new}, set())
    lab.set(zone, (new, "ready=+0", "active=0"))
    lab.serves(zone, {old, new}, {new})
    return {"a signal holds": lab.holds(zone, 2 * HELD)}


# delete-delay

KEPT = 6


@scenario(delete_delay=KEPT)
def kept(lab, zone):
    """A retired key is kept for a while: it can be brought back, then Knot deletes it."""
    old = lab.first_active(zone)
    new = lab.introduce(zone)
    lab.serves(zone, {old, new}, set())
    lab.set(zone, (old, "retire=+0", "remove=+0"))
    lab.serves(zone, {new}, set())
    facts = {"it is listed as removed": lab.states(zone).get(old) == "remove"}
    lab.set(zone, (old, "retire=0", "remove=0"))
    lab.serves(zone, {old, new}, set())
    facts["it can be brought back"] = lab.holds(zone)
    with lab.without_reload():
        lab.set(zone, (old, "retire=+0", "remove=+0"))
        lab.serves(zone, {new}, set())
        facts["it outlives the delay without a signing event"] = lab.holds(zone, KEPT + 1)
    lab.load(zone, "zone-sign")
    facts["a signing event after the delay deletes it"] = lab.becomes(zone, old, "gone", 5)
    return facts


# Keystores

@scenario(zones=2, needs=pkcs11.missing, keystore="token")
def token(lab, zone, generated):
    """Keys in a PKCS #11 token, of which keymgr -D knows nothing."""
    facts = {}
    blind = {**os.environ, "SOFTHSM2_CONF": "/nonexistent"}
    old = lab.first_active(zone)
    new = lab.rollover(zone)
    code, text = lab.keymgr(zone, "set", new, "active=+0", env=blind)
    facts["set needs no token"] = code == 0
    lab.load(zone)
    lab.serves(zone, {old, new}, set())
    code, text = lab.keymgr(zone, "list", "-j", env=blind)
    facts["list needs no token"] = code == 0 and len(json.loads(text)) == 3
    facts["list calls each private key missing"] = all(key["missing"] for key in json.loads(text))
    facts["introduce holds"] = lab.holds(zone)
    lab.set(zone, (new, "ready=+0", "active=0"))
    lab.serves(zone, {old, new}, {new})
    lab.set(zone, (new, "active=+0"), (old, "retire=+0", "remove=+0"))
    lab.serves(zone, {new}, set())
    facts["the retired key is deleted"] = lab.becomes(zone, old, "gone", 5)
    lab.first_active(generated)
    code, text = lab.keymgr(generated, "generate", "ksk=yes", "algorithm=13", "publish=+0", "active=+0")
    assert code == 0, text
    lab.knot.knotc("zone-keys-load", generated)
    wait_until(lambda: lab.said(generated, "failed to load private key"), 10, "Knot misses the key")
    facts["a key of keymgr generate stops the signing"] = bool(lab.said(generated, "'re-sign' failed"))
    facts["what is signed is still served"] = len(lab.served(generated)["keys"]) == 1
    return facts


# Keys that are not the zone's own

@scenario(zones=2, ksk_shared=True)
def shared(lab, zone, other):
    """One KSK for all zones of the policy."""
    old = lab.first_active(zone)
    facts = {"the key is shared": lab.first_active(other) == old}
    new = lab.rollover(zone)
    lab.set(zone, (new, "active=+0"))
    lab.serves(zone, {old, new}, set())
    facts["timers are those of one zone"] = lab.served(other)["keys"] == {lab.tag(other, old)}
    facts["the other zone's rollover takes the same key"] = lab.rollover(other) == new
    lab.set(other, (new, "active=+0"))
    lab.serves(other, {old, new}, set())
    lab.set(zone, (new, "ready=+0", "active=0"))
    lab.serves(zone, {old, new}, {new})
    facts["a signal is that of one zone"] = not lab.served(other)["cds"]
    lab.set(zone, (new, "active=+0"), (old, "retire=+0", "remove=+0"))
    lab.serves(zone, {new}, set())
    facts["retired in one zone it is deleted there"] = lab.becomes(zone, old, "gone", 5)
    facts["the other zone keeps it"] = lab.states(other).get(old) == "active"
    lab.load(other, "zone-sign")
    facts["and signs with it"] = lab.served(other)["signers"] == {lab.tag(other, old), lab.tag(other, new)}
    lab.set(other, (old, "retire=+0", "remove=+0"))
    lab.serves(other, {new}, set())
    own = lab.introduce(zone)
    lab.serves(zone, {new, own}, set())
    facts["a key of keymgr generate is not shared"] = lab.rollover(other) != own
    return facts


@scenario(manual=True, offline_ksk=True)
def offline(lab, zone):
    """DNSKEY and signals come from a response that was signed elsewhere; what keymgr sets here does nothing."""
    facts = {}
    config = lab.knot.path("knot.conf")
    signer = lab.knot.path("signer")
    os.makedirs(os.path.join(signer, "db"))
    with open(config, encoding="utf-8") as file:
        text = file.read().replace(lab.knot.path("db"), os.path.join(signer, "db"))
    there = lab.knot.write("signer.conf", text)

    def at(where, *args):
        with lab._keymgr:
            done = run(["keymgr", "-c", where, zone, *args])
        assert done.returncode == 0, (args, done.stdout + done.stderr)
        return done.stdout
    at(there, "generate", "ksk=yes", "publish=+0", "active=+0")
    at(config, "pregenerate", "+1h")
    request = lab.knot.write("ksr", at(config, "generate-ksr", "+0", "+1h"))
    at(config, "import-skr", lab.knot.write("skr", at(there, "sign-ksr", request)))
    lab.knot.knotc("zone-reload", zone)  # Without a response it was not loaded.
    wait_until(lambda: lab.served(zone)["keys"], 10, "the zone has the DNSKEY of the response")
    before = lab.served(zone)
    facts["no KSK is listed"] = not lab.states(zone)
    facts["signed by the response"] = before["signers"] == before["keys"]
    code, made = lab.keymgr(zone, "generate", "ksk=yes", "algorithm=13", "publish=+0", "active=+0")
    assert code == 0, made
    lab.load(zone)
    facts["a KSK made here is not served"] = lab.served(zone) == before
    lab.set(zone, (made.split()[0], "ready=+0", "active=0"))
    facts["its signal is not served"] = lab.served(zone) == before
    return facts


# Two who write

@scenario(zones=40)
def race(lab, *zones):
    """keymgr set in the moment in which Knot makes the key READY: both read all keys, change one, write all."""
    started = {}
    for zone in zones:
        lab.first_active(zone)
    for zone in zones:
        pause(0.05)
        started[zone] = time.monotonic()
        lab.knot.knotc("zone-key-rollover", zone, "ksk")
    facts = {"lost": 0, "signalled for a moment": 0, "set came first": 0}
    for number, zone in enumerate(zones):
        key = next(key["id"] for key in lab.keys(zone) if key["ksk"] and not key["active"])
        offset = -0.04 + 0.08 * number / len(zones)
        pause(max(0, started[zone] + DELAY + TTL + offset - time.monotonic()))
        code, text = lab.keymgr(zone, "set", key, "active=+0")
        assert code == 0, text
        state = lab.states(zone)[key]
        facts["lost"] += state != "active"
    for zone in zones:
        ready = bool(lab.said(zone, "ready, active+")[1:])
        facts["signalled for a moment"] += ready
        facts["set came first"] += not ready
        lab.load(zone)
    facts["signalled in the end"] = sum(bool(lab.served(zone)["cds"]) for zone in zones)
    facts["active in the end"] = sum(set(lab.states(zone).values()) == {"active"} for zone in zones)
    return facts


def examine(names, directory):
    """Facts by scenario, and why the others cannot be examined here."""
    reasons = {name: SCENARIOS[name]["needs"]() for name in names if SCENARIOS[name]["needs"]}
    names = [name for name in names if not reasons.get(name)]
    lab = Lab(directory, {name: SCENARIOS[name] for name in names})
    try:
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            running = {name: pool.submit(one["run"], lab, *one["zones"]) for name, one in lab.chosen.items()}
            return ({name: _facts_of(future) for name, future in running.items()},
                    {name: reason for name, reason in reasons.items() if reason})
    finally:
        lab.knot.stop()


def _facts_of(future):
    error = future.exception()
    return {"it did not end": f"{type(error).__name__}: {error}"} if error else future.result()


def main():
    """Prints the facts."""
    parser = argparse.ArgumentParser(prog="tests.lab.key_timers", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these scenarios")
    args = parser.parse_args()
    netns.enter("tests.lab.key_timers")
    names = args.names or list(SCENARIOS)
    with tempfile.TemporaryDirectory(prefix="key-timers-") as directory:
        found, reasons = examine(names, directory)
    for name, facts in found.items():
        print(name)
        for fact, value in facts.items():
            print(f"    {fact}: {value}")
    for name, reason in reasons.items():
        print(f"{name}: not examined: {reason}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoofed and malformed answers: never a crash, never progress."""

import contextlib
import json
import time

from .faults import fault, store_path, stored
from .liar import Liar
from .marks import bound, long_test
from .sanitizers import Sanitizer
from .wait import wait_until
from .world import CHILD_BIND, CHILD_NSD, PARENT_BIND, PARENT_NSD

#: What a server does to its answers, and what the module may make of it.
LIES = {
    "wrong_id": "unreachable",
    "wrong_question": "unreachable error",
    "wrong_source": "unreachable",
    "truncated": "unreachable error",
    "never_all": "incomplete",
    "junk": "incomplete error",
    "junk_counts": "unreachable error",
    "loops": "unreachable error",
    "unsigned_nothing": "error bogus",
}


def answers(case, what):
    """Address -> (status, detail) of the last survey; \\a what: "child" or "parent"."""
    found = json.loads(stored(store_path(case.world), "answers") or "{}")
    return {entry["server"].split()[-1].split("@")[0]: (entry["status"], entry.get("detail", ""))
            for entry in found.get(what, [])}


def lie(case, what, liars):
    """All liars are asked in one survey, each is judged as it deserves; returns the verdicts."""
    def all_judged():
        verdicts = answers(case, what)
        return verdicts if all(liar.address in verdicts and verdicts[liar.address][0] != "ok"
                               for liar in liars) else None
    verdicts = wait_until(all_judged, 60, f"a survey of all liars ({what})")
    for liar in liars:
        status, detail = verdicts[liar.address]
        print(f"{what} {liar.mode}: {status} ({detail}), {liar.questions} questions")
        assert status in LIES[liar.mode], (liar.mode, status, detail)
        assert liar.questions, f"{liar.mode} was not asked"
    return verdicts


def mend(case, liars, seconds):
    """The liars become honest, after they have lied for some time without any progress."""
    knot, zone = case.world.knot, case.progress.zone
    before = knot.number(zone, "steps")
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > seconds, seconds + 5, "time passes")
    assert knot.number(zone, "steps") == before, case.progress.history
    for liar in liars:
        liar.mode = "honest"


@bound(150)
def test_spoofed_and_malformed_answers_of_nameservers(directory):
    """With the module that was built with ASan and UBSan."""
    asan = Sanitizer("asan", directory)
    addresses = {f"127.0.3.{50 + number}": mode for number, mode in enumerate(LIES)}
    settings = {"nameserver": [CHILD_NSD, CHILD_BIND, *addresses]}
    with fault(directory, "Nameservers answer with wrong ID, question, source; truncated; 64 KiB of "
               "junk; compression loops; unsigned denial", module=asan.module, env=asan.env,
               module_settings=settings) as case, contextlib.ExitStack() as stack:
        liars = [stack.enter_context(Liar(address, CHILD_NSD, mode))
                 for address, mode in addresses.items()]
        case.start()
        case.progress.wait("introduce")
        lie(case, "child", liars)
        case.gate(("child-error", "bogus-at", "child-unreachable", "child-incomplete"))
        # Longer than all that a healthy zone would have to wait for here.
        mend(case, liars, 2 * case.world.dnskey_ttl)
        assert case.no_signals() and case.old_ds()
        case.did = "each is named unreachable, wrong or bogus; no signal, the DS stays, no crash"
        case.finish()
    asan.assert_nothing_found()


@long_test
@bound(150)
def test_spoofed_and_malformed_answers_of_the_parent(directory):
    asan = Sanitizer("asan", directory)
    addresses = {f"127.0.2.{50 + number}": mode for number, mode in enumerate(LIES)}
    # At rest the parent is asked, too: before its servers lie they have to be there.
    settings = {"parent": [PARENT_BIND, PARENT_NSD, *addresses]}
    with contextlib.ExitStack() as stack:
        liars = [stack.enter_context(Liar(address, PARENT_NSD)) for address in addresses]
        case = stack.enter_context(
            fault(directory, "Servers of the parent answer with wrong ID, question, source; "
                  "truncated; 64 KiB of junk; compression loops; unsigned denial", module=asan.module,
                  env=asan.env, module_settings=settings))
        case.world.agent.deaf = True
        case.start()
        case.progress.wait("await-ds")
        for liar in liars:
            liar.mode = addresses[liar.address]
        case.world.agent.deaf = False
        lie(case, "parent", liars)
        case.gate(("parent-error", "bogus-at", "parent-unreachable", "parent-incomplete"))
        mend(case, liars, case.world.ds_ttl + case.world.dnskey_ttl)
        assert case.both_keys()
        case.did = "each is named unreachable, wrong or bogus; both keys stay, no crash"
        case.finish()
    asan.assert_nothing_found()

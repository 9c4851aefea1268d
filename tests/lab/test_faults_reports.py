# SPDX-License-Identifier: GPL-3.0-or-later
"""What others reported in public, replayed. docs/reports.rst says which report is which test."""

import contextlib
import os

import dns.dnssec
import dns.name

from . import ask, check, watch
from .daemons import Nsd, file_name, run
from .faults import QUICK, QUICK_MODULE, fault, keymgr, store_path
from .keys import twin
from .liar import HIGH_TTL, Liar
from .marks import bound, long_test
from .progress import Progress
from .stuck import stuck
from .test_faults_answers import answers
from .test_faults_chain import status
from .test_faults_parent import ds, to_await_ds
from .test_operator import commit
from .test_rollover import ZONE, module_world, start
from .wait import wait_until
from .world import CHILD_BIND, CHILD_NSD, KNOT, PARENT_BIND, PARENT_NSD

#: A secondary that only somebody's NS or glue record leads to.
OLD = "127.0.3.60"
#: Where a liar serves the parent.
UP = "127.0.2.60"
#: Delegated straight from the parent, with nothing at the name in between.
DEEP = "a.ent.test."
#: As RFC 2317 names it, and a zone whose parent is on the same servers.
SLASHED = "0/26.2.test."
SUB = f"sub.{ZONE}"
OPT_OUT = "nsec3param iterations 0 optout yes salt-length 0;"


def ask_again(case, what, address, seconds=30):
    """(status, detail) of the address in the last survey, when it is there."""
    return wait_until(lambda: answers(case, what).get(address), seconds, f"{address} is surveyed")


def update_parent(case, script):
    """The registrar changes something of the delegation."""
    case.world.agent._update(ZONE, script)


@bound(180)
def test_first_ds_below_a_parent_with_opt_out(directory):
    """That there is no DS is proven by the record that covers the name in between (RFC 5155 8.9)."""
    settings = {**QUICK, "zone_ttl": 16, "first_ds": False, "confdb": True,
                "module_settings": {**QUICK_MODULE, "ds-check-interval": 1}}
    with module_world(directory, zones=[DEEP], parent_denial=OPT_OUT, **settings) as (world, old), \
            Progress(world.knot, DEEP) as progress:
        for address in world.parent_servers().values():
            wait_until(lambda a=address: ask.rrset(a, "test.", "NSEC3PARAM"), 30, "NSEC3 at the parent")
        progress.wait_visited("observe", 90)
        progress.wait("idle", 60)
        assert world.ds_everywhere(DEEP, old[DEEP])
        wait_until(lambda: set(world.verdicts(DEEP).values()) == {watch.SECURE}, 40, "it is secure")
        world.agent.insert_ds(DEEP, [])
        # At rest the parent is asked once a day; a new key makes it check.
        wait_until(lambda: world.ds_everywhere(DEEP, []), 20, "no DS")
        start(world, DEEP)
        wait_until(lambda: progress.gate == "ds-removed", 30, "the gate ds-removed")
        world.assert_never_bogus()


@bound(150)
def test_glue_of_an_old_address(directory):
    with fault(directory, "The glue at the registry has an old address as well, where a server with the old "
               "zone still answers", parent_lines=[f"ns2.{ZONE} A {OLD}"]) as case:
        old = case.world.further_bind("old", OLD)
        with stuck(old):
            case.start()
            case.gate("dnskey-missing-at", OLD, "introduce")
            case.stays("introduce", 2 * case.world.dnskey_ttl, "the old server is there",
                       lambda: case.no_signals() and case.old_ds())
            case.did = "publishes both keys, does not signal, the DS stays"
            update_parent(case, f"update delete ns2.{ZONE} A {OLD}\n")
            case.finish("completed after the registrar removed the glue")


@long_test
@bound(150)
def test_nameserver_that_is_an_alias(directory):
    with fault(directory, "An NS record of the zone names an alias (CNAME) of a server that is stuck",
               child_lines=["@ NS alias.test."],
               parent_lines=["alias.test. CNAME old.test.", f"old.test. A {OLD}"]) as case:
        old = case.world.further_bind("old", OLD)
        with stuck(old):
            case.start()
            case.gate("dnskey-missing-at", OLD, "introduce")
            case.stays("introduce", 2 * case.world.dnskey_ttl, "the alias is stuck",
                       lambda: case.no_signals() and case.old_ds())
            case.did = "follows the alias: publishes both keys, does not signal, the DS stays"
        case.finish()


@long_test
@bound(150)
def test_balancer_over_a_stale_server(directory):
    with fault(directory, "Behind one address of a nameserver a balancer, and one server of two is stuck",
               module_settings={"nameserver": [CHILD_NSD, CHILD_BIND, OLD]}) as case:
        stale = case.world.further_bind("stale", "127.0.3.61")
        with Liar(OLD, CHILD_NSD, "by_turns") as liar:
            liar.other = stale.addresses[0]
            with stuck(stale):
                case.start()
                case.gate("dnskey-missing-at", OLD, "introduce")
                case.stays("introduce", 5 * case.world.dnskey_ttl, "one of two is stale",
                           lambda: case.no_signals() and case.old_ds())
                case.did = "names the address each time that it gets the old keys; does not signal, the DS stays"
            case.finish()


WRONG_SIDE = {"from_child": ("error", "from the child zone"), "referring": ("error", "not authoritative"),
              "no_such_name": ("error", "NXDOMAIN")}


@long_test
@bound(150)
def test_ds_from_the_wrong_side(directory):
    with contextlib.ExitStack() as stack:
        liar = stack.enter_context(Liar(UP, PARENT_NSD))
        liar.other = CHILD_NSD
        case = stack.enter_context(
            fault(directory, "A server of the parent answers DS out of the child zone, by a referral, with NXDOMAIN",
                  module_settings={"parent": [PARENT_BIND, PARENT_NSD, UP]}))
        case.world.agent.deaf = True
        case.start()
        case.progress.wait("await-ds")
        for mode, (verdict, words) in WRONG_SIDE.items():
            liar.mode = mode
            found = wait_until(lambda v=verdict, w=words: (lambda s: s[0] == v and w in s[1] and s)(
                answers(case, "parent").get(UP, ("", ""))), 30, f"{mode} is {verdict}")
            print(f"{mode}: {found}")
            case.stays("await-ds", 3, mode, lambda: case.both_keys() and not case.no_signals())
        case.world.agent.deaf = False
        case.gate("parent-error", UP, "await-ds")
        case.stays("await-ds", case.world.ds_ttl + 2, "one server answers from the wrong side",
                   lambda: case.both_keys() and not case.no_signals())
        case.did = "does not take it for a DS that was removed: keeps signalling, both keys stay"
        liar.mode = "honest"
        case.finish()


@long_test
@bound(300)
def test_parent_zone_goes_bogus(directory):
    with fault(directory, "The parent zone itself becomes bogus for all resolvers in observe, and recovers",
               secure=False, above_ttl=3, module_settings={"observe": 30}) as case:
        case.start()
        case.gate(("waiting-ds-ttl", "waiting-observe"), state="observe", bound=60)
        case.world.set_parent_ds(False)
        wait_until(lambda: case.world.watch.counts("fresh")[watch.SERVFAIL], 30, "resolvers see it")
        case.gate(("bogus-at", "discovery-failed", "parent-error", "parent-insecure"), state="observe", bound=60)
        case.stays("observe", 40, "the parent is bogus", lambda: case.both_keys() and case.no_signals())
        case.did = "asks for no DS, since the zone is not the cause; both keys stay"
        case.world.set_parent_ds(True)
        case.over(200)
        check.rolled(case.world, ZONE, case.old)
        case.ended = "completed by itself"


@long_test
@bound(150)
def test_names_in_any_case(directory):
    """Owners and signers: RFC 4034 6.2 has them in lower case where a signature or a digest is computed."""
    with fault(directory, "Servers of zone and parent spell names in upper and lower case") as case:
        case.world.child_bind.stop()
        case.world.parent_nsd.stop()
        with Liar(CHILD_BIND, CHILD_NSD, "mixed_case"), Liar(PARENT_NSD, PARENT_BIND, "mixed_case"):
            answer = ask.ask(CHILD_BIND, ZONE, "DNSKEY").to_text()
            assert "Example.Test." in answer, answer
            case.start()
            case.did = "accepts them"
            case.finish()


@bound(150)
def test_transfer_that_loses_cds(directory):
    with fault(directory, "A secondary loses CDS in the transfer and keeps CDNSKEY, or fails at CDS",
               module_settings={"nameserver": [CHILD_NSD, CHILD_BIND, OLD]}) as case:
        with Liar(OLD, CHILD_NSD, "without_cds") as liar:
            case.world.agent.deaf = True
            case.start()
            case.progress.wait("signal")
            case.gate("bogus-at", OLD, "signal")
            case.stays("signal", 2 * case.world.dnskey_ttl, "no CDS", case.both_keys)
            liar.mode = "failing_at_cds"
            case.gate("child-error", OLD, "signal")
            case.stays("signal", 2 * case.world.dnskey_ttl, "no CDS", case.both_keys)
            case.did = "waits in signal, and says which server; both keys stay"
            liar.mode = "honest"
            case.world.agent.deaf = False
            case.finish()


@contextlib.contextmanager
def frozen(case, address, zone=ZONE, source=KNOT):
    """NSD with a copy of the zone as it is now. Unlike BIND it does not ask for EXPIRE (RFC 7314), which Knot sets to
    the time until the first signature expires."""
    world = case.world
    text = run(["kdig", f"@{source}", "-y", world.transfer_key.kdig(), zone, "AXFR", "+noall", "+answer"]).stdout
    # The SOA record ends the answer as well.
    text = "\n".join(dict.fromkeys(text.splitlines())) + "\n"
    server = Nsd("frozen", world.dir, [address], {})
    server.zones = {zone: {"file": server.write(file_name(zone), text)}}
    server.start()
    try:
        yield server
    finally:
        server.stop()


@long_test
@bound(180)
def test_signatures_expire_at_one_secondary(directory):
    short = {"rrsig-lifetime": 40, "rrsig-refresh": 25, "rrsig-pre-refresh": 1}
    with fault(directory, "A secondary is stuck for longer than its signatures are valid", policy=short) as case:
        to_await_ds(case)
        case.world.child_bind.stop()
        with frozen(case, CHILD_BIND):
            line = case.gate("bogus-at", CHILD_BIND, bound=60)
            assert "expired" in line["detail"], line
            wait_until(case.no_signals, 30, "the signals are withdrawn")
            case.did = "names the server and the reason, withdraws the signals; both keys stay"
        case.world.agent.deaf = False
        case.world.child_bind.launch()
        case.finish()


@long_test
@bound(150)
def test_ds_of_the_zsk(directory):
    with fault(directory, "The registrar gets the ZSK besides the new KSK") as case:
        new = to_await_ds(case)
        zsks = [key for key in ask.rrset(KNOT, ZONE, "DNSKEY") if not key.flags & ask.SEP]
        case.world.agent.insert_ds(ZONE, ds([*new, *zsks]))
        case.gate("ds-foreign-at", state="await-ds")
        case.stays("await-ds", case.world.ds_ttl + 2, "the DS of the ZSK is there", case.both_keys)
        case.did = "waits in await-ds, both keys stay"
        case.world.agent.insert_ds(ZONE, ds(new))
        case.finish("completed when that DS was gone")


@long_test
@bound(150)
def test_parent_makes_a_ds_of_each_digest_type(directory):
    with fault(directory, "The parent makes DS records with SHA-1, SHA-256 and SHA-384 of the new key") as case:
        new = to_await_ds(case)
        name = dns.name.from_text(ZONE)
        sha1 = [dns.dnssec.make_ds(name, key, "SHA1", policy=dns.dnssec.allow_all_policy).to_text()
                for key in new]
        records = sorted(sha1 + ds(new) + ds(new, "SHA384"))
        case.world.agent.insert_ds(ZONE, records)
        case.did = "accepts them: each names the new key"
        case.over()
        assert ask.ds_set(PARENT_BIND, ZONE) == ask.ds_set(PARENT_NSD, ZONE) == records
        check.old_ds_ran_out(case.world, ZONE)
        case.ended = "completed by itself"


@bound(150)
def test_zone_is_deleted_and_made_again(directory):
    with fault(directory, "The zone is purged with its keys and made again in await-ds", secure=False) as case:
        to_await_ds(case)
        case.world.rightly_broken("the zone is made again with other keys, without a DS")
        case.knotc("-f", "zone-purge", ZONE, "+kaspdb", "+journal", "+timers")
        case.knotc("zone-reload", ZONE)
        wait_until(lambda: len(ask.ksks(KNOT, ZONE)) == 1 and ask.ksks(KNOT, ZONE) != case.old, 30,
                   "a key that nobody knows")
        only = ask.ksks(KNOT, ZONE)
        case.gate("chain-broken", bound=60)
        assert " error: " in case.logged("waits (chain-broken)"), "an outage is an error"
        assert case.world.ds_everywhere(ZONE, case.old)
        wait_until(lambda: status(case)[1], 20, "status --blocked has the zone")
        case.did = "reports an error; it cannot help"
        case.world.agent.insert_ds(ZONE, ds(only))
        wait_until(lambda: case.progress.state == "idle" and case.progress.gate == "none", 90,
                   "the gate is gone")
        case.ended = "fixed by the DS of the key in the zone at the registrar"


@long_test
@bound(150)
def test_secondary_raises_the_ttl(directory):
    with fault(directory, f"A secondary serves the DNSKEY with a TTL of its own, {HIGH_TTL} s") as case:
        case.world.child_bind.stop()
        with Liar(CHILD_BIND, CHILD_NSD, "high_ttl"):
            assert ask.rrset(CHILD_BIND, ZONE, "DNSKEY").ttl == HIGH_TTL
            case.start()
            case.over()
            case.did = "counts the signed TTL, as caches do"
            # The other secondary may get the low TTL a moment later than Knot.
            assert not any(line["gate"] == "ttl-high-at" and CHILD_BIND in line["server"] for line in case.waits()), case.waits()
            case.ended = "completed by itself"


@long_test
@bound(180)
def test_zone_with_a_slash_in_its_name(directory):
    """The name is in commands of the control socket, in the store, in paths and in what kskroll prints."""
    settings = {**QUICK, "module_settings": QUICK_MODULE}
    with module_world(directory, zones=[SLASHED], **settings) as (world, old), \
            Progress(world.knot, SLASHED) as progress:
        progress.wait("idle", 30)
        start(world, SLASHED)
        progress.wait("observe", 90)
        program = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
        for command in (("status", SLASHED), ("plan", SLASHED), ("history", SLASHED.rstrip("."))):
            done = run([program, "--db", store_path(world), *command])
            assert done.returncode == 0 and SLASHED in done.stdout, (command, done)
        progress.wait_visited("settle", 60)
        progress.wait("idle", 30)
        check.rolled(world, SLASHED, old[SLASHED])
        check.signals_followed_keys(world, SLASHED)
        world.assert_secure()


def set_ds(world, keys):
    """The parent is a zone of the same server."""
    world.knot.knotc("zone-begin", ZONE)
    world.knot.knotc_ok("zone-unset", ZONE, "sub", "DS")
    for record in ask.ds_of(SUB, keys):
        world.knot.knotc("zone-set", ZONE, "sub", str(world.ds_ttl), "DS", record)
    world.knot.knotc("zone-commit", ZONE)


@long_test
@bound(240)
def test_parent_and_child_on_the_same_servers(directory):
    """No server of the parent refers to the child; both roll at the same time."""
    lines = [f"sub NS ns1.{SUB}", f"sub NS ns2.{SUB}", f"ns1.{SUB} A {CHILD_NSD}", f"ns2.{SUB} A {CHILD_BIND}"]
    # Otherwise what zone-set brings is lost when a policy is switched.
    settings = {**QUICK, "zone_ttl": 4, "first_ds": [ZONE], "module_settings": QUICK_MODULE,
                "template": {"zonefile-sync": 0}}
    with module_world(directory, zones=[ZONE, SUB], child_lines=lines, **settings) as (world, old), \
            Progress(world.knot, ZONE) as progress, Progress(world.knot, SUB) as below:
        below.wait("await-ds", 60)
        set_ds(world, old[SUB])
        below.wait_visited("settle", 60)
        below.wait("idle", 30)
        wait_until(lambda: set(world.verdicts(SUB).values()) == {watch.SECURE}, 40, "it is secure")
        for zone in (ZONE, SUB):
            start(world, zone)
        below.wait("await-ds", 60)
        new = [key for key in ask.ksks(KNOT, SUB) if key not in old[SUB]]
        set_ds(world, new)
        for one in (below, progress):
            one.wait_visited("settle", 90)
            one.wait("idle", 30)
        assert ask.ksks(KNOT, SUB) == new
        check.rolled(world, ZONE, old[ZONE])
        world.assert_never_bogus()


@long_test
@bound(150)
def test_salt_changes_all_the_time(directory):
    """Each answer has its own chain of NSEC3, and secondaries have that of another version."""
    policy = {"nsec3": True, "nsec3-iterations": 0, "nsec3-salt-length": 8, "nsec3-salt-lifetime": 3}
    with fault(directory, "The zone has NSEC3, and Knot changes the salt every three seconds", policy=policy) as case:
        salts = set()
        case.start()
        case.progress.wait("observe", 60)
        wait_until(lambda: salts.add(ask.rrset(KNOT, ZONE, "NSEC3PARAM")[0].salt) or len(salts) > 1, 20, "another salt")
        case.did = "accepts each chain"
        case.finish()


@long_test
@bound(240)
def test_zsk_is_rolled_when_a_ksk_is_due(directory):
    """Knot rolls one key after the other: it ignores the order."""
    with fault(directory, "A ZSK is being rolled when the module orders a KSK, and another is ordered in observe",
               zone_ttl=15, confdb=True) as case:
        before = zsks()
        case.knotc("zone-key-rollover", ZONE, "zsk")
        wait_until(lambda: zsks() - before, 10, "a new ZSK")
        commit(case.world, ("conf-set", "mod-kskroll[default].ksk-lifetime", "20"))
        case.gate("knot-no-new-key", state="introduce", bound=90)
        commit(case.world, ("conf-set", "mod-kskroll[default].ksk-lifetime", "0"))
        case.progress.wait("observe", 150)
        case.did = "orders it again until Knot makes one; meanwhile Knot rolls no ZSK"
        case.knotc("zone-key-rollover", ZONE, "zsk")
        case.logged("ignoring forced ZSK rollover due to running rollover")
        case.finish()


def zsks():
    """Key tags of the ZSKs."""
    return {dns.dnssec.key_id(key) for key in ask.rrset(KNOT, ZONE, "DNSKEY") if not key.flags & ask.SEP}


@long_test
@bound(200)
def test_nameserver_is_added_with_an_old_zone(directory):
    with fault(directory, "A nameserver is added in observe that has the zone of before the rollover",
               template={"zonefile-sync": 0}, module_settings={"observe": 20}) as case, frozen(case, OLD):
        case.start()
        case.progress.wait("observe", 60)
        change_nameserver(case, "zone-set")
        case.gate("dnskey-missing-at", OLD, "observe", bound=90)
        case.stays("observe", 20, "it has the old zone", case.both_keys)
        case.did = "asks it as well, keeps both keys"
        change_nameserver(case, "zone-unset")
        case.finish("completed after the nameserver was removed")


def change_nameserver(case, command):
    """Adds or removes ns3."""
    case.knotc("zone-begin", ZONE)
    case.knotc(command, ZONE, "@", *["4"] * (command == "zone-set"), "NS", f"ns3.{ZONE}")
    case.knotc(command, ZONE, "ns3", *["4"] * (command == "zone-set"), "A", OLD)
    case.knotc("zone-commit", ZONE)


@long_test
@bound(150)
def test_ksk_with_the_tag_of_the_zsk(directory):
    with fault(directory, "The next KSK has the key tag of the ZSK") as case:
        zsk = next(key for key in ask.rrset(KNOT, ZONE, "DNSKEY") if not key.flags & ask.SEP)
        path = os.path.join(directory, "twin.pem")
        with open(path, "w", encoding="ascii") as file:
            file.write(twin(zsk))
        # Without times it would be in use at once.
        keymgr(case.world, "import-pem", path, "algorithm=13", "ksk=yes", "created=+0", "publish=+0", "ready=+1y",
               "active=+1y")
        case.knotc("zone-keys-load", ZONE)
        case.progress.wait("observe", 60)
        assert zsks() & set(case.world.ksk_tags(ZONE)), (zsks(), case.world.ksk_tags(ZONE))
        case.did = "tells them apart"
        case.finish()


@long_test
@bound(300)
def test_server_of_the_parent_is_added_with_the_old_ds(directory):
    with fault(directory, "The parent gets one more server in observe, and that one has the old DS", above_ttl=3,
               module_settings={"observe": 20}) as case, frozen(case, UP, "test.", PARENT_BIND):
        case.start()
        case.progress.wait("observe", 60)
        update_parent(case, f"update add test. 3 NS ns3.test.\nupdate add ns3.test. 3 A {UP}\n")
        assert "ds-stale-at" in case.logged("observe -> ", 90)
        case.gate("ds-stale-at", UP, "await-ds", bound=60)
        case.stays("await-ds", case.world.ds_ttl + 2, "one server has the old DS", case.both_keys)
        case.did = "asks it as well, signals again, keeps both keys"
        update_parent(case, f"update delete test. NS ns3.test.\nupdate delete ns3.test. A {UP}\n")
        case.finish("completed after that server was removed")


@long_test
@bound(200)
def test_keys_that_need_tcp(directory):
    with fault(directory, "Keys of RSA with 4096 bits: no DNSKEY answer fits into UDP",
               policy={"algorithm": "rsasha256", "ksk-size": 4096}) as case:
        case.start()
        case.progress.wait("observe", 90)
        assert len(ask.ask(CHILD_BIND, ZONE, "DNSKEY").to_wire()) > 2048
        case.did = "asks over TCP"
        case.finish()

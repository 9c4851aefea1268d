#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll check-skr: test_cli_skr.py KSKROLL CLI_STORE SOURCE"""

import re

from cli_case import CliCase, DAY, HOUR, NOW, main
from skr_maker import Key, Set, TTL, response

ZONE = "example.test."
OLD, NEW, ZSK = Key(), Key(), Key(flags=256)
WEEK = 7 * DAY
#: DS of no key of the response.
STRANGE = "1 13 2 " + 64 * "a"


def steady(count=4, start=NOW - DAY, key=OLD, **how):
    """Sets of one KSK, a week apart."""
    return [Set(start + n * WEEK, [key], [ZSK], **how) for n in range(count)]


def rollover(phase=2 * DAY, wait=2 * HOUR, signals=True):
    """From OLD to NEW: \\a wait after NEW has come its CDS, \\a phase after NEW has come OLD goes."""
    begin = NOW + DAY
    return [Set(NOW - DAY, [OLD], [ZSK]),
            Set(begin, [OLD, NEW], [ZSK]),
            Set(begin + wait, [OLD, NEW], [ZSK], signals=[NEW] if signals else []),
            Set(begin + phase, [NEW], [ZSK]),
            Set(begin + phase + WEEK, [NEW], [ZSK])]


class CheckSkr(CliCase):
    def found(self, sets, *args, code=None, text=None, **more):
        """(check, level) of the findings."""
        text = text if text is not None else response(ZONE, sets)
        out = self.call("check-skr", "-", "--json", *args, text=text, **more)
        self.assertEqual(out.stderr, "")
        self.last = self.json("check-skr", "-", *args, text=text, code=out.returncode, **more)
        levels = [finding["level"] for finding in self.last["findings"]]
        worst = max([("note", "warning", "critical").index(level) for level in levels], default=0)
        self.assertEqual((out.returncode, self.last["result"]), (worst, ("ok", "warning", "critical")[worst]))
        if code is not None:
            self.assertEqual(out.returncode, code)
        return [(finding["check"], finding["level"]) for finding in self.last["findings"]]

    def malformed(self, words, text, line=None):
        """The file is no response, and it is said why, and where."""
        self.assertEqual(self.found([], text=text), [("malformed", "critical")])
        detail = self.last["findings"][0]["detail"]
        self.assertRegex(detail, words)
        if line is not None:
            self.assertTrue(detail.startswith(f"line {line}: "), detail)
        self.assertEqual((self.last["zone"], self.last["sets"]), (None, []))

    def test_a_good_response_has_no_findings(self):
        self.assertEqual(self.found(steady()), [])
        self.assertEqual((self.last["zone"], self.last["until"]), (ZONE, NOW - DAY + 3 * WEEK + 14 * DAY))
        self.assertEqual(self.found(rollover(), "--zone", "EXAMPLE.test"), [])
        third = self.last["sets"][2]
        self.assertEqual(third, {"from": NOW + DAY + 2 * HOUR, "until": NOW + 15 * DAY + 2 * HOUR, "dnskey_ttl": TTL,
                                 "ksk": [OLD.tag, NEW.tag], "signed_by": [OLD.tag, NEW.tag], "zsks": 1,
                                 "cds": [NEW.tag], "cdnskey": [NEW.tag]})
        # Before, during and after the rollover.
        self.assertEqual(self.found(rollover(), "--ds", OLD.ds(ZONE)), [("ds-must-change", "note")])
        self.assertEqual(self.found(rollover(), "--ds", OLD.ds(ZONE) + "\n" + NEW.ds(ZONE)), [])
        self.assertEqual(self.found(rollover()[1:], "--ds", OLD.ds(ZONE), "--ds", f"{ZONE} 1 IN DS {NEW.ds(ZONE, 'SHA384')}"),
                         [("starts-later", "note")])

    def test_it_is_said_for_people(self):
        lines = self.ok("check-skr", "-", text=response(ZONE, rollover())).splitlines()
        self.assertRegex(lines[0], r"^OK - example\.test\. 5 sets from 2027-01-14T\S+Z, signed until 2027-02-\S+Z: 0 critical, ")
        self.assertRegex(lines[2], r"^FROM +SIGNED UNTIL +SIGNED BY +ZSKS +CDS +CDNSKEY$")
        self.assertEqual(len(lines), 3 + 5)
        self.assertRegex(lines[5], rf"^2027-01-16T\S+Z +2027-01-30T\S+Z +{OLD.tag} {NEW.tag} +1 +{NEW.tag} +{NEW.tag}$")
        jump = response(ZONE, [*steady(2), *steady(2, NOW + 2 * WEEK, NEW)])
        lines = self.ok("check-skr", "-", text=jump, code=2).splitlines()
        self.assertTrue(lines[0].startswith("CRITICAL - example.test. 4 sets"), lines[0])
        self.assertRegex(lines[1], rf"^critical +2027-01-29\S+Z +no-shared-phase +all KSKs .*; KSK {OLD.tag} until then")

    def test_each_set_is_signed_by_a_ksk_of_it(self):
        sets = steady()
        sets[1].signers = [NEW]
        self.assertEqual(self.found(sets), [("not-signed", "critical")])
        self.assertEqual(self.last["findings"][0]["at"], sets[1].start)
        sets[1].signers, sets[1].inception = [OLD], 1  # Not yet.
        self.assertEqual(self.found(sets), [("not-signed", "critical")])
        sets[1].inception, sets[1].lasts = -5400, -1  # Not any more.
        self.assertEqual(self.found(sets), [("not-signed", "critical")])
        text = response(ZONE, steady())
        forged = text.replace(OLD.rdata.to_text()[-20:], NEW.rdata.to_text()[-20:])
        self.assertIn("not-signed", dict(self.found([], text=forged)))
        sets = steady()
        sets[2].ksks, sets[2].signers = [ZSK], [ZSK]
        self.assertEqual(self.found(sets), [("no-ksk", "critical")])
        sets = steady()
        sets[3].zsks = []
        self.assertEqual(self.found(sets), [("no-zsk", "critical")])
        # A spare KSK only waits.
        sets = steady()
        for one in sets:
            one.ksks, one.signers = [OLD, NEW], [OLD]
        self.assertEqual(self.found(sets), 4 * [("ksk-not-signing", "note")])

    def test_a_revoked_key_is_no_ksk(self):
        sets = steady()
        sets[0].ksks = [Key(flags=257 | 128)]
        sets[0].signers = sets[0].ksks
        self.assertEqual(self.found(sets)[0], ("no-ksk", "critical"))

    def test_there_is_no_gap_between_sets(self):
        self.assertEqual(self.found(steady(lasts=WEEK - 1)), 3 * [("gap", "critical")])
        self.assertRegex(self.last["findings"][0]["detail"], "they end at 2027-01-21T")
        self.assertEqual(self.found(steady(lasts=WEEK + TTL - 1)), 3 * [("short-overlap", "warning")])
        self.assertEqual(self.found(steady(lasts=WEEK + TTL)), [])
        # The first of two signatures to end counts: the DS may name that key alone.
        sets = [Set(NOW - DAY, [OLD, NEW], [ZSK]), Set(NOW + WEEK, [OLD, NEW], [ZSK])]
        short = Set(NOW - DAY, [OLD, NEW], [ZSK], signers=[NEW], lasts=2 * DAY).text(ZONE)
        text = response(ZONE, sets)
        lasting = re.search(rf"^.* RRSIG .* {NEW.tag} example.*\n", text, re.M).group()
        other = re.search(rf"^.* RRSIG .* {NEW.tag} example.*\n", short, re.M).group()
        self.assertEqual(self.found([], text=text.replace(lasting, other, 1)), [("gap", "critical")])
        # The last of two of one key counts.
        self.assertEqual(self.found([], text=text.replace(lasting, lasting + other, 1)), [])

    def test_old_and_new_ksk_share_a_phase(self):
        self.assertEqual(self.found([*steady(2), *steady(2, NOW + 2 * WEEK, NEW)]), [("no-shared-phase", "critical")])
        self.assertEqual(self.found(rollover(phase=DAY + HOUR, wait=HOUR)), [])
        self.assertEqual(self.found(rollover(phase=DAY + HOUR - 1, wait=HOUR)), [("short-shared-phase", "warning"), ("cds-late", "warning")])
        self.assertEqual(self.last["findings"][0]["detail"], "1 d 0 h, the DNSKEY TTL is 1 h 0 min, the DS TTL 1 d 0 h")
        self.assertEqual(self.found(rollover(phase=DAY, wait=HOUR), "--ds-ttl", "23h"), [])
        self.assertEqual(self.found(rollover(wait=10, phase=HOUR - 1, signals=False), "--ds", NEW.ds(ZONE), "--ds", OLD.ds(ZONE)),
                         [("short-shared-phase", "critical")])
        # The TTL of the set before it counts.
        sets = rollover(phase=DAY + HOUR)
        sets[0].ttl = 2 * HOUR
        self.assertEqual(self.found(sets), [("short-shared-phase", "warning"), ("cds-late", "warning")])
        # One that is there from the beginning may be old.
        self.assertEqual(self.found(rollover()[1:]), [("starts-later", "note")])
        # A new one that goes again replaces nothing.
        abort = rollover(signals=False)
        abort[3].ksks = abort[4].ksks = abort[3].signers = abort[4].signers = [OLD]
        self.assertEqual(self.found(abort), [])

    def test_the_parent_is_asked_before_the_old_ksk_goes(self):
        self.assertEqual(self.found(rollover(signals=False)), [("no-cds", "warning")])
        self.assertEqual(self.found(rollover(signals=False), "--ds", OLD.ds(ZONE)), [("ds-must-change", "warning")])

    def test_the_old_ds_expires_before_the_old_ksk_goes(self):
        self.assertEqual(self.found(rollover(wait=DAY + 1)), [("cds-late", "warning")])
        self.assertEqual(self.last["findings"][0]["detail"], f"KSK {NEW.tag}, 23 h 59 min before, the DS TTL is 1 d 0 h")
        self.assertEqual(self.last["findings"][0]["at"], NOW + 3 * DAY)
        self.assertEqual(self.found(rollover(wait=DAY)), [])
        self.assertEqual(self.found(rollover(wait=DAY + 1), "--ds-ttl", "23h"), [])
        self.assertEqual(self.found(rollover(wait=DAY + 1), "--ds", OLD.ds(ZONE)), [("cds-late", "warning"), ("ds-must-change", "note")])
        # The parent has it already.
        self.assertEqual(self.found(rollover(wait=DAY + 1), "--ds", NEW.ds(ZONE), "--ds", OLD.ds(ZONE)), [])

    def test_signals_name_keys_that_caches_have(self):
        self.assertEqual(self.found(rollover(wait=HOUR - 1)), [("cds-early", "critical")])
        self.assertEqual(self.found(rollover(wait=HOUR)), [])
        sets = rollover(wait=HOUR - 1)
        sets[2].signals = sets[2].cdnskey = [OLD, NEW]
        self.assertEqual(self.found(sets), [])
        sets = rollover()
        sets[2].signals = [OLD]
        self.assertEqual(self.found(sets), [("cds-differs", "critical")])
        sets = rollover()
        sets[2].cds_signers = []
        self.assertEqual(self.found(sets), [("cds-not-signed", "critical")])
        sets = rollover()
        sets[0].signals = sets[0].cdnskey = [NEW]
        self.assertIn(("cds-without-key", "critical"), self.found(sets))
        sets = steady()
        sets[0].signals, sets[0].cdnskey = [STRANGE], []
        self.assertEqual(self.found(sets), [("cds-without-key", "critical")])
        sets[0].signals = ["0 0 0 00"]
        self.assertEqual(self.found(sets), [("cds-removes", "warning")])
        sets = rollover()
        sets[2].signers = sets[2].cds_signers = [OLD]
        self.assertIn(("cds-without-key", "critical"), self.found(sets))

    def test_the_ds_fits_the_set_in_force(self):
        self.assertEqual(self.found(steady(), "--ds", STRANGE), [("ds-without-key", "critical")])
        self.assertEqual(self.found(steady(), "--ds", f"{STRANGE}\n{OLD.ds(ZONE)}\n"), [("ds-foreign", "warning")])
        # The first sets are over.
        sets = rollover()
        for one in sets:
            one.start -= 6 * DAY
        self.assertEqual(self.found(sets, "--ds", NEW.ds(ZONE)), [])
        self.assertEqual(self.found(sets, "--ds", OLD.ds(ZONE)), [("ds-without-key", "critical")])

    def test_when_it_begins_and_ends(self):
        self.assertEqual(self.found(steady(start=NOW + 1)), [("starts-later", "note")])
        self.assertEqual(self.found(steady(1, start=NOW - WEEK)), [])
        self.assertEqual(self.found(steady(1, start=NOW - WEEK - 1)), [("ends-soon", "warning")])
        self.assertEqual(self.found(steady(1, start=NOW - 2 * WEEK)), [("expired", "critical")])

    def test_a_response_for_another_zone(self):
        self.assertEqual(self.found(steady(), "--zone", "other.test"), [("other-zone", "critical")])
        self.assertEqual(self.found([], "--zone", ".", text=response(".", steady())), [])
        text = response(ZONE, steady())
        self.malformed("another zone", text.replace(f"{ZONE} 3600 IN DNSKEY 256", "x.test. 3600 IN DNSKEY 256", 1), 3)

    def test_what_is_no_response(self):
        good = response(ZONE, steady())
        self.malformed("no line with", "")
        self.malformed("no line with", "root:x:0:0:root:/root:/bin/sh\n")
        self.malformed("a request", good.replace("SignedKeyResponse", "KeySigningRequest"))
        self.malformed("no set", good[good.rindex(";;"):])
        self.malformed("cut", good[:good.rindex(";;")])
        self.malformed("unclosed", good.replace("\n;;", f"\n{ZONE} 3600 IN DNSKEY ( 256 3 13 AAAA\n;;", 1))
        self.malformed("behind its last line", good + good)
        self.malformed("outside of the sets", f"{ZONE} 1 IN DNSKEY {OLD.rdata.to_text()}\n" + good, 1)
        self.malformed("outside of the sets", good + f"{ZONE} 1 IN DNSKEY {OLD.rdata.to_text()}\n")
        self.malformed("includes another file", good.replace(f"\n{ZONE}", f"\n$INCLUDE /etc/passwd\n{ZONE}", 1), 2)
        for other in f"{ZONE} 1 IN A 192.0.2.1", f"{ZONE} 1 IN SOA . . 1 1 1 1 1", f"{ZONE} 1 CH DNSKEY {OLD.rdata.to_text()}", \
                f"{ZONE} 1 IN RRSIG A 13 2 3600 20300101000000 20200101000000 1 {ZONE} AAAA", f"{ZONE} 1 IN RRSIG \\# 2 0030":
            self.malformed("is not DNSKEY|unsupported record type", good.replace("\n;;", f"\n{other}\n;;", 1))
        self.malformed("different TTLs", good.replace("3600 IN DNSKEY 257", "3601 IN DNSKEY 257", 1))
        self.malformed("not later", response(ZONE, [*steady(2), *steady(1)]))
        self.malformed("malformed", good.replace(f"DNSKEY {OLD.rdata.to_text()}", "DNSKEY 257 3 13 AAAA"))

    def test_keymgr_and_kskroll_read_the_same_sets(self):
        """keymgr begins a set at each such comment, wherever it is."""
        good = response(ZONE, steady())
        for how in (good.replace("\n;;", "\n ;;", 1), good.replace("\n;;", "\n;", 1), good.replace(";; Signed", ";;Signed"),
                    good.replace(";; Signed", ";;  Signed"), good.replace("1.0", "one", 1), good.replace("1.0", "2.0", 1),
                    good.replace("\n", " ;; SignedKeyResponse 1.0 1900000000 x\n", 2), good.replace("1.0 1", "1.0 x", 1),
                    re.sub("1.0 [0-9]+", "1.0 20300101000000", good, count=1), re.sub("1.0 [0-9]+", "1.0 0", good, count=1)):
            self.assertNotEqual(how, good)
            self.malformed("is not as keymgr prints it|has no time", how)

    def test_the_work_is_bounded(self):
        good = steady(1)[0].text(ZONE)
        self.malformed("too large", good + ";" * (4 << 20))
        keys = [Key() for _ in range(17)]
        self.malformed("too many KSKs", response(ZONE, [Set(NOW, keys, [ZSK])]))
        more = [f"{ZONE} 3600 IN DNSKEY 256 3 {algorithm} AAAA" for algorithm in range(100, 140)]
        self.malformed("too many records", response(ZONE, [Set(NOW, [OLD], [ZSK], extra=more)]))
        signature = re.search(r"^.* RRSIG .*$", good, re.M).group()
        more = [signature.replace(" 13 2 3600", f" {algorithm} 2 3600") for algorithm in range(100, 160)]
        self.malformed("too many records", response(ZONE, [Set(NOW, [OLD], [ZSK], extra=more)]))
        head = "\n".join(f";; SignedKeyResponse 1.0 {1000 + n} x" for n in range(1025))
        self.malformed("too many sets", head + "\n" + good)

    def test_wrong_usage_and_errors_are_unknown(self):
        self.bad(3, "check-skr")
        self.bad(3, "check-skr", "a", "b")
        self.bad(3, "check-skr", "/nonexistent")
        self.bad(3, "check-skr", "/")
        self.bad(3, "check-skr", "-", "--zone", "a..b")
        self.bad(3, "check-skr", "-", "--blocked")
        for ds in "x", "", "1 13 2", f"{OLD.ds(ZONE)} x", "1 13 2 " + 5000 * "a", "$INCLUDE /etc/passwd":
            self.bad(3, "check-skr", "-", "--ds", ds, text=response(ZONE, steady()))
        self.bad(3, "check-skr", "-", *(9 * ["--ds", OLD.ds(ZONE)]))


if __name__ == "__main__":
    main()

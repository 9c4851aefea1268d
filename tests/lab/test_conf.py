# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration may say: conf-check rejects it, or the zone is observed only."""

import json
import os
import re
import time

from .daemons import render, run
from .faults import store_path
from .marks import bound
from .progress import Progress
from .wait import wait_until
from .world import World, module_path

ZONE = "example.test."

#: item, value, what the one sentence has to contain.
WRONG = [
    ("ttl", "4m", "ttl is 240s, must be between 5m and 15m"),
    ("ttl", "16m", "ttl is 960s, must be between 5m and 15m"),
    ("lead", "59m", "lead is 3540s, must be 1h at least"),
    ("observe", "10m", "observe is 600s, must be 1h at least"),
    ("settle", "1h", "settle is 3600s, must be 1d at least"),
    ("check-interval", "5s", "check-interval is 5s, must be between 1m and 1d"),
    ("check-interval", "2d", "check-interval is 172800s, must be between 1m and 1d"),
    ("ds-check-interval", "30s", "ds-check-interval is 30s, must be between 1m and 1d"),
    ("unreachable-after", "10m", "unreachable-after is 600s, must be 1h at least"),
    ("ksk-lifetime", "2d", "ksk-lifetime is 172800s, must be 0 or settle plus 7d at least"),
    ("start-window", '"Mon 9-15"', "start-window 'Mon 9-15' must be days, hours and a time zone, as in"),
    ("start-window", '"Mon 09:00-15:00 Europe/Bonn"', "the time zone 'Europe/Bonn', which is not in /usr/share/zoneinfo: correct it"),
    ("start-window", [f'"{hour:02}:00-24:00"' for hour in range(17)], "start-window has more than 16 values"),
    ("start-window", ['"01:00-02:00 ../../../etc/passwd"'], "start-window '01:00-02:00 ../../../etc/passwd' must be"),
    ("no-start", '"2026-02-29"', "no-start '2026-02-29' must be dates and a time zone, as in"),
    ("no-start", '"12-24 Europe/Bonn"', "the time zone 'Europe/Bonn', which is not in /usr/share/zoneinfo"),
    ("no-start", [f'"{month:02}-{day:02}"' for month in (1, 2) for day in range(1, 18)], "no-start has more than 32 values"),
    ("max-rolling", "1000001", "max-rolling"),
    ("max-rolling-parent", "-1", "max-rolling-parent"),
    ("notify-again", "9m", "notify-again is 540s, must be between 10m and 7d"),
    ("notify-again", "8d", "notify-again is 691200s, must be between 10m and 7d"),
    ("parent-rate", "0", "parent-rate"),
    ("parent-rate", "1001", "parent-rate"),
    ("nameserver", "/run/socket", "nameserver must be an IP address"),
    ("parent", "/run/socket", "parent must be an IP address"),
    ("resolver", "/run/socket", "resolver must be an IP address"),
    ("trust-anchor", "root.key", "trust-anchor 'root.key' must be an absolute path"),
    ("root-hints", "hints", "root-hints 'hints' must be an absolute path"),
    ("storage", "db", "storage 'db' must be an absolute path"),
    ("caches-expired", "example.test", "must be a zone and a time"),
    ("caches-expired", '"example.test 2026-11-28"', "must be a zone and a time"),
    ("caches-expired", '"example..test 2026-11-28T10:00:00Z"', "must be a zone and a time"),
    ("hold", "maybe", "hold"),
    ("delegations", "on", "delegations"),
    ("accept", "ds", "accept"),
    ("bootstrap", "on", "bootstrap"),
    ("ds-max", "17", "ds-max"),
    ("delegation-batch", "0", "delegation-batch"),
    ("scan-rate", "0", "scan-rate"),
    ("delegation-lock", "a..b", "delegation-lock"),
    ("notify-listen", "/run/socket", "notify-listen must be an IP address"),
    ("notify-listen", "0.0.0.0", "notify-listen must be an address of this host, not all of them"),
    ("notify-listen", ["127.0.0.1", "::@5359"], "notify-listen must be an address of this host, not all of them"),
    ("notify-listen", [f"127.0.0.{n}" for n in range(1, 18)], "notify-listen has 17 addresses, must be 16 at most"),
    ("hold-down", "31d", "hold-down is 2678400s, must be between 0 and 30d"),
    ("scan-interval", "59m", "scan-interval is 3540s, must be between 1h and 30d"),
    ("scan-interval", "8d", "scan-interval-notifying is 604800s, must be scan-interval (691200s) at least"),
    ("scan-interval-notifying", "31d", "scan-interval-notifying is 2678400s, must be between 1h and 30d"),
    ("delegation-retry", "7h", "delegation-retry is 25200s, must be between 1m and 6h"),
    ("delegation-unreachable-after", "23h", "delegation-unreachable-after is 82800s, must be 1d at least"),
    ("ds-ttl", "4m", "ds-ttl is 240s, must be between 5m and 15m"),
    ("ds-ttl", "16m", "ds-ttl is 960s, must be between 5m and 15m"),
    ("ds-ttl-hold", "23h", "ds-ttl-hold is 82800s, must be 1d at least"),
    ("ds-ttl-base", "8d", "ds-ttl-base is 691200s, must be between 0 and 7d"),
    ("ds-ttl-base", "9m", "ds-ttl-base is 540s, must be 0 (the TTL of NS) or ds-ttl (600s) at least"),
    ("verify", "9m", "verify is 540s, must be between 10m and 7d"),
    ("delegation-apply", "update", "delegation-apply is update, which needs update-primary and update-key: set both"),
    ("update-primary", "/run/knot.sock", "update-primary must be an IP address with an optional @port"),
    ("delegation-apply", "file", "delegation-apply"),
    ("parent-via", "update", "parent-via is update, which needs parent-primary and parent-key: set both"),
    ("parent-via", "epp", "parent-via is epp, which needs parent-epp"),
    ("parent-via", "mail", "parent-via"),
    ("epp-accounts", "accounts.conf", "epp-accounts 'accounts.conf' must be an absolute path"),
    ("parent-primary", "/run/knot.sock", "parent-primary must be an IP address with an optional @port"),
    ("report-agent", ".", "report-agent must not be the root"),
    ("report-agent", "a._ER.example.test", "report-agent must not be the root, nor have a label _er"),
    ("report-receive", "maybe", "report-receive"),
    ("no-such-item", "1", "no-such-item"),
]

RIGHT = [
    {"ttl": "5m"}, {"ttl": "15m"}, {"lead": "1h"}, {"observe": "1h"}, {"settle": "1d"},
    {"check-interval": "1m"}, {"ds-check-interval": "1d"}, {"ksk-lifetime": "365d"},
    {"ksk-lifetime": "365d", "spread": "355d", "settle": "3d", "max-rolling": 50, "max-rolling-parent": 20,
     "start-window": ['"Mon-Thu,Sat 09:00-15:00 Europe/Berlin"', '"22:00-02:00"'],
     "no-start": ['"2026-12-18..2027-01-06 Europe/Berlin"', '"12-24..01-01"']},
    {"unsafe-timing": True, "ksk-lifetime": 20, "spread": 20, "settle": 1},
    {"nameserver": ["192.0.2.1", "2001:db8::1@5353"], "parent": "192.0.2.2@53"},
    {"unsafe-timing": True, "ttl": 5, "lead": 0, "observe": 1, "settle": 1, "check-interval": 1},
    {"notify": False, "require-secure-dsync": True, "notify-again": "10m", "parent-rate": 1000},
    {"parent-via": "update", "parent-primary": "192.0.2.1", "parent-key": "child"}, {"parent-via": "manual"}, {"parent-via": "epp", "parent-epp": "registry", "epp-accounts": "/etc/knot/epp/accounts.conf"}, {"notify": False, "parent-via": "cds"},
    {"delegations": "update", "delegation-apply": "update", "update-primary": "192.0.2.1@5353", "update-key": "agent"},
    {"rollover": False, "delegations": "update", "delegation-lock": ["a.example.test", "b.example.test."], "accept": "cds",
     "bootstrap": "authenticated", "remove": True, "undo": False, "ds-max": 16, "hold-down": "30d", "scan-interval": "1h",
     "scan-interval-notifying": "30d", "delegation-retry": "1m", "delegation-unreachable-after": "1d", "ds-ttl": "15m",
     "ds-ttl-hold": "1d", "ds-ttl-base": "15m", "verify": "10m", "delegation-batch": 1000},
    {"delegations": "report", "delegation-apply": "include", "accept": "cdnskey", "scan-rate": 10000, "notify-receive": True,
     "notify-listen": ["192.0.2.1", "2001:db8::1@5359"]},
    {"unsafe-timing": True, "scan-interval": 1, "scan-interval-notifying": 1, "delegation-retry": 1,
     "delegation-unreachable-after": 1, "ds-ttl": 1, "ds-ttl-hold": 0, "verify": 0},
    {"report-agent": "er.ns1.example.test", "report-receive": True},
    {"dry-run": True, "hold": True}, {"caches-expired": '"example.test 2026-11-28T10:00:00Z"'},
]


def conf_check(directory, number, items):
    """Exit code and words of `knotc conf-check` for an instance with these items."""
    path = os.path.join(directory, f"{number}.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(render([
            ("module", [{"id": "mod-kskroll", "file": module_path()}]),
            ("mod-kskroll", [{"id": "default", **items}]),
            ("template", [{"id": "default", "global-module": "mod-kskroll/default"}]),
            ("zone", [{"domain": ZONE, "module": "mod-kskroll/default"}]),
        ]))
    done = run(["knotc", "-c", path, "conf-check"])
    return done.returncode, done.stderr + done.stdout


def test_conf_check_rejects_what_is_wrong_and_names_it(directory):
    for number, (item, value, words) in enumerate(WRONG):
        code, text = conf_check(directory, number, {item: value})
        assert code != 0, f"{item}: {value} was accepted"
        assert words in text, f"{item}: {value}: {text}"


def test_conf_check_accepts_what_is_right(directory):
    for number, items in enumerate(RIGHT):
        code, text = conf_check(directory, 100 + number, items)
        assert code == 0, f"{items}: {text}"


@bound(120)
def test_a_reload_checks_no_zone_at_rest_whose_settings_are_the_same(directory):
    other = "other.test."
    settings = {other: {"check-interval": 60}}
    with World([ZONE, other], directory, module_path(), pinned=False, zone_module_settings=settings,
               module_settings={"check-interval": 60}) as world:
        with Progress(world.knot, ZONE) as one, Progress(world.knot, other) as two:
            wait_until(lambda: one.gate == two.gate == "none", 60, "both are at rest")
            wait_until(lambda: ask_surveys(world) == 2, 30, "both have been checked")
            begin = time.monotonic()
            wait_until(lambda: time.monotonic() - begin > 10, 15, "a while after the checks")
            settings[other]["hold"] = True
            world.knot.sections = world.knot_sections()
            world.knot.reconfigure()
            wait_until(lambda: two.gate == "held-by-operator", 30, "the changed one is checked")
            # The number is of when the instance was loaded; a check then would have put off the next one.
            wait_until(lambda: 0 < (world.knot.stats(ZONE).get("next-check-seconds") or 0) <= 51, 5, "no new check")
            # Its new instance has its numbers all the same.
            assert world.knot.stats(ZONE)["surveys"] == 1
            # Nothing else changes at the gate: the settings alone are reason enough to write the row.
            settings[other]["unreachable-after"] = 7200
            world.knot.sections = world.knot_sections()
            world.knot.reconfigure()
            wait_until(lambda: shown(world, other)["settings"]["unreachable-after"] == 7200, 30, "status shows it")


def shown(world, zone):
    """What the command line shows of a zone."""
    tool = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
    return json.loads(run([tool, "--db", store_path(world), "status", zone, "--json"]).stdout)["zones"][0]


def ask_surveys(world):
    """Surveys of all zones."""
    return world.knot.totals()["kskroll-surveys"]


def observed_only(directory, words, **settings):
    """The zone is not driven, and log and gate say so; the zone's policy stays."""
    with World(directory=directory, module=module_path(), pinned=False, **settings) as world, \
            Progress(world.knot, ZONE) as progress:
        wait_until(lambda: progress.gate == "observe-only", 30, "observe-only")
        said = world.knot.log_lines("observe-only")
        assert len(said) == 1 and words in said[0], said
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        wait_until(lambda: len(world.ksk_tags(ZONE)) == 2, 20, "Knot makes the key")
        wait_until(lambda: world.knot.state(ZONE) == "idle", 5, "still idle")
        policies = world.knot.knotc("conf-read", "policy")
        assert "kskroll" not in policies, policies
        assert progress.states() == ["idle"], progress.states()


@bound(90)
def test_ksk_submission_with_a_parent_is_observed_only(directory):
    observed_only(directory, "ksk-submission of the policy has a parent",
                  policy={"ksk-submission": "check"},
                  extra_sections=[("submission", [{"id": "check", "parent": "nsd"}])])


@bound(90)
def test_dry_run_changes_nothing_and_says_what_is_due(directory):
    with World(directory=directory, module=module_path(), pinned=False,
               module_settings={"dry-run": True}) as world, \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        wait_until(lambda: progress.gate == "dry-run", 30, "the gate dry-run")
        assert "kskroll" not in world.knot.knotc("conf-read", "policy")
        assert re.search(r"dry-run", "".join(world.knot.log_lines("dry-run")))


@bound(90)
def test_without_the_global_module_zones_rest_and_say_so(directory):
    with World(directory=directory, module=module_path(), pinned=False, confdb=True) as world, \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.knot.transaction(("conf-unset", "template[default].global-module"))
        wait_until(lambda: world.knot.log_lines("the global module was removed"), 10, "it is said")
        # A zone that is loaded without it says what to do.
        world.knot.transaction(("conf-set", f"zone[{ZONE}].comment", "loaded anew"))
        world.knot.knotc("zone-reload", "-f", ZONE)
        wait_until(lambda: world.knot.log_lines("add 'global-module: mod-kskroll'"), 10, "the hint")
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        wait_until(lambda: len(world.ksk_tags(ZONE)) == 2, 20, "Knot makes the key")
        assert "kskroll" not in world.knot.knotc("conf-read", "policy")
        # With the global module back, the zones that are loaded are driven again.
        world.knot.transaction(("conf-set", "template[default].global-module", "mod-kskroll/default"))
        progress.wait_visited("introduce", 20)
        world.assert_secure()


@bound(90)
def test_zones_are_driven_after_the_global_module_was_gone_for_milliseconds(directory):
    with World(directory=directory, module=module_path(), pinned=False, confdb=True) as world, \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        # One program, which needs a millisecond or two for each: the engine has not ended when the next one is made.
        back = ["conf-begin", "conf-set template[default].global-module mod-kskroll/default", "conf-commit"]
        away = ["conf-begin", "conf-unset template[default].global-module", "conf-commit"]

        def commands(lines):
            done = run(["knotc", "-s", world.knot.socket], input="\n".join(lines) + "\n")
            return done.returncode == 0 and "error" not in done.stdout + done.stderr

        def gone_and_back():
            # What transaction() says may happen here too: then all begins anew.
            if commands(away + back):
                return True
            commands(["conf-abort"])
            wait_until(lambda: commands(back), 10, "the global module is back")
            return False
        for _ in range(5):
            wait_until(gone_and_back, 20, "the global module goes and comes")
        assert len(world.knot.log_lines("the global module was removed")) >= 5
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        progress.wait_visited("introduce", 20)
        world.assert_secure()

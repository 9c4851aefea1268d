#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of module/ depend downwards only: layers.py SOURCE BUILD

No file uses what a later library than that of Debian 13 calls deprecated, which is an error there. What util/knot.h has for an older
Knot DNS is used with util/knot.h only: Debian 13 would compile it without.

Includes are read from the sources, calls from the symbols of the objects in BUILD/module. Files of one folder must not call each
other in circles; those that still do are listed here, and an entry that is no longer true is an error, too.
"""

import collections
import glob
import os
import re
import subprocess
import sys

#: Which folders each may use. Nobody uses `knot`, which alone knows the server's module interface, and `daemon`: these are the two programs.
BELOW = {
    "rollover": set(),
    "delegation": set(),
    "util": set(),
    "wire": {"rollover", "delegation", "util"},
    "dns": {"rollover", "delegation", "util"},
    "server": {"rollover", "util"},
    "store": {"rollover", "delegation", "util"},
    "epp": {"util"},
    "evidence": {"rollover", "delegation", "util", "dns"},
    "agent": {"rollover", "delegation", "util", "dns", "server", "store", "evidence"},
    "daemon": {"rollover", "delegation", "util", "wire", "dns", "server", "store", "evidence", "agent", "epp"},
    "knot": {"rollover", "delegation", "util", "wire", "dns", "server"},
}
#: Headers in include/kskroll for all: types, functions in a line, and those of ARITHMETIC.
COMMON = {"answer.h", "clock.h", "key.h", "text_copy.h"}
#: Of util, what computes and does nothing else: the pure folders call it, too.
ARITHMETIC = {("util", "elapsed.c")}
#: Header in include/kskroll: the folder that implements it.
PUBLIC = {"addr.h": "util", "ede_names.h": "util", "rollover_facts.h": "rollover", "rollover.h": "rollover", "delegation.h": "delegation", "delegation_names.h": "delegation", "delegation_forecast.h": "delegation", "child_survey.h": "dns", "update.h": "dns", "epp.h": "epp", "epp_account.h": "epp", "epp_judge.h": "epp", "epp_link.h": "epp", "update_key.h": "util", "notify_listen.h": "dns", "delegation_store.h": "store", "agent.h": "agent", "forecast.h": "rollover", "start.h": "rollover", "dns.h": "dns", "dns_config.h": "dns", "broker.h": "server", "parent_zone.h": "server", "server.h": "server", "store.h": "store",
          "settings.h": "rollover", "policy_name.h": "server", "derived.h": "server", "evidence.h": "evidence",
          "json.h": "evidence"}
#: Of delegation, dns and server the module in knotd has these files, which have names and nothing else.
OF_KNOT = {"delegation/delegation_names.c", "dns/notify_names.c", "server/policy_name.c"}
#: Only these need a header of another folder that is not public.
INNER = {("daemon", "wire/wire.h"), ("knot", "wire/wire.h")}
#: Of dns, what asks servers and verifies what they reply. It knows no key set and nothing of a rollover: a parent needs it, too.
FETCH = {"above", "addresses", "ask", "config", "cut", "denial", "discover", "fetch", "fetched", "pace", "packet", "query", "question", "referral",
         "resolve", "servers", "shared", "target", "libunbound", "verify", "work"}
#: Public headers that it may include.
FETCH_PUBLIC = {"addr.h", "dns_config.h"}
#: Deprecated: in what.
DEPRECATED = {r"\b(?:assert|expect)_(?:not_)?in_(?:range|set)\(": "cmocka 2.0", r"->nodeNr\b": "libxml2 2.15"}
#: Circles of calls that are left, by folder.
CIRCLES = {}


def same_names(source):
    """Sentences about files of one name; each program has its main.c."""
    homes = collections.defaultdict(list)
    for folder in ("include", "module", "tests", "tools"):
        for path in glob.glob(os.path.join(source, folder, "**", "*.[ch]"), recursive=True):
            homes[os.path.basename(path)].append(os.path.relpath(path, source))
    for name, paths in sorted(homes.items()):
        if len(paths) > 1 and name != "main.c":
            yield f"the same name: {', '.join(sorted(paths))}"


def deprecated(source):
    """Sentences about what the libraries of sid call deprecated."""
    for path in sorted(glob.glob(os.path.join(source, "*", "**", "*.[ch]"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for pattern, library in DEPRECATED.items():
            yield from (f"{os.path.relpath(path, source)} uses {used}, deprecated in {library}" for used in re.findall(pattern, text))


def included(source, path, known):
    r"""Paths of the project's headers that a file includes, with all that these include. \a known: those already there."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for header in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
        for folder in (os.path.dirname(path), os.path.join(source, "module"), os.path.join(source, "include"), source):
            found = os.path.normpath(os.path.join(folder, header))
            if os.path.exists(found) and found not in known:
                known.add(found)
                included(source, found, known)
                break
    return known


def older_knot(source):
    """Sentences about what an older Knot DNS lacks."""
    home = os.path.normpath(os.path.join(source, "module", "util", "knot.h"))
    with open(home, encoding="utf-8") as file:
        names = re.findall(r"^#define (\w+)[ (]|^static inline [^(]*?(\w+)\(", file.read(), re.MULTILINE)
    used = re.compile(rf"\b({'|'.join(define or function for define, function in names)})\b")
    for path in sorted(glob.glob(os.path.join(source, "*", "**", "*.c"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            found = used.search(file.read())
        if found and home not in included(source, path, set()):
            yield f"{os.path.relpath(path, source)} uses {found[1]} without util/knot.h"


def folder_and_file(path):
    """Of an object such as module/libdns.a.p/dns_ask.c.o, or of a source module/dns/ask.c."""
    if path.endswith(".o"):
        folder, _, name = os.path.basename(path)[:-2].partition("_")
        return folder, name
    parts = path.split(os.sep)
    return parts[-2], parts[-1]


def wrong_includes(source):
    """Sentences about includes that go up or sideways."""
    for folder in BELOW:
        where = os.path.join(source, "module", folder)
        if not os.path.isdir(where):
            yield f"no folder {folder}"
            continue
        for name in sorted(os.listdir(where)):
            if not name.endswith((".c", ".h")):
                continue
            with open(os.path.join(where, name), encoding="utf-8") as file:
                text = file.read()
            for header in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
                if header.startswith("kskroll/") and os.path.basename(header) in COMMON:
                    continue
                if header.startswith("kskroll/"):
                    target = PUBLIC[os.path.basename(header)]
                    if target != folder and target not in BELOW[folder]:
                        yield f"module/{folder}/{name} includes {header}, of {target}"
                elif not os.path.exists(os.path.join(where, header)) and (folder, header) not in INNER and \
                        not (header.startswith("util/") and "util" in BELOW[folder]):
                    yield f"module/{folder}/{name} includes {header}, which is not a header of its folder"
            if (folder, name) != ("util", "knot.h") and re.search(r"#\s*include\s+<libdnssec/", text):
                yield f"module/{folder}/{name} includes libdnssec, which util/knot.h does for all"
            if folder != "knot" and re.search(r"#\s*include\s+<knot/module\.h>", text):
                yield f"module/{folder}/{name} includes knot/module.h"


def symbols(objects):
    """\\return {(folder, file): (names that it defines, names that it needs)}"""
    found = {folder_and_file(path): (set(), set()) for path in objects}
    # One process for all: they are hundreds of objects.
    out = subprocess.run(["nm", "-P", "-g", "-A", *objects], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        path, name, kind = line.split()[:3]
        found[folder_and_file(path.removesuffix(":"))][kind in "Uw"].add(name)
    return found


def calls(found):
    """\\return {caller: {callee: a name}}, both (folder, file)."""
    home = {name: where for where, (defined, _) in found.items() for name in defined}
    graph = collections.defaultdict(dict)
    for where, (_, needed) in found.items():
        for name in sorted(needed):
            if name in home and home[name] != where:
                graph[where].setdefault(home[name], name)
    return graph


def circles(graph, folder):
    """Sets of files of the folder each of which reaches all others of its set."""
    nodes = sorted({n for n in graph if n[0] == folder} | {c for n in graph for c in graph[n] if c[0] == folder})

    def reach(start):
        seen, todo = set(), [start]
        while todo:
            for callee in graph.get(todo.pop(), {}):
                if callee[0] == folder and callee not in seen:
                    seen.add(callee)
                    todo.append(callee)
        return seen
    reached = {node: reach(node) for node in nodes}
    return {frozenset(other[1] for other in nodes if other in reached[node] and node in reached[other])
            for node in nodes if node in reached[node]}


def not_fetch(source, graph):
    """Sentences about files of FETCH that know the rest of dns, or rollovers."""
    where = os.path.join(source, "module", "dns")
    for name in sorted(os.listdir(where)):
        if os.path.splitext(name)[0] not in FETCH:
            continue
        with open(os.path.join(where, name), encoding="utf-8") as file:
            text = file.read()
        for header in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
            folder, base = os.path.split(header)
            if folder == "kskroll" and base not in FETCH_PUBLIC or folder == "" and os.path.splitext(base)[0] not in FETCH:
                yield f"module/dns/{name} asks servers and includes {header}"
    for caller, callees in sorted(graph.items()):
        for callee, name in sorted(callees.items()):
            if caller[0] == callee[0] == "dns" and caller[1][:-2] in FETCH and callee[1][:-2] not in FETCH:
                yield f"module/dns/{caller[1]} asks servers and calls {name}() of {callee[1]}"


def main(source, build):
    wrong = [*wrong_includes(source), *same_names(source), *deprecated(source), *older_knot(source)]
    found = symbols(glob.glob(os.path.join(build, "module", "*.p", "*.c.o")))
    folders = {folder for folder, _ in found}
    if missing := sorted(set(BELOW) - folders):
        wrong.append(f"no objects of {', '.join(missing)}")
    graph = calls(found)
    for caller, callees in sorted(graph.items()):
        for callee, name in sorted(callees.items()):
            if callee[0] != caller[0] and callee[0] not in BELOW[caller[0]] and callee not in ARITHMETIC:
                wrong.append(f"module/{'/'.join(caller)} calls {name}() of module/{'/'.join(callee)}")
            if caller[0] == "knot" and callee[0] in ("delegation", "dns", "server") and "/".join(callee) not in OF_KNOT:
                wrong.append(f"module/{'/'.join(caller)} calls {name}() of module/{'/'.join(callee)}, which is not in knotd")
    wrong += not_fetch(source, graph)
    for folder in BELOW:
        known, there = set(CIRCLES.get(folder, ())), circles(graph, folder)
        wrong += [f"files of module/{folder} call each other in a circle: {' '.join(sorted(c))}" for c in there - known]
        wrong += [f"no circle any more in module/{folder}, take it off the list: {' '.join(sorted(c))}"
                  for c in known - there]
    print("\n".join(wrong) or f"{len(found)} files, {sum(map(len, graph.values()))} pairs of caller and callee: all downwards")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))

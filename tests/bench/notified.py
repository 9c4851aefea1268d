# SPDX-License-Identifier: GPL-3.0-or-later
"""From a NOTIFY(CDS) to the DS at every server of the parent, beside a script of dig, dnssec-cds and nsupdate.

The script does the least that one would write: it asks each server of the child for CDS, CDNSKEY and DNSKEY, lets dnssec-cds judge, and
sends an update. It verifies less, and begins at once as well: nobody waits for its next run. The parent zone has many more delegations.
"""

import os
import statistics
import time

from tests.lab import ask
from tests.lab.daemons import run
from tests.lab.parent_world import notify
from tests.lab.wait import LabError, wait_until
from tests.lab.world import PARENT_BIND as PARENT_KNOT, PARENT_ZONE

from .scan import Many

DAY = 86400
#: The next scan is far away: what is fast is so because of the notification.
AGENT = {"scan-interval": DAY, "scan-interval-notifying": DAY, "verify": 1, "ds-ttl-hold": 1}
TTL = 3


def bench(result, directory, options):
    """Rounds by turns: the child's keys change to and fro."""
    rounds = 2 if options.smoke else 2 * options.rounds
    size = 50 if options.smoke else options.zones[-1]
    taken = {"agent": [], "script": []}
    result.table("round", "agent s", "script s")
    with Scripted(directory, size, agent=AGENT, engine={"notify-receive": True}) as world:
        child = world.child
        wait_until(lambda: world.total("delegation-scans") > size, 120 + size / 100, "every delegation was scanned once", poll=0.2)
        child.introduce("b")
        for number in range(rounds):
            for who in taken:
                new = "a" if child.ds("b") == world.present() else "b"
                child.publish(keys=("a", "b"), cds=(new,))
                began = time.monotonic()
                notify(child.zone) if who == "agent" else world.script()  # pylint: disable=expression-not-assigned
                wait_until(lambda: world.has_ds(child.zone, child.ds(new)), 60, f"DS by the {who}", poll=0.01)
                taken[who].append(time.monotonic() - began)
                if who == "agent":
                    world.wait_delegation(state="rest", seconds=60)
                else:
                    # A change by hand: signals of before are overruled, and the present ones ask for nothing.
                    notify(child.zone)
                    world.wait_delegation(state="rest", gate="none", seconds=60)
            result.row(number + 1, taken["agent"][-1], taken["script"][-1])
    median = {who: statistics.median(seconds) for who, seconds in taken.items()}
    result.numbers = {"delegations": size + 1, "seconds": taken, "median": median, "worst": {who: max(seconds) for who, seconds in taken.items()}}
    result.ratio = median["agent"] / median["script"]
    result.note(f"the parent zone has {size + 1} delegations")
    for who, seconds in taken.items():
        result.note(f"{who}: median {median[who]:.2f} s, worst {max(seconds):.2f} s")
    result.note(f"scans alone: half of scan-interval in the median, {DAY / 2} s with its default")
    result.note("ratio: median of the agent / median of the script")


class Scripted(Many):
    """The parent takes updates as well."""

    def knot_sections(self):
        sections = super().knot_sections()
        for name, content in sections:
            if name == "acl":
                content.append({"id": "script", "key": self.transfer_key.name, "action": "update"})
            elif name == "zone":
                content[0]["acl"] = ["transfer", "script"]
        return sections

    def present(self):
        """DS as the primary has it."""
        return ask.ds_set(PARENT_KNOT, self.child.zone)

    def script(self):
        """One run of it."""
        child = self.child
        lines = set()
        for address in child.servers().values():
            for rdtype in ("CDS", "CDNSKEY", "DNSKEY"):
                done = run(["dig", "+norecurse", "+dnssec", "+noall", "+answer", f"@{address}", child.zone, rdtype])
                lines |= set(done.stdout.splitlines())
        keys, dsset = (os.path.join(self.dir, name) for name in ("script.keys", f"dsset-{child.zone}"))
        with open(keys, "w", encoding="ascii") as file:
            file.write("\n".join(sorted(lines)) + "\n")
        with open(dsset, "w", encoding="ascii") as file:
            file.writelines(f"{child.zone} {TTL} IN DS {record}\n" for record in self.present())
        os.utime(dsset, (time.time() - DAY, time.time() - DAY))
        done = run(["dnssec-cds", "-u", "-T", str(TTL), "-f", keys, "-d", dsset, child.zone])
        changes = [line for line in done.stdout.splitlines() if line.startswith("update")]
        if done.returncode != 0 or not changes:
            raise LabError(f"dnssec-cds: {done.stderr.strip()} {done.stdout}")
        key = os.path.join(self.dir, "script.tsig")
        with open(key, "w", encoding="ascii") as file:
            file.write(self.transfer_key.bind())
        text = "\n".join([f"server {PARENT_KNOT} 53", f"zone {PARENT_ZONE}", *changes, "send", ""])
        done = run(["nsupdate", "-k", key], input=text)
        if done.returncode != 0:
            raise LabError(f"nsupdate: {done.stderr.strip()}")

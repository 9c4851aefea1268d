# SPDX-License-Identifier: GPL-3.0-or-later
"""What a systemd unit does to its service, without systemd: user, capabilities, a read-only root, seccomp.

Only the daemon's own folder, that of its control socket and a /tmp of its own can be written.
"""

import configparser
import os
import platform
import struct

UNIT = "/usr/lib/systemd/system/knot.service"

#: Of the groups that systemd.exec(5) calls @clock, @debug, @module, @mount, @raw-io, @reboot and @swap.
_DENIED = {"x86_64": {
    "adjtimex": 159, "clock_settime": 227, "settimeofday": 164, "ptrace": 101, "perf_event_open": 298,
    "process_vm_readv": 310, "process_vm_writev": 311, "init_module": 175, "finit_module": 313,
    "delete_module": 176, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272,
    "setns": 308, "iopl": 172, "ioperm": 173, "reboot": 169, "kexec_load": 246, "swapon": 167, "swapoff": 168}}
_ARCH = {"x86_64": 0xC000003E}
_KILL, _ALLOW = 0x80000000, 0x7FFF0000

_SCRIPT = r"""
set -eu
user=$1; group=$2; caps=$3; filter=$4; shift 4
for conf; do :; done
folder=$(dirname "$conf")
socket=$(dirname "$(sed -n '/^control:/,/^[a-z]*:$/s/.*listen: *"\{0,1\}\([^" ]*\)"\{0,1\} *$/\1/p' "$conf" | head -n 1)")
mount --make-rprivate /
for keep in "$folder" "$socket"; do
	chown -R "$user:$group" "$keep"
	mount --bind "$keep" "$keep"
done
# knotd keeps a configuration file in a database there; the lab's sockets may be there, too.
exec 3<"$socket"
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p "$socket"
mount --bind /proc/self/fd/3 "$socket"
exec 3<&-
cut -d ' ' -f 2 /proc/self/mounts | while read -r at; do
	case $at in
	/proc*|/dev*|/tmp|"$folder"|"$socket") ;;
	*) ! mountpoint -q "$at" || mount -o remount,bind,ro "$at" ;;
	esac
done
for at in / /run "$(dirname "$folder")"; do
	if touch "$at/sandbox-is-not-closed" 2>/dev/null; then
		echo "can be written: $at" >&2
		exit 1
	fi
done
exec setpriv --reuid "$user" --regid "$group" --init-groups --no-new-privs \
	--bounding-set "-all$caps" --inh-caps "-all$caps" --ambient-caps "-all$caps" \
	${filter:+--seccomp-filter "$filter"} -- "$@"
"""


def unit(path=UNIT):
    """The section Service of a unit, as a dictionary; the last of equal names counts."""
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    return dict(parser["Service"])


def wrap(directory, service):
    """The front of a command line: the settings of the unit, a read-only root and a filter of system calls."""
    caps = "".join(f",+{name.lower().removeprefix('cap_')}" for name in service["CapabilityBoundingSet"].split())
    return ["unshare", "--mount", "sh", "-c", _SCRIPT, "sh", service["User"], service["Group"], caps,
            _write_filter(directory)]


def _write_filter(directory):
    """A BPF program that kills at the first denied call; "" where the numbers are not known."""
    machine = platform.machine()
    if machine not in _DENIED:
        return ""
    numbers = sorted(_DENIED[machine].values())
    load, equal, give = 0x20, 0x15, 0x06
    program = [(load, 0, 0, 4), (equal, 1, 0, _ARCH[machine]), (give, 0, 0, _KILL), (load, 0, 0, 0)]
    program += [(equal, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    program += [(give, 0, 0, _ALLOW), (give, 0, 0, _KILL)]
    path = os.path.join(directory, "filter.bpf")
    with open(path, "wb") as file:
        file.write(b"".join(struct.pack("=HBBI", *line) for line in program))
    return path

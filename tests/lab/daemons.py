# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemons of the lab: each has a directory, addresses, a configuration, a log and one pid."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import ask, clock, control, netns
from .wait import LabError, PATIENCE, POLL, pause, wait_until

PORT = 53
#: An AF_UNIX address holds 107 characters.
SOCKET_PATH_MAX = 100
#: knotc's own is 60 s, which a connection to a server that is just stopping would use up.
KNOTC_TIMEOUT = 10


class Daemon:
    """One process in the foreground, stopped by its own pid and nothing else."""

    #: Seconds until it has to answer.
    ready_bound = 20

    def __init__(self, name, directory, addresses, wrap=(), env=None):
        self.name = name
        self.dir = os.path.join(directory, name)
        self.addresses = list(addresses)
        self.wrap = list(wrap)
        self.env = dict(env or {})
        self.log = os.path.join(self.dir, "log")
        self.output = os.path.join(self.dir, "output")
        self.process = None
        os.makedirs(self.dir, exist_ok=True)

    def command(self):
        """The command line, in the foreground."""
        raise NotImplementedError

    def configure(self):
        """Writes the configuration files."""
        raise NotImplementedError

    def ready(self):
        """Whether it answers as it should."""
        raise NotImplementedError

    @property
    def pid(self):
        """Pid of the running daemon; None when it does not run."""
        return self.process.pid if self.running() else None

    def running(self):
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self):
        """Writes the configuration, starts, and waits until it answers."""
        self.configure()
        self.launch()

    def launch(self, poll=POLL):
        """Starts with the configuration that is there; checks whether it answers each \\a poll seconds."""
        for address in self.addresses:
            netns.add_address(address)
            self._refuse_used_address(address)
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(
                [*self.wrap, *self.command()], cwd=self.dir, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, **clock.current.environment(self.command()[0]), **self.env})
        with open(os.path.join(self.dir, "pid"), "w", encoding="ascii") as file:
            file.write(f"{self.process.pid}\n")
        wait_until(self._ready_or_dead, self.ready_bound, f"{self.name} answers ({self.dir})", poll)

    def stop(self, bound=15):
        """SIGTERM, then SIGKILL; returns whether it went by itself."""
        if not self.running():
            return True
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(bound * PATIENCE)
            return True
        except subprocess.TimeoutExpired:
            self.kill9()
            return False

    def kill9(self):
        """SIGKILL: the power cut."""
        if self.running():
            self.process.kill()
            self.process.wait()

    def restart(self):
        """Stops and starts with the configuration files as they are."""
        if not self.stop():
            raise LabError(f"{self.name} did not stop on SIGTERM ({self.dir})")
        self.launch()

    def pause(self):
        """SIGSTOP: bound to its address, but silent."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        """Ends pause()."""
        self.process.send_signal(signal.SIGCONT)

    def path(self, *parts):
        """A path in the daemon's directory."""
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        """Writes a file in the daemon's directory and returns its path."""
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def log_lines(self, containing=""):
        """Lines of the daemon's log that contain the text."""
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return [line.rstrip("\n") for line in file if containing in line]
        except FileNotFoundError:
            return []

    def last_words(self, count=8):
        """The end of output and log, for error messages."""
        lines = []
        for path in (self.output, self.log):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    lines += file.read().splitlines()[-count:]
        return "\n".join(lines)

    def _ready_or_dead(self):
        if not self.running():
            raise LabError(f"{self.name} ended with {self.process.returncode} at its start "
                           f"({self.dir}):\n{self.last_words()}")
        return self.ready()

    def _refuse_used_address(self, address):
        """With SO_REUSEPORT a forgotten daemon would silently share the port with ours."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(family, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((address, PORT))
                except OSError as error:
                    raise LabError(f"{self.name}: {address}@{PORT} is in use: {error}") from None


class Nsd(Daemon):
    """NSD with zones from files or from a primary."""

    def __init__(self, name, directory, addresses, zones, tsig=None, **kwargs):
        """\\a zones: name -> {"file": path} or {"primary": address, or several}, and {"notify": [..]}."""
        super().__init__(name, directory, addresses, **kwargs)
        self.zones = zones
        self.tsig = tsig

    def command(self):
        return ["nsd", "-d", "-c", self.path("nsd.conf")]

    def configure(self):
        lines = ["server:", *(f"  ip-address: {address}" for address in self.addresses),
                 "  server-count: 1", '  username: ""', '  chroot: ""', "  verbosity: 2",
                 f'  zonesdir: "{self.dir}"', f'  logfile: "{self.log}"',
                 f'  pidfile: "{self.path("nsd.pid")}"', f'  xfrdfile: "{self.path("xfrd")}"',
                 f'  xfrdir: "{self.dir}"', f'  zonelistfile: "{self.path("zone.list")}"',
                 "  xfrd-reload-timeout: 0", "  log-time-ascii: yes",
                 # Above 200 a second it gives no answer for a while, and the resolver that caches nothing asks the root that often.
                 "  rrl-ratelimit: 0", "  rrl-whitelist-ratelimit: 0",
                 "remote-control:", "  control-enable: no"]
        if self.tsig:
            lines += ["key:", f"  name: {self.tsig.name}", f"  algorithm: {self.tsig.algorithm}",
                      f"  secret: {self.tsig.secret}"]
        for zone, where in self.zones.items():
            lines += self._zone(zone, where)
        self.write("nsd.conf", "\n".join(lines) + "\n")

    def _zone(self, zone, where):
        path = where.get("file") or self.path(file_name(zone))
        lines = ["zone:", f'  name: "{zone}"', f'  zonefile: "{path}"']
        if "primary" in where:
            key = self.tsig.name if self.tsig else "NOKEY"
            primaries = [where["primary"]] if isinstance(where["primary"], str) else where["primary"]
            lines += [*(f"  request-xfr: AXFR {address} {key}" for address in primaries),
                      f"  allow-notify: 127.0.0.0/8 {key}",
                      f"  outgoing-interface: {self.addresses[0]}",
                      "  min-retry-time: 1", "  max-retry-time: 2",
                      "  min-refresh-time: 1", "  max-refresh-time: 30"]
        return lines

    def ready(self):
        return all(ask.answers(address, zone)
                   for address in self.addresses for zone in self.zones)


class Bind(Daemon):
    """BIND; the zone statements are given as text."""

    def __init__(self, name, directory, addresses, zones, statements="", **kwargs):
        """\\a zones: name -> body of the zone statement."""
        super().__init__(name, directory, addresses, **kwargs)
        self.zones = zones
        self.statements = statements
        self.controls = ""

    def command(self):
        return ["named", "-f", "-n", "1", "-c", self.path("named.conf")]

    def configure(self):
        listen = " ".join(f"{address};" for address in self.addresses)
        text = f"""\
{self.statements}
options {{
	directory "{self.dir}";
	pid-file "{self.path('named.pid')}";
	session-keyfile none;
	managed-keys-directory "{self.dir}";
	listen-on port {PORT} {{ {listen} }};
	listen-on-v6 {{ none; }};
	query-source address {self.addresses[0]};
	transfer-source {self.addresses[0]};
	notify-source {self.addresses[0]};
	recursion no;
	dnssec-validation no;
	empty-zones-enable no;
	notify explicit;
	notify-delay 0;
	min-refresh-time 1;
	max-refresh-time 30;
	min-retry-time 1;
	max-retry-time 2;
	masterfile-format text;
}};
controls {{ {self.controls} }};
logging {{
	channel lab {{ file "{self.log}"; severity debug 1; print-time iso8601; print-category yes; }};
	category default {{ lab; }};
}};
"""
        for zone, body in self.zones.items():
            text += f'zone "{zone}" {{\n{body}\n}};\n'
        self.write("named.conf", text)

    def ready(self):
        return all(ask.answers(self.addresses[0], zone) for zone in self.zones)


class Unbound(Daemon):
    """A validating resolver that knows only the lab's root."""

    def __init__(self, name, directory, address, hints, anchor, fresh=False, strict=False, pins=None, **kwargs):
        """\\a fresh: caches nothing. \\a strict: wants every algorithm of the DS. \\a pins: zone -> the one server address to ask about it."""
        super().__init__(name, directory, [address], **kwargs)
        self.address = address
        self.hints = hints
        self.anchor = anchor
        self.fresh, self.strict = fresh, strict
        self.pins = pins or {}

    def command(self):
        return ["unbound", "-d", "-c", self.path("unbound.conf")]

    def configure(self):
        lines = ["server:", f"  interface: {self.address}", "  access-control: 127.0.0.0/8 allow",
                 '  username: ""', '  chroot: ""', f'  directory: "{self.dir}"',
                 f'  pidfile: "{self.path("unbound.pid")}"', f'  logfile: "{self.log}"',
                 "  log-time-ascii: yes", "  use-syslog: no", "  verbosity: 1", "  num-threads: 1",
                 "  val-log-level: 2", "  ede: yes", "  log-servfail: yes",
                 f'  root-hints: "{self.hints}"', f'  trust-anchor-file: "{self.anchor}"',
                 "  trust-anchor-signaling: no", "  do-not-query-localhost: no",
                 f"  do-ip6: {'yes' if netns.has_ipv6() else 'no'}",
                 '  local-zone: "test." nodefault', '  module-config: "validator iterator"',
                 "  infra-host-ttl: 10", "  msg-cache-size: 4m", "  rrset-cache-size: 4m",
                 "  key-cache-size: 4m"]
        if clock.current.rate > 1:
            # Waits that are meant for the network must stay longer than this machine needs.
            lines += ["  discard-timeout: 0", "  wait-limit: 0",
                      f"  infra-cache-min-rtt: {50 * clock.current.rate}",
                      f"  infra-cache-max-rtt: {2000 * clock.current.rate}",
                      f"  unknown-server-time-limit: {100 * clock.current.rate}"]
        if self.fresh:
            lines += ["  cache-max-ttl: 0", "  cache-max-negative-ttl: 0"]
        if self.strict:
            lines.append("  harden-algo-downgrade: yes")
        lines += ["remote-control:", "  control-enable: no"]
        for zone, server in self.pins.items():
            lines += ["stub-zone:", f'  name: "{zone}"', f"  stub-addr: {server}"]
        self.write("unbound.conf", "\n".join(lines) + "\n")

    def ready(self):
        return ask.listens(self.address) and ask.ask(self.address, ".", "SOA", recursive=True).answer

    def servfail(self, name):
        """What it has said last of a SERVFAIL for this name."""
        return " ".join(self.log_lines(f"SERVFAIL <{name} ")[-1:])


class Knot(Daemon):
    """knotd, the daemon under test, with a text configuration or a configuration database."""

    def __init__(self, name, directory, address, sections, zones, confdb=False, **kwargs):
        """\\a sections: list of (section, mapping or list of mappings), see render()."""
        super().__init__(name, directory, [address], **kwargs)
        self.address = address
        self.sections = sections
        self.zones = zones
        self.confdb = confdb
        self.socket = self.path("knot.sock")
        self._names = {}  # Of states and gates, as the module has them.
        self._socket_dir = None
        if len(self.socket) > SOCKET_PATH_MAX:
            self._socket_dir = tempfile.TemporaryDirectory(prefix="knot-")
            self.socket = os.path.join(self._socket_dir.name, "knot.sock")

    def command(self):
        where = ["-C", self.path("confdb")] if self.confdb else ["-c", self.path("knot.conf")]
        return ["knotd", *where]

    def configure(self):
        path = self.write("knot.conf", render(self.sections))
        os.makedirs(self.path("db"), exist_ok=True)  # knotd does not make it and then cannot sign
        # They load the module, too; what they leak is not of interest.
        options = (self.env or {}).get("ASAN_OPTIONS", "")
        environment = {**os.environ, **(self.env or {}), "ASAN_OPTIONS": f"{options}:detect_leaks=0"}
        checked = run(["knotc", "-c", path, "conf-check"], env=environment)
        if checked.returncode != 0:
            raise LabError(f"{self.name}: conf-check of {path}: {checked.stderr.strip()}")
        if self.confdb:
            done = run(["knotc", "-C", self.path("confdb"), "conf-import", path],
                       env=environment)
            if done.returncode != 0:
                raise LabError(f"{self.name}: conf-import of {path}: {done.stderr.strip()}")

    def reconfigure(self):
        """The server takes the sections as they are now; one with a database is restarted."""
        if not self.confdb:
            self.configure()
            self.reload()
            return
        if not self.stop():
            raise LabError(f"{self.name} did not stop on SIGTERM ({self.dir})")
        shutil.rmtree(self.path("confdb"))
        self.start()

    def reload(self):
        """The configuration file is read again; refused while a transaction of the module is open."""
        def once():
            try:
                self.knotc("reload")
            except LabError as error:
                if "too many transactions" not in str(error):
                    raise
                return False
            return True
        wait_until(once, 20, f"{self.name} takes a reload")

    def ready(self):
        return self.knotc_ok("status") and all(ask.answers(self.address, zone)
                                               for zone in self.zones)

    def knotc(self, *args, check=True):
        """Runs knotc against this server; returns its output, LabError if it fails."""
        result = self._run_knotc(args)
        if check and result.returncode != 0:
            raise LabError(f"knotc {' '.join(args)}: {(result.stderr + result.stdout).strip()}")
        return result.stdout

    def knotc_ok(self, *args):
        """Whether the command succeeds."""
        return self._run_knotc(args).returncode == 0

    def _run_knotc(self, args):
        """Repeats what did not reach the server: a test asks for many zones at once, and only five commands can wait (listen() of Knot)."""
        end = time.monotonic() + KNOTC_TIMEOUT
        while True:
            result = run(["knotc", "-t", str(KNOTC_TIMEOUT), "-s", self.socket, *args])
            if time.monotonic() > end or not ("failed to connect" in result.stderr and "OS lacked necessary resources" in result.stderr):
                return result
            pause(POLL)

    @property
    def kskrolld(self):
        """Pid of the kskrolld that this server has started; None if there is none."""
        found = [pid for pid in children(self.pid) if comm(pid) == "kskrolld"] if self.running() else []
        assert len(found) < 2, f"two of them: {found}"
        return found[0] if found else None

    def wait_kskrolld(self, other_than=None, seconds=20):
        """Waits for a kskrolld (that is not that one) and returns its pid."""
        return wait_until(lambda: self.kskrolld if self.kskrolld != other_than else None, seconds,
                          f"{self.name} has a kskrolld")

    def transaction(self, *commands):
        """One transaction of the operator; returns the seconds of its commit.

        It is made again if a transaction of the module is open, or if knotd takes the connection of a command
        before it has noted that of conf-begin as the owner (ctl_process_thread of Knot 3.4 and 3.5).
        """
        def once():
            if not self.knotc_ok("conf-begin"):
                return None
            try:
                for command in commands:
                    self.knotc(*command)
            except LabError as error:
                if "transaction thread mismatch" not in str(error):
                    raise
            else:
                began = time.monotonic()
                if self.knotc_ok("conf-commit"):
                    return time.monotonic() - began
            self.knotc_ok("conf-abort")
            return None
        return wait_until(once, 20, f"{self.name}: commit of {commands}")

    def totals(self):
        """What the module counts over all zones: item -> number, or item -> {name: number}."""
        return control.stats(self.socket, "mod-kskroll", timeout=KNOTC_TIMEOUT)

    def stats(self, zone):
        """What the module says of the zone, item -> number; state and gate by name, or None.

        All numbers are 0 until the module has read what it stored of the zone: that is no state.
        """
        numbers = control.stats(self.socket, "mod-kskroll", zone, KNOTC_TIMEOUT).get("kskroll-zone", {})
        if not any(numbers.values()):
            numbers = {}
        for item in ("state", "gate"):
            if item not in self._names:
                # The totals have them by name, in the order of their numbers.
                self._names[item] = list(self.totals().get(f"kskroll-{item}", ()))
            number = numbers.get(item)
            names = self._names[item]
            numbers[item] = names[number] if number is not None and names else None
            if not names:
                del self._names[item]
        return numbers

    def number(self, zone, item):
        """One number of stats(). A new instance has none until kskrolld has published them again."""
        return wait_until(lambda: [self.stats(zone)[item]], 10, f"{self.name}: {item} of {zone}")[0]

    def state(self, zone):
        """The module's state of the zone."""
        return self.stats(zone)["state"]

    def gate(self, zone):
        """Why the zone stays in its state."""
        return self.stats(zone)["gate"]


def _stat(pid):
    """(name, parent) of a process; ("", 0) if there is none, or it has ended and nobody has asked how."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            head, tail = file.read().rsplit(")", 1)
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    state, parent = tail.split()[:2]
    return (head.split("(", 1)[1], int(parent)) if state not in "ZX" else ("", 0)


def comm(pid):
    """Name of a process; "" if it has ended."""
    return _stat(pid)[0]


def children(pid):
    """Pids of the processes that a process has started and that have not ended."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _stat(entry)[1] == pid]


def render(sections):
    """The text form of a Knot configuration."""
    lines = []
    for name, content in sections:
        lines.append(f"{name}:")
        if isinstance(content, dict):
            lines += [f"    {item}: {as_text(value)}" for item, value in content.items()]
            continue
        for block in content:
            for number, (item, value) in enumerate(block.items()):
                lines.append(f"  {'- ' if number == 0 else '  '}{item}: {as_text(value)}")
    return "\n".join(lines) + "\n"


def as_text(value):
    """The text form of the value of an item."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(as_text(item) for item in value) + "]"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def file_name(zone):
    """Name of a zone's file, as Knot has it."""
    return (zone.rstrip(".").replace("/", "_") or "root") + ".zone"


def run(argv, env=None, **kwargs):
    """Runs a program to its end, with a bound, without input."""
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL if "input" not in kwargs else None,
                              capture_output=True, text=True, check=False,
                              timeout=60 * PATIENCE,
                              env={**(env or os.environ), **clock.current.environment(argv[0])},
                              **kwargs)
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(argv)}: no end after {60 * PATIENCE:g} s") from None

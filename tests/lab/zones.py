# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and zone files of the lab."""

import base64
import glob
import os
import secrets
from dataclasses import dataclass, field

from .daemons import run
from .wait import LabError

ALGORITHM = "ECDSAP256SHA256"
ROOT_SERVER = "ns.root-lab."


@dataclass
class Tsig:
    """A TSIG key and its forms in the configuration of others."""
    name: str
    algorithm: str = "hmac-sha256"
    secret: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())

    def kdig(self):
        """As kdig -y and dig -y take it."""
        return f"{self.algorithm}:{self.name}:{self.secret}"

    def bind(self):
        """As BIND and nsupdate read it."""
        return (f'key "{self.name}" {{ algorithm {self.algorithm}; secret "{self.secret}"; }};\n')



def glue(servers):
    """Address records of the servers."""
    return [f"{host} {'AAAA' if ':' in address else 'A'} {address}"
            for host, addresses in servers.items() for address in addresses]


def delegation(zone, servers):
    """NS records and glue of a child zone, for its parent."""
    return [f"{zone} NS {host}" for host in servers] + glue(servers)


def zone_text(zone, servers, ttl, lines=()):
    """A zone file."""
    primary = next(iter(servers))
    head = [f"$ORIGIN {zone}", f"$TTL {ttl}",
            f"@ SOA {primary} hostmaster.lab.test. 1 30 1 864000 {min(ttl, 5)}"]
    inside = {host: addresses for host, addresses in servers.items() 
              if zone == "." or host.endswith(f".{zone}")}
    names = [f"@ NS {host}" for host in servers]
    return "\n".join([*head, *names, *glue(inside), *lines]) + "\n"


def write(path, text):
    """Writes a file and returns its path."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def sign_root(directory, text):
    """Signs the root zone once; returns the paths of signed zone and trust anchor."""
    ksk = _keygen(directory, "-f", "KSK")
    _keygen(directory)
    signed = sign_again(directory, text)
    with open(os.path.join(directory, ksk + ".key"), encoding="ascii") as file:
        key = next(line for line in file if not line.startswith(";"))
    return signed, write(os.path.join(directory, "root.key"), key)


def sign_again(directory, text):
    """Signs the root zone with the keys that are there; returns the path of the signed zone."""
    source = write(os.path.join(directory, "root.zone"), text)
    signed = os.path.join(directory, "root.signed")
    _do(["dnssec-signzone", "-S", "-K", directory, "-o", ".", "-e", "+30d", "-f", signed, source],
        directory)
    return signed


def write_hints(directory, address):
    """Root hints of the lab."""
    return write(os.path.join(directory, "root.hints"),
                 f". 3600 NS {ROOT_SERVER}\n{ROOT_SERVER} 3600 A {address}\n")


def key_files(directory):
    """Key files in a directory, for tests."""
    return sorted(glob.glob(os.path.join(directory, "K*.key")))


def _keygen(directory, *options):
    return _do(["dnssec-keygen", "-q", "-K", directory, "-a", ALGORITHM, *options, "."],
               directory).strip()


def _do(argv, directory):
    result = run(argv, cwd=directory)
    if result.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {result.stderr.strip()}")
    return result.stdout

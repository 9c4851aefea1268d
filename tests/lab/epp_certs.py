# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for EPP servers and clients of the lab: an authority, and what it issues, good and bad."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """A certification authority, whose files are in one folder. \\a ca is the path of its own certificate."""

    def __init__(self, directory, name="lab CA"):
        self.directory, self.name = directory, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = _name(name)
        certificate = (_builder(self.subject, self.subject, self.key, -DAY, 30 * DAY)
                       .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                       .add_extension(_usage(signs=True), critical=True)
                       .sign(self.key, hashes.SHA256()))
        self.ca = self._write(f"{_file(name)}.ca.pem", certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name, hosts=(), start=-DAY, end=30 * DAY, client=False):
        """A certificate of this authority: its names and addresses are \\a hosts, it counts from \\a start to \\a end from now.

        \\return (path of the certificate, path of its key, which its owner alone can read).
        """
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = (_builder(_name(name), self.subject, key, start, end, self.key)
                   .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                   .add_extension(_usage(signs=False), critical=True)
                   .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False))
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        stem = f"{_file(self.name)}.{_file(name)}"
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return (self._write(f"{stem}.pem", certificate.public_bytes(serialization.Encoding.PEM)),
                self._write(f"{stem}.key", secret, 0o600))

    def _write(self, name, data, mode=0o644):
        path = os.path.join(self.directory, name)
        with open(path, "wb", opener=lambda where, flags: os.open(where, flags, mode)) as file:
            file.write(data)
        return path


def _file(name):
    return name.replace(" ", "-").replace("*", "any")


def _name(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(signs):
    return x509.KeyUsage(digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
                         key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False)


def _builder(subject, issuer, key, start, end, signer=None):
    now = datetime.datetime.now(datetime.timezone.utc)
    signed_by = (signer or key).public_key()
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now + start).not_valid_after(now + end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by), critical=False))

#!/usr/bin/env python3
"""Make keys for encrypted connections of a Dask cluster, and the configuration that goes with them.

    python make_keys.py FOLDER [HOST ...]

Makes in FOLDER, which only its owner can read:

ca.pem, ca-key.pem           an authority of your own. Its key signs members; keep it off the cluster.
member.pem, member-key.pem   what scheduler, workers and clients show each other. Whoever has these is let in.
distributed.yaml             the configuration: copy it to ~/.config/dask/, or set DASK_CONFIG to its path.

Run it again to make another member with the same authority. Needs the package cryptography.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 365
CONFIGURATION = """\
# Nobody without these keys can talk to scheduler or workers of this cluster.
distributed:
  comm:
    require-encryption: true
    default-scheme: tls
    tls:
      ca-file: {folder}/ca.pem
      scheduler: &member
        cert: {folder}/member.pem
        key: {folder}/member-key.pem
      worker: *member
      client: *member
"""


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as text."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name | None, signer: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """Return a certificate that wants its extensions and signature."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
    )


def authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return the authority of a folder, made now if there is none."""
    if (folder / "ca.pem").exists():
        key = serialization.load_pem_private_key((folder / "ca-key.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        certificate("spikefarm authority", key, None, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / "ca-key.pem", pem(key))
    write_private(folder / "ca.pem", made.public_bytes(serialization.Encoding.PEM))
    return made, key


def address(host: str) -> x509.GeneralName:
    """Return a host as certificates name it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def main(folder: Path, hosts: list[str]) -> None:
    """Make what is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    ca, signer = authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    roles = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    made = (
        certificate("spikefarm member", key, ca.subject, signer)
        .add_extension(x509.SubjectAlternativeName([address(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(roles, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    write_private(folder / "member-key.pem", pem(key))
    write_private(folder / "member.pem", made.public_bytes(serialization.Encoding.PEM))
    (folder / "distributed.yaml").write_text(CONFIGURATION.format(folder=folder))


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]).expanduser().absolute(), sys.argv[2:] or ["localhost", "127.0.0.1"])

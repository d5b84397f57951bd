"""Keys for encrypted connections between scheduler, workers and clients of one sweep."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_REMEDY = "pip install 'spikefarm[cluster]'"


@dataclass(frozen=True)
class Keys:
    """Where the certificate and the key of a cluster lie; whoever can read both is let in.

    Parameters
    ----------
    certificate, key : Path
    """

    certificate: Path
    key: Path

    def security(self) -> Any:
        """Return what Dask is told, for everybody who is in the cluster."""
        from distributed import Security

        certificate, key = str(self.certificate), str(self.key)
        found: dict[str, Any] = {"tls_ca_file": certificate, "require_encryption": True}
        for role in ("scheduler", "worker", "client"):
            found |= {f"tls_{role}_cert": certificate, f"tls_{role}_key": key}
        return Security(**found)

    def arguments(self) -> list[str]:
        """Return what ``dask worker`` and ``dask scheduler`` are told."""
        return [
            f"--tls-ca-file={self.certificate}",
            f"--tls-cert={self.certificate}",
            f"--tls-key={self.key}",
        ]


def write_keys(folder: Path) -> Keys:
    """Make a key and a certificate signed with it, which only this user can read.

    Parameters
    ----------
    folder : Path
        There already, on a file system that all members of the cluster see.

    Raises
    ------
    RuntimeError
        The package cryptography is missing.
    """
    try:
        from distributed import Security

        made = Security.temporary()
    except ImportError as error:
        raise RuntimeError(f"encrypted connections need the package cryptography: {_REMEDY}") from error
    keys = Keys(folder / "certificate.pem", folder / "key.pem")
    for path, text in ((keys.certificate, made.tls_ca_file), (keys.key, made.tls_scheduler_key)):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
    return keys

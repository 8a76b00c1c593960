"""A certificate to sign pictures with, and the authority that gave it out: made by openssl."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.program import program

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
_SIGNER = (
    "-addext", "basicConstraints=critical,CA:FALSE",
    "-addext", "keyUsage=critical,digitalSignature",
    "-addext", "extendedKeyUsage=emailProtection",
    "-addext", "authorityKeyIdentifier=keyid",
)  # fmt: skip
"""What C2PA asks of a signer's certificate."""


class Signer(NamedTuple):
    """Both in PEM."""

    certificates: bytes
    key: bytes


@cache
def signer(name: str = "The Shop") -> Signer:
    """A signer, made once for each name in a process."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        authority = ("-x509", "-subj", "/O=Authority/CN=Authority", "-out", str(place / "ca.pem"))
        _make(*_CURVE, *authority, "-keyout", str(place / "ca.key"))
        given = ("-CA", str(place / "ca.pem"), "-CAkey", str(place / "ca.key"))
        subject = ("-x509", "-subj", f"/O={name}/CN={name}", "-out", str(place / "signer.pem"))
        _make(*_CURVE, *subject, "-keyout", str(place / "signer.key"), *given, *_SIGNER)
        chain = (place / "signer.pem").read_bytes() + (place / "ca.pem").read_bytes()
        return Signer(chain, (place / "signer.key").read_bytes())


def _make(*options: str) -> None:
    subprocess.run([program("openssl"), "req", *options], check=True, capture_output=True)

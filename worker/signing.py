"""What signs pictures, made from the settings once for each process."""

from __future__ import annotations

from results.labels.sealing import CannotSeal, Sealer
from schemas.c2pa_section import C2paSection


def sealer_of(section: C2paSection) -> Sealer | None:
    """None where nothing is to be signed. Raises CannotSeal saying which setting is at fault."""
    if section.certificate is None or section.key is None:
        return None
    try:
        certificates, key = section.certificate.read_bytes(), section.key.read_bytes()
    except OSError as error:
        raise CannotSeal(
            f"[c2pa]: {error.filename} cannot be read: {error.strerror}. Pictures are signed with"
            " the certificate and the key that are named there."
        ) from error
    try:
        return Sealer(certificates, key, section.algorithm)
    except CannotSeal as error:
        raise CannotSeal(
            f"[c2pa]: {section.certificate} and {section.key} cannot be signed with as"
            f" {section.algorithm}: {error}."
        ) from error

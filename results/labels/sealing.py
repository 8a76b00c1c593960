"""Signs a picture's file with a C2PA manifest: who says that it was made by AI, and that nothing changed.

The manifest follows the C2PA specification (https://spec.c2pa.org/specifications/), written by the
Content Authenticity Initiative's own library. It is an extra, `imagemill[c2pa]`: a native library of
16 MB, and a certificate, which most do not have.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any, NamedTuple

from results.labels.marks import MADE_BY_AI
from results.labels.packet import Unlabelled
from results.labels.seals import is_sealed, without_seal

SEALED_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
_SOFTWARE = {"name": "imagemill"}
_SETTINGS = {
    # In every manifest one would make a file larger by hundreds of kilobytes.
    "builder": {"thumbnail": {"enabled": False}},
    # A stranger's picture may name any address, those within our network too.
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_GOOD = frozenset({"Valid", "Trusted"})


class Parent(NamedTuple):
    """The file that another was made of, whose manifest is true of it."""

    file: bytes
    content_type: str
    title: str = "as-delivered"
    action: str = "c2pa.edited.metadata"
    """What was done with it, as C2PA names it."""


class CannotSeal(Exception):
    """Nothing can be signed, or this file cannot; the message says why, and shows no key."""


class Sealer:
    """Signs files; one object of it serves any number of threads."""

    def __init__(self, certificates: bytes, key: bytes, algorithm: str) -> None:
        """PEM: the signer's certificate and those up to its authority, and its private key.

        Raises CannotSeal where the library is missing, or the two are no use.
        """
        try:
            import c2pa  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; an extra, which only who signs has
        except ImportError as error:
            raise CannotSeal("signing needs the extra: pip install 'imagemill[c2pa]'") from error
        self._c2pa = c2pa
        self._context = c2pa.Context.from_dict(_SETTINGS)
        self._info = (certificates, key, c2pa.C2paSigningAlg[algorithm.upper()])
        self.seal(_dot(), "image/png", agent=None, parent=None)

    def seal(
        self, file: bytes, content_type: str, *, agent: str | None, parent: Parent | None
    ) -> bytes:
        """The file with a manifest: made by AI, by that agent; nothing else of it changes.

        The manifest of a `parent` is kept inside the new one, and says who made it. Signed twice it is two files: a signature has its own number and chance.
        Raises CannotSeal.
        """
        certificates, key, algorithm = self._info
        out = io.BytesIO()
        try:
            signer = self._c2pa.Signer.from_info(
                self._c2pa.C2paSignerInfo(
                    alg=algorithm, sign_cert=certificates, private_key=key, ta_url=None
                )
            )
            manifest = json.dumps(_manifest(agent, parent))
            with signer, self._c2pa.Builder(manifest, context=self._context) as builder:
                if parent is not None:
                    said = {"title": parent.title, "relationship": "parentOf"}
                    said["label"] = parent.title
                    builder.add_ingredient(
                        json.dumps(said), parent.content_type, io.BytesIO(parent.file)
                    )
                builder.sign(signer, content_type, io.BytesIO(file), out)
        except self._c2pa.C2paError as error:
            raise CannotSeal(str(error)) from error
        return out.getvalue()

    def holds(self, file: bytes, content_type: str) -> bool:
        """Whether its manifest is true of the file; by whom it is signed is for others to judge."""
        if not is_sealed(file, content_type):
            return False
        try:
            with self._c2pa.Reader(content_type, io.BytesIO(file), context=self._context) as reader:
                found: dict[str, Any] = json.loads(reader.json())
        except self._c2pa.C2paError:
            return False
        return found.get("validation_state") in _GOOD

    def same(self, stored: bytes, file: bytes, content_type: str) -> bool:
        """Whether two files differ in nothing but when they were signed, and both are true."""
        try:
            alike = without_seal(stored, content_type) == without_seal(file, content_type)
        except Unlabelled:
            return False
        return alike and self.holds(stored, content_type)


def _manifest(agent: str | None, parent: Parent | None) -> dict[str, Any]:
    made: dict[str, Any] = {"action": "c2pa.created", "digitalSourceType": MADE_BY_AI}
    if agent is not None:
        made["softwareAgent"] = {"name": agent}
    if parent is not None:  # who made it says so in the manifest that is kept
        actions = [
            {"action": "c2pa.opened", "parameters": {"ingredientIds": [parent.title]}},
            {"action": parent.action},
        ]
    else:
        actions = [made]
    return {
        "claim_generator_info": [_SOFTWARE],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }


def _dot() -> bytes:
    """A PNG of one pixel, to try on."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        content = kind + data
        return struct.pack(">I", len(data)) + content + struct.pack(">I", zlib.crc32(content))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )

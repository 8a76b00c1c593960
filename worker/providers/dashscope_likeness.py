"""The pictures a person's likeness is learned from: addresses, and a file of the others.

Source: Model Studio: FaceChain portrait training, file management service.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.model import Model
from worker.providers.port import Refused

FILE_LIMIT_BYTES = 300 * 1024 * 1024

_DAY_ONE = (1980, 1, 1, 0, 0, 0)


class Likeness(NamedTuple):
    """What a person is learned from."""

    addresses: list[str]
    """Pictures the provider fetches itself."""
    archive: bytes
    """The others, as one zip file; empty where there are none."""

    @property
    def name(self) -> str:
        """The file's name, the same for the same pictures."""
        return f"{hashlib.sha256(self.archive).hexdigest()[:32]}.zip"


def picture_names(model: Model) -> list[str]:
    """The parameters that are pictures."""
    return [name for name, known in model.parameters.items() if known.takes_pictures]


def read_likeness(job: Job, model: Model) -> Likeness | Refused:
    """An order's pictures: http(s) addresses, or data URIs, which become a file."""
    addresses: list[str] = []
    files: list[tuple[str, bytes]] = []
    for number, picture in enumerate(_pictures(job, model), start=1):
        file = _decoded(picture, number)
        if picture.startswith(("http://", "https://")):
            addresses.append(picture)
        elif file:
            files.append(file)
        else:
            return _wrong(
                f"picture {number} is neither an http(s) address nor a data URI of a file"
            )
    if not (addresses or files):
        return _wrong("there is no picture to learn from")
    archive = _zipped(files) if files else b""
    if len(archive) > FILE_LIMIT_BYTES:
        return _wrong(f"the pictures have {len(archive)} bytes; a file may have {FILE_LIMIT_BYTES}")
    return Likeness(addresses, archive)


def _pictures(job: Job, model: Model) -> Iterator[str]:
    for name in picture_names(model):
        found = job.parameters.get(name, [])
        yield from map(str, found if isinstance(found, list) else [found])


def _decoded(data_uri: str, number: int) -> tuple[str, bytes] | None:
    """Name and bytes; None where it is no data URI that holds any."""
    head, _, body = data_uri.partition(",")
    kind, _, encoding = head.removeprefix("data:").partition(";")
    if not head.startswith("data:") or encoding != "base64":
        return None
    try:
        data = base64.b64decode(body, validate=True)
    except ValueError:
        return None
    return (f"{number:02}.{kind.partition('/')[2] or 'jpeg'}", data) if data else None


def _zipped(files: list[tuple[str, bytes]]) -> bytes:
    """Pictures are packed already. The same pictures make the same file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, _DAY_ONE), data)
    return packed.getvalue()


def _wrong(message: str) -> Refused:
    failure = Failure(error_class=ErrorClass.INVALID, code="training-pictures", message=message)
    return Refused(failure)

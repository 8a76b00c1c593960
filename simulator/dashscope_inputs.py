"""Looks at the pictures an order brings along, as the vendor's servers would.

Only addresses of this machine are really fetched: a rehearsal needs no internet, so any other
host is taken on trust.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
from PIL import Image, UnidentifiedImageError

from simulator.checks import BadParameter
from simulator.dashscope_model import MEGABYTE, Model, Picture, Pixels
from simulator.gallery import Gallery
from simulator.refusal import Refusal
from simulator.tasks import Failure

_HERE = re.compile(r"127(?:\.\d{1,3}){3}|localhost|::1", re.IGNORECASE)
_DATA = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF")
_FETCH_S = 5.0
_MOST_BYTES = 40 * MEGABYTE

REFUSED = Failure("InvalidURL.ConnectionRefused", "Connection to the provided URL was refused.")
TIMED_OUT = Failure("InvalidURL.Timeout", "Download the media resource timed out.")
NOT_DOWNLOADED = Failure(
    "InvalidParameter.DataInspection",
    "Unable to download the media resource during the data inspection process.",
)
NOT_ASCII = Failure("InternalError.Algo", "Inference error: inference error.")
_NO_PICTURE = Failure("BadRequest.UnsupportedFileFormat", "Input file format is not supported.")
_TOO_LARGE = Failure("BadRequest.TooLarge", "Payload Too Large")


@dataclass(slots=True)
class Looked:
    """What a look at an order's pictures found."""

    flaw: Failure | None = None
    """Why no picture can be made from them."""
    base: Pixels | None = None
    """Width and height of the first picture, where it was fetched."""
    plain: set[str] = field(default_factory=set)
    """Labels of pictures of a single colour: nothing can be recognised in them."""
    labels: dict[str, list[str]] = field(default_factory=dict)
    """Each picture without its query or its bytes, by field."""


class _Unusable(Exception):
    """A picture cannot be used; carries the vendor's reason."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


def check_addresses(
    model: Model, pictures: Sequence[tuple[str, str]], resolves_oss: bool
) -> Failure | None:
    """Refuse what is no address; return why the task will fail for one of another alphabet.

    Raises:
        Refusal: An address has a form the vendor does not take.
        BadParameter: A model that downloads everything was given the bytes themselves.
    """
    flaw = None
    for path, address in pictures:
        if address.startswith("data:"):
            if not model.pictures[path].data:
                raise BadParameter(f"{path} must be a URL; base64 is not supported by this model.")
            if _DATA.match(address) is None:
                raise BadParameter(f"{path} is no data URI of an image in base64.")
        elif address.startswith("oss://") and resolves_oss:
            continue
        elif not re.match(r"https?://[^/\s]+/\S*", address):
            raise Refusal(400, "InvalidURL", "The request URL is invalid, please check it.")
        elif not address.isascii():
            flaw = NOT_ASCII
    return flaw


async def look(model: Model, pictures: Sequence[tuple[str, str]], gallery: Gallery) -> Looked:
    """Fetch what lies on this machine, decode what came along, and hold it against the rules.

    The vendor does so when the task runs; here it is done before the order is answered.
    """
    if not any(_is_at_hand(address) for _, address in pictures):
        return _look(model, pictures, gallery)
    return await asyncio.to_thread(_look, model, pictures, gallery)


def _look(model: Model, pictures: Sequence[tuple[str, str]], gallery: Gallery) -> Looked:
    looked = Looked()
    seen: dict[str, Pixels] = {}
    for path, address in pictures:
        try:
            content = _content(address)
            label = _label(address, content)
            looked.labels.setdefault(path, []).append(label)
            if content is None:
                continue
            image = _opened(content)
            _check(model.pictures[path], image, len(content), seen)
        except _Unusable as error:
            looked.flaw = looked.flaw or error.failure
            continue
        seen.setdefault(path, image.size)
        looked.base = looked.base or image.size
        if len(set(image.convert("RGB").resize((16, 16)).getdata())) == 1:
            looked.plain.add(label)
        gallery.keep(label, image)
    return looked


def _is_at_hand(address: str) -> bool:
    """Whether the picture came along or lies on this machine."""
    if address.startswith("data:"):
        return True
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:  # brackets around what is no address
        return False
    return parts.scheme in ("http", "https") and _HERE.fullmatch(host) is not None


def _content(address: str) -> bytes | None:
    """The picture's bytes, None where it is not ours to fetch."""
    if address.startswith("data:"):
        try:
            return base64.b64decode(address.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise _Unusable(_NO_PICTURE) from error
    if not _is_at_hand(address):
        return None
    try:
        with httpx2.stream("GET", address, timeout=_FETCH_S, trust_env=False) as answer:
            if answer.status_code != 200:
                raise _Unusable(NOT_DOWNLOADED)
            return _bounded(answer)
    except httpx2.TimeoutException as error:
        raise _Unusable(TIMED_OUT) from error
    except httpx2.ConnectError as error:
        raise _Unusable(REFUSED) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _Unusable(NOT_DOWNLOADED) from error


def _bounded(answer: httpx2.Response) -> bytes:
    content = b""
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > _MOST_BYTES:
            raise _Unusable(_TOO_LARGE)
    return content


def _label(address: str, content: bytes | None) -> str:
    if address.startswith("data:") and content is not None:
        return f"data:{hashlib.sha256(content).hexdigest()}"
    return address.partition("?")[0]


def _opened(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
        image.load()
    except (UnidentifiedImageError, EOFError, OSError, SyntaxError, ValueError) as error:
        raise _Unusable(_NO_PICTURE) from error
    except Image.DecompressionBombError as error:
        raise _Unusable(_TOO_LARGE) from error
    return image


def _check(rule: Picture, image: Image.Image, size_bytes: int, seen: dict[str, Pixels]) -> None:
    if size_bytes > rule.megabytes * MEGABYTE:
        raise _Unusable(_TOO_LARGE)
    shorter, longer = sorted(image.size)
    if shorter < rule.sides[0] or longer > rule.sides[1] or longer > shorter * rule.ratio:
        message = "The input image resolution is too large or small."
        raise _Unusable(Failure("InvalidImageResolution", message))
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if rule.alpha == "required" and image.mode != "RGBA":
        raise _Unusable(_NO_PICTURE)
    if rule.alpha == "refused" and transparent:
        message = "The input image must not have a transparent channel."
        raise _Unusable(Failure("InvalidParameter", message))
    other = seen.get(rule.same_size_as)
    if other is not None and other != image.size:
        message = "The size of the mask is not the size of the image."
        raise _Unusable(Failure("InvalidParameter", message))

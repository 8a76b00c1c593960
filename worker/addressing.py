"""Pictures that go in: from the references of a job to what its provider can be given.

Done right before an order is sent and kept nowhere: addresses and data are in neither the ledger,
the logs nor the results.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.lane import Lane
from schemas.model import Model
from schemas.picture_reference import BucketObject, PublicUrl, StoredPicture, read_reference
from schemas.picture_rule import PictureRule
from schemas.picture_way import DATA_LIMIT_BYTES, NoWay, Way, way_of_object, way_of_url
from schemas.provider import PROVIDERS
from storage import BadKey, BadUrl, BucketMissing, NotFound, StorageError
from worker.fetching import Fetched, FetchFailed
from worker.input_places import InputPlaces
from worker.policy.retrying import DownloadFault
from worker.tools import Tools

LIFETIME_S = 26 * 3600.0
"""How long a signed address works. A task may wait for a day at its provider before it is drawn
(Model Studio: asynchronous tasks); the rest is for clocks that differ."""

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"BM": "image/bmp",
    b"GIF8": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
}


@dataclass(frozen=True)
class Unusable:
    """A picture of the order will never get to its provider: nothing was sent."""

    failure: Failure


@dataclass(frozen=True)
class NotNow:
    """A picture cannot be had just now: nothing was sent, and trying again later helps."""

    why: str


class _Missed(Exception):
    """The order cannot be sent like this."""

    def __init__(self, found: Unusable | NotNow) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True)
class _Field:
    """One picture field of the order."""

    name: str
    rule: PictureRule
    provider_url: str

    @property
    def limit_bytes(self) -> int:
        return self.rule.max_bytes or DATA_LIMIT_BYTES

    def unusable(self, code: str, reason: str) -> _Missed:
        message = f"the picture of {self.name} {reason}"
        return _Missed(
            Unusable(Failure(error_class=ErrorClass.INVALID, code=code, message=message))
        )


def addressed(order: Job, model: Model, tools: Tools) -> Job | Unusable | NotNow:
    """The order with every picture as a URL its provider can fetch, or as a data URI.

    Objects of a storage get addresses signed for `LIFETIME_S`, once they are seen to be there;
    what lies at a public URL is fetched only where the provider takes no addresses.
    """
    given = dict(order.parameters)
    provider_url = None
    try:
        for name, parameter in model.parameters.items():
            if name in given and parameter.takes_pictures:
                provider_url = provider_url or _provider_url(Lane.parse(order.lane), tools)
                field = _Field(name, parameter.picture or PictureRule(), provider_url)
                given[name] = _each(given[name], field, tools.inputs)
    except _Missed as missed:
        return missed.found
    return order if provider_url is None else order.model_copy(update={"parameters": given})


def _each(value: Any, field: _Field, places: InputPlaces) -> Any:
    if isinstance(value, list):
        return [_each(entry, field, places) for entry in value]
    reference = read_reference(str(value))
    try:
        match reference:
            case PublicUrl(url):
                way = way_of_url(field.rule.taken_as, url, field.provider_url)
                return url if way is Way.ADDRESS else _fetched(url, field, places)
            case BucketObject() | StoredPicture():
                return _stored(reference, field, places)
            case _ if str(value).startswith("data:"):
                return value
            case _:
                raise field.unusable("input-unknown", "is no reference to any picture")
    except NoWay as error:
        raise field.unusable("input-out-of-reach", str(error)) from error


def _stored(place: BucketObject | StoredPicture, field: _Field, places: InputPlaces) -> str:
    try:
        storage, key = places.find(place)
        there = storage.head(key)
        if there is None:
            raise field.unusable("input-missing", f"is gone: {storage.location(key)}")
        address = storage.presigned(key, LIFETIME_S)
        way = way_of_object(field.rule.taken_as, address, field.provider_url)
        if way is Way.ADDRESS and address is not None:
            return address
        _check_fits(there.size_bytes, field)
        return _data_uri(storage.get(key), field)
    except (NotFound, BucketMissing, BadKey, BadUrl) as error:
        raise field.unusable("input-missing", f"is not to be had. {error}") from error
    except StorageError as error:
        raise _Missed(NotNow(str(error))) from error


def _fetched(url: str, field: _Field, places: InputPlaces) -> str:
    match places.fetch(url):
        case Fetched(data):
            _check_fits(len(data), field)
            return _data_uri(data, field)
        case FetchFailed(DownloadFault.TRANSIENT, reason):
            raise _Missed(NotNow(f"the picture of {field.name} did not come: {reason}"))
        case FetchFailed(_, reason):
            raise field.unusable("input-not-fetched", f"did not come: {reason}")


def _check_fits(size_bytes: int, field: _Field) -> None:
    """Raises _Missed for more than a request may hold."""
    if size_bytes > field.limit_bytes:
        reason = f"has {size_bytes:,} bytes; in a request at most {field.limit_bytes:,} are taken"
        raise field.unusable("input-too-large", reason)


def _data_uri(data: bytes, field: _Field) -> str:
    content_type = _content_type(data)
    if content_type is None:
        raise field.unusable("input-not-a-picture", "is of no kind we know")
    return f"data:{content_type};base64,{base64.b64encode(data).decode('ascii')}"


def _content_type(data: bytes) -> str | None:
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def _provider_url(lane: Lane, tools: Tools) -> str:
    account = tools.settings.account(lane.account, lane.provider)
    return account.base_url or PROVIDERS[lane.provider].base_url

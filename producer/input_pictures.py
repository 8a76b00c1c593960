"""The pictures a manifest's rows bring along: checked before money is spent, uploaded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from producer.picture_limits import megabytes, reason_against
from producer.picture_paths import find_file
from producer.picture_places import PicturePlaces
from producer.picture_seen import Seen
from producer.picture_upload import LocalPicture, upload
from producer.problem import shown
from schemas import layout
from schemas.job import Job
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from schemas.picture_reference import BucketObject, PublicUrl, read_reference
from schemas.picture_rule import PictureRule
from schemas.picture_way import DATA_LIMIT_BYTES, Way, way_of_object, way_of_url
from storage import Storage

_NO_FILES = (
    "is a file of one machine, and this manifest is read elsewhere; write an https:// address or"
    " s3://bucket/key"
)


class _Asked(NamedTuple):
    """One picture field of one model."""

    rule: PictureRule
    field: str
    provider_url: str


class InputPictures:
    """Checks a manifest's pictures and remembers which local files its jobs need.

    Local files and objects in S3 are decoded and held against the field's rule; public URLs are
    not fetched: what lies there may change before the provider looks. A local file's reference is
    named after its content, so that a job changes with the picture and not with its path.
    """

    def __init__(self, places: PicturePlaces, folders: tuple[Path, ...]) -> None:
        """`folders` are where relative paths begin, the first that has the file counts; without any,
        no file may be named."""
        self._places = places
        self._folders = folders
        self._seen: dict[str, Seen] = {}
        self._local: dict[str, LocalPicture] = {}
        self._needed: dict[str, None] = {}

    def refer(self, parameter: Parameter, written: str, model: Model) -> str:
        """The reference that stands in the job: a URL, s3://bucket/key, or a key of our storage.

        Raises ValueError with what is wrong, reading on from what the row has, and PicturesDenied
        or PicturesOutOfReach where S3 itself is not to be had.
        """
        try:
            return self._referred(parameter, written, model)
        except ValueError as error:
            if parameter.kind is not Kind.PICTURES:
                raise
            raise ValueError(f"has {shown(_without_query(written))}, which {error}") from error

    def _referred(self, parameter: Parameter, written: str, model: Model) -> str:
        asked = _Asked(
            parameter.picture or PictureRule(),
            f"{_name(parameter, model)} of {model.name}",
            self._places.provider_url(model.provider, model.account),
        )
        match read_reference(written):
            case PublicUrl(url):
                way_of_url(asked.rule.taken_as, url, asked.provider_url)
                return url
            case BucketObject(bucket, key) as place:
                reference, seen = f"s3://{bucket}/{key}", self._places.object(place)
                _check(seen, asked, self._places.bucket_signs_at(bucket))
            case _:
                if not self._folders:
                    raise ValueError(_NO_FILES)
                found = find_file(written, self._folders)
                seen = self._places.file(found)
                _check(seen, asked, self._places.storage_signs_at())
                reference = layout.input_picture_key(seen.sha256, seen.extension)
                self._local[reference] = LocalPicture(found.path, seen)
        self._seen[reference] = seen
        return reference

    def same_size(self, first_reference: str, second_reference: str) -> bool | None:
        """Whether two pictures have one width and height; None: one of them is a public URL."""
        first, second = self._seen.get(first_reference), self._seen.get(second_reference)
        if first is None or second is None:
            return None
        return (first.width, first.height) == (second.width, second.height)

    def need(self, job: Job) -> None:
        """The job will be handed in: its local pictures are to be uploaded before."""
        if self._local:
            self._needed |= {text: None for text in _texts(job.parameters) if text in self._local}

    def upload(self, storage: Storage) -> None:
        """Put what the jobs need into storage; doing it twice is harmless.

        Raises StorageError, and PictureChanged for a file that is not what it was when checked.
        """
        upload({key: self._local[key] for key in self._needed}, storage)

    def close(self) -> None:
        """Close the connections."""
        self._places.close()


def _check(seen: Seen, asked: _Asked, signed_at: str | None) -> None:
    """Raises ValueError for a picture that is not what the field takes, or cannot get there."""
    reason = reason_against(seen, asked.rule, asked.field)
    if reason is not None:
        raise ValueError(reason)
    way = way_of_object(asked.rule.taken_as, signed_at, asked.provider_url)
    limit_bytes = asked.rule.max_bytes or DATA_LIMIT_BYTES
    if way is Way.DATA and seen.size_bytes > limit_bytes:
        raise ValueError(
            f"has {megabytes(seen.size_bytes)}, and goes into the request itself; {asked.field}"
            f" takes at most {megabytes(limit_bytes)} there"
        )


def _without_query(written: str) -> str:
    """An address without what may be its signature."""
    return written.split("?", 1)[0] if written.lower().startswith("http") else written


def _name(parameter: Parameter, model: Model) -> str:
    return next((name for name, known in model.parameters.items() if known is parameter), "it")


def _texts(parameters: dict[str, Any]) -> Iterator[str]:
    for value in parameters.values():
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, str):
                yield entry

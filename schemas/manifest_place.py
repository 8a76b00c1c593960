"""Where a manifest lies that the fleet reads: never a path, which is another file elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator

from schemas.account import Section
from schemas.layout import is_manifest_key, safe_name

_FORMS = "write https://host/path or s3://bucket/key"
_OBJECT = re.compile(r"s3://([^/?#]+)/(.+)", re.IGNORECASE | re.DOTALL)
_WEB = re.compile(r"(https?)://[^/]", re.IGNORECASE)
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WebManifest:
    """Behind an address of the web."""

    url: str

    @property
    def shown(self) -> str:
        """Without the query, which may be a signature."""
        return self.url.partition("?")[0]

    @property
    def name(self) -> str:
        """Its file name."""
        return _file_name(urlsplit(self.url).path)


@dataclass(frozen=True, slots=True)
class BucketManifest:
    """An object of a bucket that the storage's own credentials open."""

    bucket: str
    key: str

    @property
    def shown(self) -> str:
        """As it was written."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """Its file name."""
        return _file_name(self.key)


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A file as it was uploaded: a key of the mill's storage."""

    key: str

    @property
    def shown(self) -> str:
        """Its file name: the key says nothing to people."""
        return f"{self.name} (uploaded)"

    @property
    def name(self) -> str:
        """Its file name."""
        return _file_name(self.key)


ManifestPlace = WebManifest | BucketManifest | StoredManifest


def read_place(text: str) -> ManifestPlace:
    """What an address names. Raises ValueError with what to write."""
    found = _OBJECT.fullmatch(text)
    if found is not None:
        return BucketManifest(found[1], found[2])
    if _WEB.match(text):
        return WebManifest(text)
    if is_manifest_key(text):
        return StoredManifest(text)
    raise ValueError(f"is a path of one machine, or no address; {_FORMS}")


def is_remote(text: str) -> bool:
    """Whether an address can be read from anywhere."""
    try:
        read_place(text)
    except ValueError:
        return False
    return True


class ManifestSection(Section):
    """[manifests]: where manifests may be read that the fleet reads."""

    own_hosts: list[str] = Field(
        default_factory=list,
        description="hosts of your own network that may be asked, such as erp.internal or"
        " erp.internal:8443; also by http",
        examples=[["erp.internal:8443"]],
    )

    @field_validator("own_hosts")
    @classmethod
    def _are_hosts(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            if _HOST.fullmatch(host) is None:
                raise ValueError(f"{host!r} is no host; write erp.internal or erp.internal:8443")
        return [host.lower() for host in hosts]


def _file_name(path: str) -> str:
    return safe_name(unquote(path).rsplit("/", 1)[-1]) or "manifest"

"""From an address to the place it names."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.errors import BadKey, BadUrl
from storage.local import LocalStorage
from storage.port import Storage
from storage.s3_options import S3Options

_FORMS = "use a directory such as ./out, file:///absolute/directory or s3://bucket/prefix"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//)|(file|s3):", re.IGNORECASE)


def open_storage(url: str, *, s3: S3Options | None = None) -> Storage:
    """The place that `url` names; nothing is touched or connected to yet, `check` does that.

    `file:///abs` and bare paths are directories, `file://./rel` and bare relative paths ones below
    the working directory, `s3://bucket/prefix` a bucket. Raises BadUrl on anything else.
    """
    if not url.strip() or "\0" in url:
        raise BadUrl(f"The storage address is empty or broken: {_FORMS}.")
    scheme = _SCHEME.match(url)
    if scheme is None:
        return LocalStorage(_at_home(Path(url)))
    name = scheme[0][:-1].lower()
    if name == "file":
        return LocalStorage(_file_path(url))
    if name == "s3":
        return _open_s3(url, s3 or S3Options())
    # Only the scheme is shown: the rest may hold a password.
    raise BadUrl(f"A storage address cannot begin with {name}:// - {_FORMS}.")


def checked_bucket(name: str) -> str:
    """`name` itself. Raises BadUrl for what cannot name a bucket."""
    if not _BUCKET.fullmatch(name):
        raise BadUrl(
            f"{_without_password(name)!r} is not the name of a bucket: use s3://bucket/prefix,"
            " with the endpoint and the keys in their own settings."
        )
    return name


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise BadUrl(f"The home directory in {path} is not known: write it out.") from error


def _file_path(url: str) -> Path:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadUrl(f"The file:// address cannot be read: {_FORMS}.") from error
    if parts.query or parts.fragment:
        raise BadUrl("A file:// address writes '?' as %3F and '#' as %23, or use a bare path.")
    path = unquote(parts.path, errors="surrogateescape")
    if "\0" in path:
        raise BadUrl(f"The storage address is empty or broken: {_FORMS}.")
    if parts.netloc in {".", ".."}:
        return Path(parts.netloc + path)
    if parts.netloc not in {"", "localhost"}:
        raise BadUrl(
            f"In this file:// address {_without_password(parts.netloc)!r} stands where a host does,"
            " and a directory on another host cannot be reached: write file:///absolute/directory"
            " with three slashes or file://./relative."
        )
    if not path.startswith("/"):
        raise BadUrl(f"A file:// address needs an absolute directory: {_FORMS}.")
    return Path(path)


def _open_s3(url: str, options: S3Options) -> Storage:
    from storage.s3 import S3Storage  # noqa: PLC0415 - loading boto3 takes 0.1 s, which a directory is spared

    # Not urlsplit: '#', '%' and the like are letters of a prefix as any other.
    bucket, _, prefix = url[len("s3://") :].partition("/")
    checked_bucket(bucket if url[len("s3:") :][:2] == "//" else "")
    if "?" in prefix:
        raise BadUrl("An s3:// address takes no options after '?': they have their own settings.")
    try:
        return S3Storage(bucket, prefix.strip("/"), options)
    except BadKey as error:
        raise BadUrl(f"The prefix of the s3:// address cannot be used. {error}") from error


def _without_password(host: str) -> str:
    return host.rpartition("@")[2]

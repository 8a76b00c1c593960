"""A bucket, or a prefix in one, that keeps objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from storage.errors import BadKey, StorageError, Unreachable
from storage.keys import KEY_LIMIT_BYTES, checked_key, checked_prefix, is_key
from storage.metadata import checked_metadata
from storage.port import PRESIGNED_LIMIT_S, ConditionalPut, StorageProbe, StoredObject
from storage.probe import run_probe
from storage.s3_client import open_client
from storage.s3_errors import S3_EXCEPTIONS, answer_code, answer_status, storage_error
from storage.s3_objects import open_objects
from storage.s3_options import S3Options
from storage.stream import object_stream, open_source

# Images never reach it; a whole night's results may.
_MULTIPART_BYTES = 16 * 1024 * 1024
_TRANSFER = TransferConfig(
    multipart_threshold=_MULTIPART_BYTES,
    multipart_chunksize=_MULTIPART_BYTES,
    max_concurrency=4,
    preferred_transfer_client="classic",  # the CRT client would bring its own retries and errors
)

# A server says 409 while another writer of the same key is under way; that writer soon ends.
_CONFLICT_ATTEMPTS = 3

_REFUSALS = {"NotImplemented", "InvalidArgument", "InvalidRequest"}


class S3Storage:
    """Keys are joined to `prefix` in `bucket`, which must exist.

    `put_new` asks the server to write only if absent (If-None-Match). A server that refuses such
    requests is asked beforehand instead, from the first refusal on; one that ignores the header
    lets every writer be the first, which `probe` finds out.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        options: S3Options | None = None,
        *,
        client: Any = None,
    ) -> None:
        """`client` is one that `open_client` made; without it there will be one of its own."""
        self._bucket = bucket
        self._prefix = checked_key(prefix) + "/" if prefix else ""
        self._conditional = True
        options = options or S3Options()
        self._client: Any = client or open_client(options, self.url)
        self._objects = open_objects(self._client, bucket, options) if client is None else None

    def beside(self, bucket: str) -> S3Storage:
        """The whole of another bucket behind the same endpoint, through the same connections.

        It is not closed by itself.
        """
        return S3Storage(bucket, client=self._client)

    @property
    def url(self) -> str:
        """The bucket and prefix as an s3:// address."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put(
        self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Write an object; readers see the old or the new one whole. Raises Full, BadMetadata."""
        name, headers = self._name(key), _headers(content_type, metadata)
        if self._objects and self._objects.put(
            name, data, _attributes(headers), self.location(key)
        ):
            return
        with self._errors_of(key):
            self._client.put_object(Bucket=self._bucket, Key=name, Body=data, **headers)

    def put_new(
        self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """Write an object unless its key is taken; whether it was. Raises Full, BadMetadata."""
        headers = _headers(content_type, metadata)
        if self._conditional:
            answer = self._put_if_absent(key, data, headers)
            if answer != "refused":
                return answer == "written"
        if self.head(key) is not None:
            return False
        self.put(key, data, content_type, metadata=metadata)
        # Only now: a request that is refused with and without the condition is itself at fault.
        self._conditional = False
        return True

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        """Write a local file's content, in parts when it is large. Raises Full."""
        name, headers = self._name(key), _headers(content_type, None)
        with open_source(path) as source, self._errors_of(key):
            self._client.upload_fileobj(
                source, self._bucket, name, ExtraArgs=headers, Config=_TRANSFER
            )

    def get(self, key: str) -> bytes:
        """A whole object. Raises NotFound."""
        name = self._name(key)
        found = self._objects.get(name, self.location(key)) if self._objects else None
        if found is not None:
            return found
        with self._errors_of(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=name)
            # As a context manager the body would be urllib3's own, with errors of its own.
            with closing(answer["Body"]) as body:
                return bytes(body.read())

    def open(self, key: str) -> BinaryIO:
        """An object as a stream that holds a connection until it is closed. Raises NotFound."""
        name, place = self._name(key), self.location(key)
        with self._errors_of(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=name)

        def translate(error: Exception) -> StorageError:
            return storage_error(error, place)

        return object_stream(answer["Body"], S3_EXCEPTIONS, translate)

    def head(self, key: str) -> StoredObject | None:
        """What is known of an object; None when there is none."""
        name = self._name(key)
        with self._errors_of(key):
            try:
                answer = self._client.head_object(Bucket=self._bucket, Key=name)
            except ClientError as error:
                # An answer without a body: a missing bucket looks the same; `check` tells.
                if answer_status(error) == 404:
                    return None
                raise
        metadata = answer.get("Metadata", {})
        return StoredObject(
            key,
            answer["ContentLength"],
            answer.get("ContentType"),
            metadata.get("sha256"),
            answer.get("LastModified"),
        )

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """The objects whose keys begin with `prefix`, a thousand a request."""
        return self._pages(checked_prefix(prefix))

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        name = self._name(key)
        with self._errors_of(key):
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def location(self, key: str) -> str:
        """The object's s3:// address."""
        return f"s3://{self._bucket}/{self._name(key)}"

    def presigned(self, key: str, lifetime_s: float) -> str | None:
        """An address of the object, signed (s3v4) for so long; raises Denied without credentials."""
        if not 0 < lifetime_s <= PRESIGNED_LIMIT_S:
            raise ValueError(f"an address is signed for up to {PRESIGNED_LIMIT_S:.0f} s")
        request = {"Bucket": self._bucket, "Key": self._name(key)}
        with self._errors_of(key):
            url: str = self._client.generate_presigned_url(
                "get_object", Params=request, ExpiresIn=int(lifetime_s)
            )
        return url

    def check(self) -> None:
        """Return if the bucket is there and open to us; raise what is wrong otherwise.

        Lists at most one key: unlike HEAD its refusals say why, and unlike PUT it makes no bucket.
        """
        with self._errors_of():
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)

    def probe(self) -> StorageProbe:
        """Try the bucket out; never raises."""
        return run_probe(self, self._try_conditional)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _name(self, key: str) -> str:
        name = self._prefix + checked_key(key)
        if self._prefix and len(name.encode()) > KEY_LIMIT_BYTES:
            raise BadKey(
                f"The key {key[:80]!r} has with its prefix more than {KEY_LIMIT_BYTES} bytes."
            )
        return name

    def _put_if_absent(
        self, key: str, data: bytes, headers: Mapping[str, Any]
    ) -> Literal["written", "exists", "refused"]:
        request = {"Bucket": self._bucket, "Key": self._name(key), "Body": data, **headers}
        for _ in range(_CONFLICT_ATTEMPTS):
            with self._errors_of(key):
                try:
                    self._client.put_object(**request, IfNoneMatch="*")
                except ClientError as error:
                    answer = _verdict(error)
                    if answer is None:
                        raise
                    if answer != "conflict":
                        return answer
                else:
                    return "written"
        raise Unreachable(f"{self.location(key)} is being written by somebody else: try again.")

    def _try_conditional(self, key: str) -> ConditionalPut:
        answers = [self._put_if_absent(key, data, {}) for data in (b"1", b"2")]
        if "refused" in answers:
            return "refused"
        return "honoured" if answers == ["written", "exists"] else "ignored"

    def _pages(self, prefix: str) -> Iterator[StoredObject]:
        request = {"Bucket": self._bucket, "Prefix": self._prefix + prefix}
        while True:
            with self._errors_of():
                page = self._client.list_objects_v2(**request)
            for entry in page.get("Contents", []):
                key = entry["Key"].removeprefix(self._prefix)
                # Others may have left names here that are no keys, such as folder markers.
                if is_key(key):
                    modified_at = entry.get("LastModified")
                    yield StoredObject(key, entry["Size"], modified_at=modified_at)
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    @contextmanager
    def _errors_of(self, key: str | None = None) -> Iterator[None]:
        try:
            yield
        except S3_EXCEPTIONS as error:
            raise storage_error(error, self.location(key) if key else self.url) from error


def _verdict(error: ClientError) -> Literal["exists", "conflict", "refused"] | None:
    """What an answer to a conditional write means; None: nothing to do with the condition."""
    code, status = answer_code(error), answer_status(error)
    if status == 412:
        return "exists"
    if status == 409:
        return "conflict"
    if status == 501 or (status == 400 and code in _REFUSALS):
        return "refused"
    return None


def _headers(content_type: str, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    headers: dict[str, Any] = {"ContentType": content_type, "Metadata": checked_metadata(metadata)}
    # An SVG may hold scripts; a browser is to save it, not to run it on the bucket's domain.
    if content_type.partition(";")[0].strip().lower() == "image/svg+xml":
        headers["ContentDisposition"] = "attachment"
    return headers


def _attributes(headers: Mapping[str, Any]) -> dict[str, str]:
    """The same as obstore names them."""
    told = {"Content-Type": headers["ContentType"], **headers["Metadata"]}
    if "ContentDisposition" in headers:
        told["Content-Disposition"] = headers["ContentDisposition"]
    return told

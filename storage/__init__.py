"""Where images and manifests lie: a local directory or a bucket, behind one interface."""

from storage.errors import (
    BadKey,
    BadMetadata,
    BadUrl,
    Broken,
    BucketMissing,
    Denied,
    Full,
    NotFound,
    StorageError,
    Unreachable,
)
from storage.keys import checked_key
from storage.local import LocalStorage
from storage.metadata import checked_metadata
from storage.opening import open_storage
from storage.port import ConditionalPut, Storage, StorageProbe, StoredObject
from storage.s3_options import S3Options

__all__ = [
    "BadKey",
    "BadMetadata",
    "BadUrl",
    "Broken",
    "BucketMissing",
    "ConditionalPut",
    "Denied",
    "Full",
    "LocalStorage",
    "NotFound",
    "S3Options",
    "Storage",
    "StorageError",
    "StorageProbe",
    "StoredObject",
    "Unreachable",
    "checked_key",
    "checked_metadata",
    "open_storage",
]

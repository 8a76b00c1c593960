"""What can go wrong with a place that keeps objects, in this room's own words.

StorageError
├── BadKey
├── BadMetadata
├── BadUrl
├── BucketMissing
├── Denied
├── Full
├── NotFound
├── Unreachable
└── Broken

Every message is a sentence for a person and holds neither secrets nor signed addresses.
"""

from __future__ import annotations


class StorageError(Exception):
    """The storage could not do what was asked."""


class BadKey(StorageError, ValueError):
    """The key cannot name an object; no retry helps."""


class BadMetadata(StorageError, ValueError):
    """The metadata cannot travel in headers everywhere; no retry helps."""


class BadUrl(StorageError, ValueError):
    """The address does not name a place; correct the settings."""


class BucketMissing(StorageError):
    """The bucket does not exist; it is never made silently."""


class Denied(StorageError):
    """The credentials or permissions do not allow it; correct them."""


class Full(StorageError):
    """There is no room left; free some, then try again."""


class NotFound(StorageError):
    """No object has this key."""


class Unreachable(StorageError):
    """The storage did not answer, or is busy: worth trying again later."""


class Broken(StorageError):
    """Anything else; no retry is likely to help."""

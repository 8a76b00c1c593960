"""Every Redis key left behind must be one that may be: checked after every test."""

from __future__ import annotations

import re

from ledger.keys import EXPIRING, IN_MOTION, PERMANENT
from ledger.opening import Ledger

_HASH_TAGGED = re.compile(r"mill:\{[^{}]+\}:.+")
_NO_TTL = -1


def assert_keys_accounted_for(ledger: Ledger) -> None:
    """Every key is hash-tagged and of one class, and those that are to expire do."""
    untagged, unlisted, lasting = [], [], []
    for key in _keys(ledger):
        if not _HASH_TAGGED.fullmatch(key):
            untagged.append(key)
        if len(classes_of(key)) != 1:
            unlisted.append(key)
        elif EXPIRING.fullmatch(key) and ledger.client.pttl(key) == _NO_TTL:
            lasting.append(key)
    assert not untagged, f"keys without a hash tag: {untagged}"
    assert not unlisted, f"keys that are not of one class of ledger/keys.py: {unlisted}"
    assert not lasting, f"keys that should expire and never do: {lasting}"


def classes_of(key: str) -> list[str]:
    """The classes of ledger/keys.py a key is in: one, if all is well."""
    classes = {"permanent": PERMANENT, "in motion": IN_MOTION, "expiring": EXPIRING}
    return [name for name, pattern in classes.items() if pattern.fullmatch(key)]


def assert_nothing_in_motion(ledger: Ledger) -> None:
    """What lives only while jobs are in motion is gone: the last batch has ended."""
    left = [key for key in _keys(ledger) if IN_MOTION.fullmatch(key)]
    assert not left, f"still in motion: {left}"


def _keys(ledger: Ledger) -> list[str]:
    return sorted(str(key) for key in ledger.client.scan_iter("*", count=1000))

"""Every Redis key left behind must be one that may be: checked after every test."""

from __future__ import annotations

import re

from ledger.keys import IN_MOTION, PERMANENT
from ledger.opening import Ledger

_HASH_TAGGED = re.compile(r"mill:\{[^{}]+\}:.+")
_NO_TTL = -1


def assert_keys_accounted_for(ledger: Ledger) -> None:
    """Every key is hash-tagged and expires, is permanent, or lives while jobs are in motion."""
    untagged, unlisted = [], []
    for key in _keys(ledger):
        if not _HASH_TAGGED.fullmatch(key):
            untagged.append(key)
        listed = PERMANENT.fullmatch(key) or IN_MOTION.fullmatch(key)
        if not listed and ledger.client.pttl(key) == _NO_TTL:
            unlisted.append(key)
    assert not untagged, f"keys without a hash tag: {untagged}"
    assert not unlisted, f"keys that neither expire nor are listed in ledger/keys.py: {unlisted}"


def assert_nothing_in_motion(ledger: Ledger) -> None:
    """What lives only while jobs are in motion is gone: the last batch has ended."""
    left = [key for key in _keys(ledger) if IN_MOTION.fullmatch(key)]
    assert not left, f"still in motion: {left}"


def _keys(ledger: Ledger) -> list[str]:
    return sorted(str(key) for key in ledger.client.scan_iter("*", count=1000))

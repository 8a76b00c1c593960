"""Remembers which ids, and which file names, a manifest has used, in a few bytes each."""

from __future__ import annotations

import unicodedata
from array import array

_FULL = 0.6
_MASK = (1 << 64) - 1


class Identities:
    """The ids of a manifest so far: 24 bytes a slot, at most 1/0.3 slots an id.

    Two ids are told apart by 64 bits of Python's own keyed hash, which strings carry already:
    among a million ids a false alarm has a chance of one in 30 million.
    """

    def __init__(self) -> None:
        self._used = 0
        self._allocate(1 << 10)

    def __len__(self) -> int:
        return self._used

    def claim(self, identity: str, name: str, line: int) -> str | None:
        """Take an id and the name of its files; the reason against it where one is taken.

        Names are compared as a file system does that ignores case and compositions.
        """
        folded = name.casefold()
        if not folded.isascii():
            folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
        name_key = (hash(folded) & _MASK) or 1
        names, wrap = self._names, self._size - 1
        slot = name_key & wrap
        while found := names[slot]:
            if found == name_key:
                if self._ids[slot] == hash(identity) & _MASK:
                    return f"is the same id as line {self._lines[slot]}"
                return f"would have the same file name as line {self._lines[slot]}"
            slot = (slot + 1) & wrap
        names[slot] = name_key
        self._ids[slot] = hash(identity) & _MASK
        self._lines[slot] = line
        self._used += 1
        if self._used > self._size * _FULL:
            self._grow()
        return None

    def _allocate(self, size: int) -> None:
        empty = array("Q", [0])
        self._size = size
        self._names, self._ids, self._lines = empty * size, empty * size, empty * size

    def _grow(self) -> None:
        old = zip(self._names, self._ids, self._lines, strict=True)
        self._allocate(self._size * 2)
        names, ids, lines, wrap = self._names, self._ids, self._lines, self._size - 1
        for name_key, id_key, line in old:
            if name_key:
                slot = name_key & wrap
                while names[slot]:
                    slot = (slot + 1) & wrap
                names[slot], ids[slot], lines[slot] = name_key, id_key, line

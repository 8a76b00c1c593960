"""How a picture looks, in a few bits: whether it is blank, and whether two of them are alike.

The difference hash (dHash): shrunk to a grid of grey, each field is compared with its neighbour, once
sideways and once downwards. Libraries for it bring numpy and scipy along, for what Pillow does in a
few lines.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image, ImageStat

from schemas.finishing import HASH_BITS

_LONG, _SHORT = 16, 8
"""Fields compared in each direction: twice 16 x 8 make the hash."""
_MARGIN = 2
"""Grey levels of 255 that two fields must differ by: in flat places they differ by noise alone."""
_UNIFORM = 3.0
"""A channel's standard deviation, of 255: nobody sees less. A black square of a tenth of the width on
white has 25."""
_CROWD = 200
"""Pictures with a part in common that are compared, the latest: small things on white are many."""


class Look(NamedTuple):
    """How a picture looks."""

    hash: str
    """Hexadecimal."""
    blank: bool
    """It has one colour, or nearly."""


def look_of(thumbnail: bytes) -> Look:
    """How the picture of a thumbnail of ours looks."""
    with Image.open(io.BytesIO(thumbnail), formats=("JPEG",)) as image:
        blank = max(ImageStat.Stat(image).stddev) <= _UNIFORM
        grey = image.convert("L")
    sideways = _steps(grey)
    downwards = _steps(grey.transpose(Image.Transpose.ROTATE_90))
    return Look(f"{sideways << HASH_BITS // 2 | downwards:0{HASH_BITS // 4}x}", blank)


def _steps(grey: Image.Image) -> int:
    """A bit for each field that is clearly lighter than the one to its right."""
    row = _LONG + 1
    fields = grey.resize((row, _SHORT), Image.Resampling.BOX).tobytes()
    bits = 0
    for place in range(row * _SHORT):
        if place % row < _LONG:
            bits = bits << 1 | (fields[place] - fields[place + 1] > _MARGIN)
    return bits


class LookAlikes:
    """Finds for each picture an earlier one that is alike; of those that are, the first is kept.

    Two hashes that differ in at most `bits` bits are equal in one of `bits` + 1 parts at least, so
    that a picture is compared only with those that have a part in common with it.
    """

    def __init__(self, bits: int, most: int) -> None:
        """At most so many pictures are kept; later ones are compared with these."""
        self._bits = bits
        self._most = most
        self._masks = [_every(bits + 1, first) for first in range(bits + 1)]
        self._hashes: list[int] = []
        self._names: list[str] = []
        # For each part: the latest picture that has it, and before each picture the one before.
        self._latest: list[dict[int, int]] = [{} for _ in self._masks]
        self._before = [array("q") for _ in self._masks]

    def earlier(self, look: str, name: str) -> str | None:
        """The name of an earlier picture that is alike; None: this one is the first of its kind."""
        bits = int(look, 16)
        parts = [hash(bits & mask) for mask in self._masks]
        for place in self._having(parts):
            if (self._hashes[place] ^ bits).bit_count() <= self._bits:
                return self._names[place]
        if len(self._hashes) < self._most:
            self._keep(bits, parts, name)
        return None

    def _having(self, parts: list[int]) -> Iterator[int]:
        """Pictures that have a part in common with these."""
        for latest, before, part in zip(self._latest, self._before, parts, strict=True):
            place = latest.get(part, -1)
            for _ in range(_CROWD):
                if place < 0:
                    break
                yield place
                place = before[place]

    def _keep(self, bits: int, parts: list[int], name: str) -> None:
        place = len(self._hashes)
        for latest, before, part in zip(self._latest, self._before, parts, strict=True):
            before.append(latest.get(part, -1))
            latest[part] = place
        self._hashes.append(bits)
        self._names.append(name)


def _every(step: int, first: int) -> int:
    """A mask of bits so far apart: spread out, lest a part be one flat corner of every picture."""
    return sum(1 << bit for bit in range(first, HASH_BITS, step))

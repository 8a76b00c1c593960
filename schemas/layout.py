"""Where things lie in storage; the same in a directory and in a bucket."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a batch says how its pictures are finished, and that names folders
    from schemas.batch import ChunkRef

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff<>:"/\\|?*\s]+')
_NAME_LIMIT_BYTES = 120
_INPUT_PICTURE = re.compile(r"inputs/([0-9a-f]{2})/\1[0-9a-f]{62}\.[a-z0-9]{1,5}")
_MANIFEST = re.compile(r"manifests/([0-9a-f]{2})/\1[0-9a-f]{62}/[^/]{1,130}")
_SAFE_ALREADY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{4,62}[A-Za-z0-9_]")
"""What most ids are: with six characters and no dot no name is reserved."""
_WINDOWS_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(text: str) -> str:
    """A file name that every file system and bucket accepts, as near to `text` as can be."""
    if _SAFE_ALREADY.fullmatch(text):
        return text
    if not text.isprintable():
        # Marks nobody sees: some turn the letters after them around, and some file systems take
        # names that differ in nothing else for one.
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    name = _UNSAFE.sub("-", unicodedata.normalize("NFC", text)).strip("-. ")
    while len(name.encode()) >= _NAME_LIMIT_BYTES:  # one byte is kept for the mark below
        name = name[:-1].rstrip("-. ")
    if not name or _WINDOWS_RESERVED.fullmatch(name):
        name = f"_{name}"
    return name


def lane_folder(lane: str) -> str:
    """A lane as a folder's name."""
    return safe_name(lane)


BATCHES_PREFIX = "batches/"


def batch_of(key: str) -> str:
    """The batch in whose folder an object lies."""
    return key.removeprefix(BATCHES_PREFIX).partition("/")[0]


def batch_document(batch: str) -> str:
    """The batch's own document."""
    return f"batches/{batch}/batch.json"


def input_chunk(lane: str, chunk: ChunkRef) -> str:
    """The checked jobs of one chunk, gzipped JSON lines."""
    return f"batches/{chunk.batch}/input/{lane_folder(lane)}/{chunk.name}.jsonl.gz"


def results_chunk(lane: str, chunk: ChunkRef) -> str:
    """The sealed results of one chunk, JSON lines."""
    return f"batches/{chunk.batch}/results/{lane_folder(lane)}/{chunk.name}.jsonl"


def results_prefix(batch: str) -> str:
    """All sealed results of a batch."""
    return f"batches/{batch}/results/"


def image_key(
    batch: str, name: str, index: int, extension: str, part: str = "", revision: int = 1
) -> str:
    """One stored picture, or a part that came along with it; `index` and `revision` count from 1."""
    stem = image_stem(name, index, part, revision)
    return f"batches/{batch}/images/{stem}.{extension}"


def image_stem(name: str, index: int, part: str = "", revision: int = 1) -> str:
    """A stored picture's file name without its ending."""
    # Behind the index, where no row's name can be mistaken for it.
    anew = f"_r{revision}" if revision > 1 else ""
    along = f"_{part}" if part else ""
    return f"{name}_{index:02}{anew}{along}"


def rendition_key(batch: str, name: str, index: int, revision: int, place: str) -> str:
    """What else was made of a picture; `place` is the rendition's folder, and its file's ending.

    Named after the row as this batch has it: a picture that is reused may be called otherwise.
    """
    folder, _, extension = place.rpartition(".")
    picture = image_key(batch, name, index, extension, revision=revision).rsplit("/", 1)[-1]
    return f"batches/{batch}/renditions/{folder}/{picture}"


def input_picture_key(sha256: str, extension: str) -> str:
    """A picture that goes in, named after its content: uploaded once, however many rows name it."""
    return f"inputs/{sha256[:2]}/{sha256}.{extension}"


def is_input_picture(key: str) -> bool:
    """Whether `input_picture_key` could have made it."""
    return _INPUT_PICTURE.fullmatch(key) is not None


MANIFESTS_PREFIX = "manifests/"


def manifest_key(sha256: str, name: str) -> str:
    """A manifest that the fleet reads, as it was when it was read first or uploaded."""
    return f"{MANIFESTS_PREFIX}{sha256[:2]}/{sha256}/{safe_name(name)}"


def is_manifest_key(key: str) -> bool:
    """Whether `manifest_key` could have made it."""
    return _MANIFEST.fullmatch(key) is not None


def invalid_rows_key(batch: str) -> str:
    """The rows of a batch's manifest that were left out, where the fleet read it."""
    return f"batches/{batch}/invalid.csv"


MARKERS_PREFIX = "done/"


def marker_key(content_key: str) -> str:
    """What says where the pictures of an order lie, by what makes two orders the same picture."""
    return f"{MARKERS_PREFIX}{content_key[:2]}/{content_key}.json"


def sidecar_key(image: str) -> str:
    """The document beside a picture."""
    return image.rsplit(".", 1)[0] + ".json"


def thumbnail_key(image: str) -> str:
    """The small picture the contact sheet shows."""
    folder, name = image.rsplit("/", 1)
    return f"{folder.removesuffix('/images')}/thumbnails/{name.rsplit('.', 1)[0]}.jpg"


RESULTS_JSONL = "results.jsonl"
RESULTS_CSV = "results.csv"
FAILED_CSV = "failed.csv"
CONTACT_SHEET = "index.html"


def batch_file(batch: str, name: str) -> str:
    """A file written when the batch ends."""
    return f"batches/{batch}/{name}"

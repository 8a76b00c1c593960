"""A batch's default name: the same manifest on the same day is the same batch."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

_UNFIT = re.compile(r"[^\w.-]+")
_LIMIT = 60


def batch_name(stem: str, manifest_sha256: str, day: date, orders: Mapping[str, Any]) -> str:
    """File name, day and a hash of the content and of what the command line adds to it."""
    canonical = json.dumps(orders, sort_keys=True, ensure_ascii=False, default=str)
    digest = hashlib.sha256(f"{manifest_sha256}\n{canonical}".encode()).hexdigest()[:8]
    return f"{fit_name(stem) or 'batch'}-{day:%Y%m%d}-{digest}"


def fit_name(text: str) -> str:
    """The text with what no batch name may hold taken out: a folder, a Redis key and a URL."""
    name = _UNFIT.sub("-", unicodedata.normalize("NFC", text)).strip("-._")
    return name[:_LIMIT].rstrip("-._")

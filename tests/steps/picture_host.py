"""Where a scripted provider's pictures lie: drawn by their address, or failing as they are told."""

from __future__ import annotations

import io
import zlib
from collections import defaultdict, deque
from collections.abc import Callable
from functools import cache

import PIL.Image

from worker.fetching import Fetched, Fetcher, FetchFailed
from worker.policy.retrying import DownloadFault

SIZE = (24, 16)


class PictureHost(Fetcher):
    """Serves a picture for every address, after the troubles laid out for it."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.troubles: defaultdict[str, deque[Fetched | FetchFailed]] = defaultdict(deque)
        """By what an address contains; `` is in all of them."""
        self.closed = False
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while a picture comes."""

    def fetch(self, url: str) -> Fetched | FetchFailed:
        self.fetched.append(url)
        self.meanwhile()
        for part, troubles in self.troubles.items():
            if part in url and troubles:
                return troubles.popleft()
        return Fetched(picture(url))

    def close(self) -> None:
        self.closed = True


def failed(kind: str) -> FetchFailed:
    return FetchFailed(DownloadFault(kind), f"https://pictures.test: {kind}")


def truncated(url: str = "") -> Fetched:
    """The first half of a picture."""
    data = picture(url)
    return Fetched(data[: len(data) // 2])


@cache
def picture(url: str) -> bytes:
    """A picture whose colour says where it lies."""
    colour = zlib.crc32(url.partition("?")[0].encode())
    written = io.BytesIO()
    rgb = (colour & 255, colour >> 8 & 255, colour >> 16 & 255)
    PIL.Image.new("RGB", SIZE, rgb).save(written, "PNG")
    return written.getvalue()

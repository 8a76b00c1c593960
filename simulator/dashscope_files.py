"""DashScope's files: what is uploaded to train with (Model Studio: file management service)."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from PIL import Image, UnidentifiedImageError

from simulator.dashscope_models import TRAINING
from simulator.dashscope_refusals import NOT_FOUND
from simulator.exchange import Exchange
from simulator.mishaps import strike
from simulator.moments import beijing_text
from simulator.multipart import BadMultipart, Part, read_multipart
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.tasks import new_id

_PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
_NO_FILE = (400, "InvalidParameter", "The training file does not exist.")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One uploaded file; its content is not kept."""

    file_id: str
    account: str
    name: str
    description: str
    size_bytes: int
    md5: str
    stored_s: float
    pictures: int | None
    """How many it holds: itself, or those of a zip archive; None if it is neither."""

    def shown(self) -> dict[str, Any]:
        """The file as a document."""
        return {
            "file_id": self.file_id,
            "name": self.name,
            "description": self.description,
            "size": self.size_bytes,
            "md5": self.md5,
            "gmt_create": beijing_text(self.stored_s)[:-4],
        }


class Files:
    """Answers /api/v1/files."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def find(self, account: str, file_id: str) -> StoredFile:
        """The account's file of that id.

        Raises:
            Refusal: There is none.
        """
        file = self._provider.files.get(file_id)
        if not isinstance(file, StoredFile) or file.account != account:
            raise Refusal(*_NO_FILE)
        return file

    async def upload(self, exchange: Exchange, account: str) -> None:
        """Keep what a form brings.

        Raises:
            Refusal: It is no form, or brings no file.
        """
        exchange.endpoint = "upload"
        raw = await exchange.body()
        faults = self._provider.faults
        if await strike(faults.before("upload", model=TRAINING), exchange):
            return
        try:
            parts = read_multipart(exchange.header(b"content-type"), raw)
        except BadMultipart as error:
            raise Refusal(400, "InvalidParameter", f"{error}.") from error
        files = [part for part in parts if part.name == "files" and part.file_name]
        if not files:
            raise Refusal(400, "InvalidParameter", 'Required parameter "files" missing.')
        descriptions = [part.text for part in parts if part.name == "descriptions"]
        stored = [
            self._keep(account, part, descriptions[place] if place < len(descriptions) else "")
            for place, part in enumerate(files)
        ]
        if faults.after("upload", model=TRAINING) is not None:
            await exchange.hang_up()
            return
        uploaded = [{"name": file.name, "file_id": file.file_id} for file in stored]
        data = {"uploaded_files": uploaded, "failed_uploads": []}
        await exchange.answer_json(200, {"request_id": new_id(), "data": data})

    def _keep(self, account: str, part: Part, description: str) -> StoredFile:
        file = StoredFile(
            file_id=new_id(),
            account=account,
            name=part.file_name or "",
            description=description,
            size_bytes=len(part.content),
            md5=hashlib.md5(part.content, usedforsecurity=False).hexdigest(),
            stored_s=self._provider.now_s(),
            pictures=_pictures_in(part.content),
        )
        self._provider.files[file.file_id] = file
        return file

    async def show(self, exchange: Exchange, account: str, file_id: str) -> None:
        """Show or delete one file, or list all.

        Raises:
            Refusal: The account has no such file.
        """
        exchange.endpoint = "get" if file_id else "list"
        own = {key: f for key, f in self._provider.files.items() if f.account == account}
        if file_id and file_id not in own:
            raise Refusal(*NOT_FOUND)
        document: dict[str, Any] = {"request_id": new_id()}
        if exchange.method == "DELETE":
            if not file_id:
                raise Refusal(*NOT_FOUND)
            del self._provider.files[file_id]
        elif file_id:
            document["data"] = own[file_id].shown()
        else:
            shown = [file.shown() for file in own.values()]
            document["data"] = {"total": len(shown), "page_no": 1, "files": shown}
        await exchange.answer_json(200, document)


def _pictures_in(content: bytes) -> int | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except zipfile.BadZipFile:
        return 1 if _is_picture(content) else None
    return sum(1 for name in names if name.suffix.lower() in _PICTURES)


def _is_picture(content: bytes) -> bool:
    try:
        Image.open(io.BytesIO(content)).verify()
    except (UnidentifiedImageError, OSError, SyntaxError):
        return False
    return True

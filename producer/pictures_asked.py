"""What checking and handing in rows asks about the pictures they name."""

from __future__ import annotations

from typing import Protocol

from schemas.job import Job
from schemas.model import Model
from schemas.parameter import Parameter
from storage import Storage


class PictureCheck(Protocol):
    """Looks at pictures before anything is paid for."""

    def refer(self, parameter: Parameter, written: str, model: Model) -> str:
        """The reference that stands in the job. Raises ValueError with what is wrong.

        `written` is a URL, percent-encoded already, or whatever else the row has.
        """
        ...

    def same_size(self, first_reference: str, second_reference: str) -> bool | None:
        """Whether two pictures have one width and height; None: nobody here can see them."""
        ...

    def need(self, job: Job) -> None:
        """The job is good: the local pictures it names are to be uploaded before it."""
        ...

    def upload(self, storage: Storage) -> None:
        """Put what the jobs need into storage; doing it twice is harmless. Raises StorageError."""
        ...


class UrlsOnly:
    """Takes addresses as they are and nothing else: nothing is fetched, nothing is read."""

    def refer(self, parameter: Parameter, written: str, model: Model) -> str:  # noqa: ARG002 - the protocol fixes the signature
        """The address itself. Raises ValueError for anything else."""
        if written.lower().startswith(("http://", "https://")):
            return written
        raise ValueError("must be a public URL here")

    def same_size(self, first_reference: str, second_reference: str) -> bool | None:  # noqa: ARG002 - the protocol fixes the signature
        """Nobody knows."""
        return None

    def need(self, job: Job) -> None:
        """It names no local pictures."""

    def upload(self, storage: Storage) -> None:
        """There is nothing to put anywhere."""

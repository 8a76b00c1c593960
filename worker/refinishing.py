"""A picture of an earlier batch as another one wants it: labelled anew where that differs, and judged."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from pydantic import ValidationError

from results.gate import asked_size, judged
from results.labels.packet import Unlabelled
from results.labels.removing import without_labels
from results.labels.sealing import SEALED_TYPES, Sealer
from results.labels.seals import is_sealed, without_seal
from results.likeness import Look, look_of
from results.picture import FAULTS, NotAPicture, thumbnail
from results.svg import SVG_TYPE
from schemas import layout
from schemas.finishing import Label
from schemas.flaw import FlawKind
from schemas.job import Job, content_key
from schemas.lane import Lane
from schemas.marker import Marker
from schemas.model import Model
from schemas.result import Image, Sidecar
from storage import NotFound, Storage
from worker.keeping import keep
from worker.labelling import File, label, origin, seal


class Gone(Exception):
    """A picture is not there any more, or is another."""


@dataclass(frozen=True)
class Refinisher:
    """Finishes what was drawn before for a job of another batch; every method raises StorageError."""

    job: Job
    batch: str
    """The job's own."""
    marker: Marker
    model: Model | None
    """None: unknown to this worker, and so is the size that was asked for."""
    storage: Storage
    sealer: Sealer | None = None

    @property
    def differs(self) -> bool:
        """Whether the files say something else than this batch wants them to say, or are not signed."""
        if self.marker.finishing.says != self.job.finishing.says:
            return True
        signs = self.sealer is not None and self.job.finishing.label is not Label.NONE
        images = self.marker.result.images
        return signs and any(
            image.content_type in SEALED_TYPES and not image.sealed for image in images
        )

    def finished(self, image: Image) -> Image:
        """The picture, and what came along with it. Raises Gone."""
        if not self.differs:
            for each in (image, *image.beside):
                self._look_for(each)
            return self._judged(image)
        beside = [self._labelled_anew(along) for along in image.beside]
        return self._labelled_anew(image).model_copy(update={"beside": beside})

    def _look_for(self, image: Image) -> None:
        stored = self.storage.head(image.key)
        if stored is None or stored.size_bytes != image.size_bytes:
            raise Gone

    def _labelled_anew(self, image: Image) -> Image:
        """Stored in this batch, under this batch's name for it; the earlier file stays as it is."""
        data, small = self._bytes(image), None if image.part else self._small(image)
        sidecar = self._sidecar(image, data)
        file = self._relabelled(data, image, sidecar)
        image = image.model_copy(update={"beside": [], **self._written(image, file)})
        if not image.part:
            image = self._judged(image, small, data)
        image = keep(image, file.data, self.storage, self.sealer)
        told = {
            "batch": self.batch,
            "job": self.job.id,
            "image": image,
            "label": self.job.finishing.label,
            "seal_broken": file.seal_broken,
        }
        if small is not None:
            self.storage.put(layout.thumbnail_key(image.key), small, "image/jpeg")
        document = sidecar.model_copy(update=told).model_dump_json(indent=1).encode()
        self.storage.put(layout.sidecar_key(image.key), document, "application/json")
        return image

    def _written(self, image: Image, file: File) -> dict[str, object]:
        extension = image.key.rpartition(".")[2]
        return {
            "key": layout.image_key(
                self.batch, self.job.name, image.index, extension, image.part, image.revision
            ),
            "sha256": hashlib.sha256(file.data).hexdigest(),
            "size_bytes": len(file.data),
            "unlabelled": file.why_not,
            "sealed": file.sealed,
            "unsealed": file.unsealed,
            "copied_from": image.drawn_in,
        }

    def _bytes(self, image: Image) -> bytes:
        try:
            data = self.storage.get(image.key)
        except NotFound as error:
            raise Gone from error
        if hashlib.sha256(data).hexdigest() != image.sha256:
            raise Gone
        return data

    def _relabelled(self, data: bytes, image: Image, sidecar: Sidecar) -> File:
        """The labels of the earlier batch go, those of this one come, the provider's stay."""
        bare = _bare(data, image.content_type, sidecar.vendor_sha256)
        told = origin(self.job, image, sidecar.ticket, sidecar.vendor_sha256)
        file = label(bare, image.content_type, self.job, told)
        file = seal(file, image.content_type, self.job, data, self.sealer)
        true = file.sealed or hashlib.sha256(file.data).hexdigest() in (
            sidecar.vendor_sha256,
            "" if sidecar.seal_broken else image.sha256,
        )
        return file._replace(seal_broken=is_sealed(file.data, image.content_type) and not true)

    def _sidecar(self, image: Image, data: bytes) -> Sidecar:
        """The document beside the earlier file, or what else is known of it."""
        with suppress(NotFound, ValidationError):
            found = self.storage.get(layout.sidecar_key(image.key))
            return Sidecar.model_validate_json(found)
        lane, result = Lane.parse(self.job.lane), self.marker.result
        bare = _bare(data, image.content_type, "")
        return Sidecar(
            batch=self.marker.batch,
            job=result.id,
            image=image,
            provider=lane.provider,
            model=lane.model,
            prompt=self.job.prompt,
            actual_prompt=result.actual_prompt,
            negative_prompt=self.job.negative_prompt,
            parameters=self.job.parameters,
            ticket=result.ticket,
            content_key=content_key(self.job),
            label=Label.NONE,
            vendor_sha256=hashlib.sha256(bare).hexdigest(),
            created_at=result.finished_at or "",
        )

    def _judged(self, image: Image, small: bytes | None = None, data: bytes | None = None) -> Image:
        """By this batch's gate; where it has none, what an earlier one found wrong is still wrong."""
        gate = self.job.finishing.gate
        if gate is None:
            return image
        asked = asked_size(self.model, self.job.parameters) if self.model else None
        return judged(gate, image, asked, self._look(image, small, data))

    def _look(self, image: Image, small: bytes | None, data: bytes | None) -> Look | None:
        if image.look:
            blank = any(flaw.kind is FlawKind.BLANK for flaw in image.flaws)
            return Look(image.look, blank)
        if image.content_type == SVG_TYPE:
            return None
        small = small or self._small(image)
        with suppress(NotAPicture, *FAULTS):
            return look_of(small or thumbnail(data or self._bytes(image)))
        return None

    def _small(self, image: Image) -> bytes | None:
        """What was made of it for a contact sheet, if one was wanted."""
        if image.content_type == SVG_TYPE:
            return None
        with suppress(NotFound):
            return self.storage.get(layout.thumbnail_key(image.key))
        return None


def _bare(data: bytes, content_type: str, vendor_sha256: str) -> bytes:
    """A stored file without what we wrote into it: mostly the provider's, byte for byte."""
    if hashlib.sha256(data).hexdigest() == vendor_sha256:
        return data
    try:
        bare = without_labels(data, content_type)
        without = without_seal(bare, content_type)
    except Unlabelled:
        return data
    # Where its provider had signed it, that is in our manifest: nobody gets it out again.
    return without if hashlib.sha256(without).hexdigest() == vendor_sha256 else bare

"""Pictures to put in, drawn for tests, and a model that takes them."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL import Image

from producer.input_pictures import InputPictures
from producer.picture_places import PicturePlaces
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from schemas.picture_rule import PictureRule
from schemas.settings import Settings

RULE = PictureRule(formats=("JPEG", "PNG", "BMP"), taken_as=("url", "data"))


def drawn(
    size: tuple[int, int] = (512, 512), form: str = "PNG", mode: str = "RGB", **options: Any
) -> bytes:
    """A picture of one colour that its size decides, so that sizes differ in content too."""
    out = io.BytesIO()
    colour = (size[0] % 256, size[1] % 256, 90, 128)[: len(Image.new(mode, (1, 1)).getbands())]
    image = Image.new(mode, size, colour if mode != "P" else 3)
    image.save(out, form, **options)
    return out.getvalue()


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def painting(rule: PictureRule = RULE, kind: Kind = Kind.PICTURE, **further: Parameter) -> Model:
    """A model of DashScope's that takes a picture as base_image_url."""
    picture = Parameter(kind=kind, doc="The picture.", place="input", picture=rule)
    return Model(
        provider="dashscope",
        name="x-painting",
        title="for tests",
        protocol="dashscope-task",
        endpoint="x",
        parameters={"base_image_url": picture, **further},
        rate="2/s",
        running=1,
        price=Decimal("0.1"),
        currency="CNY",
        price_as_of=date(2026, 1, 1),
        typical_s=5.0,
        source="none",
    )


def pictures_in(
    folder: Path, settings: Settings | None = None, *, simulated: bool = False
) -> InputPictures:
    """What checks pictures beside a manifest in `folder`; a directory is the storage."""
    places = PicturePlaces(settings or Settings(), "default", simulated=simulated)
    return InputPictures(places, (folder,))


def refer(pictures: InputPictures, written: str, model: Model) -> str:
    return pictures.refer(model.parameters["base_image_url"], written, model)


def reason(pictures: InputPictures, written: str, model: Model) -> str:
    """Why a picture is refused."""
    try:
        found = refer(pictures, written, model)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"{written} was taken as {found}")

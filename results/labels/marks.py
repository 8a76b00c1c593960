"""What is written into a picture's file: that it was made by AI, by whom, and from what.

IPTC's Digital Source Type says so to the world: `trainedAlgorithmicMedia`
(https://cv.iptc.org/newscodes/digitalsourcetype/), and Google Merchant Center asks for it
(https://support.google.com/merchants/answer/14743464). Prompt and model have properties of IPTC's
too, since version 2025.1 (https://iptc.org/std/photometadata/specification/).

The AIGC label says so in China: GB 45438-2025 and the labelling measures, in force since 2025-09-01
(https://www.cac.gov.cn/2025-03/14/c_1743654684782215.htm). Annex E of the standard has its seven
elements; TC260's practice guide on pictures (TC260-PG-20259A,
https://www.tc260.org.cn/front/postDetail.html?id=20250828165129) puts them as JSON into the property
AIGC of an XMP namespace of its own. `Label` "1" is: made by AI. Whoever writes the label first is
propagator as well (annex E, note 1). A file has one such label only (6.1 c).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NamedTuple

from schemas.finishing import NO_CODE, Label

IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
OWN = "urn:imagemill:picture:1.0:"
"""Of what no standard has a property for."""
MADE_BY_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
TEXT_LIMIT = 2000
"""Characters of a prompt: a JPEG holds 64 KB of XMP in all, what its provider wrote included."""
_NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Property(NamedTuple):
    """One property of an XMP packet."""

    namespace: str
    prefix: str
    name: str
    value: str


@dataclass(frozen=True)
class Origin:
    """How a picture came to be."""

    producer: str
    """Who answers for it."""
    number: str
    """The producer's own number for it."""
    provider: str
    model: str
    prompt: str
    negative_prompt: str | None = None
    seed: int | None = None
    width: int = 0
    """Pixels; 0, like the height, where an SVG names none."""
    height: int = 0
    ticket: str | None = None
    """The provider's task id."""


@dataclass(frozen=True)
class Marks:
    """What a file is to say."""

    labels: tuple[Property, ...]
    """A file without these lacks its labels."""
    parameters: tuple[Property, ...] = ()
    """Left out where there is no room."""


def marks(label: Label, origin: Origin, *, parameters: bool = True) -> Marks:
    """What a picture of that origin is to say."""
    labels = []
    if label in (Label.ALL, Label.IPTC):
        labels.append(_iptc("DigitalSourceType", MADE_BY_AI))
    if label in (Label.ALL, Label.TC260):
        labels.append(Property(TC260, "TC260", "AIGC", _aigc(origin)))
    if not labels or not parameters:
        return Marks(tuple(labels))
    return Marks(tuple(labels), tuple(_parameters(origin)))


def _aigc(origin: Origin) -> str:
    producer, number = (NO_CODE.sub("_", text) for text in (origin.producer, origin.number))
    elements = {
        "Label": "1",
        "ContentProducer": producer,
        "ProduceID": number,
        "ReservedCode1": "",
        "ContentPropagator": producer,
        "PropagateID": number,
        "ReservedCode2": "",
    }
    return json.dumps(elements, separators=(",", ":"))


def _parameters(origin: Origin) -> list[Property]:
    said = [_iptc("AISystemUsed", f"{origin.model} ({origin.provider})")]
    prompt = _shortened(origin.prompt)
    if origin.negative_prompt:
        prompt += f"\nNegative prompt: {_shortened(origin.negative_prompt)}"
    if prompt:
        said.append(_iptc("AIPromptInformation", prompt))
    if origin.seed is not None:
        said.append(_own("Seed", str(origin.seed)))
    if origin.width:
        said.append(_own("Size", f"{origin.width}x{origin.height}"))
    if origin.ticket:
        said.append(_own("Ticket", _shortened(origin.ticket)))
    return said


def _iptc(name: str, value: str) -> Property:
    return Property(IPTC_EXT, "Iptc4xmpExt", name, value)


def _own(name: str, value: str) -> Property:
    return Property(OWN, "imagemill", name, value)


def _shortened(text: str) -> str:
    """What XML can hold of a text, and not too much of it."""
    text = _NOT_XML.sub("", text.replace("\r\n", "\n"))
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1].rstrip() + "…"

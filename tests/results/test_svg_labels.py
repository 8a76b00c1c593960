"""Drawings are labelled in their metadata; nothing else of them changes."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.labels.packet import Unlabelled
from results.labels.writing import labelled
from results.svg import SVG_TYPE, svg_size
from tests.results.metadata import ALL, MADE_BY_AI, RDF

SVG = "http://www.w3.org/2000/svg"
NAMES = {"svg": SVG, "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
WORK = '<cc:Work xmlns:cc="http://creativecommons.org/ns#" rdf:about=""/>'
DRAWINGS = {
    "plain": f'<svg xmlns="{SVG}" width="4" height="3"><path d="M0 0"/></svg>',
    "empty": f'<svg xmlns="{SVG}" width="4" height="3"/>',
    "prefixed": f'<s:svg xmlns:s="{SVG}" width="4" height="3"><s:path d="M0 0"/></s:svg>',
    "declared": f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- <svg> -->\n<svg xmlns="{SVG}"\n'
    ' width="4" height="3" data-x="a>b" data-y=\'/>\'><path d="M0 0"/></svg>\n',
    "with metadata": f'<svg xmlns="{SVG}" width="4" height="3"><metadata id="m"><rdf:RDF {RDF}>'
    f'{WORK}</rdf:RDF></metadata><path d="M0 0"/></svg>',
}


def label(text: str) -> bytes:
    return labelled(text.encode(), SVG_TYPE, ALL).file


def properties(document: bytes) -> dict[str, str | None]:
    root = ET.fromstring(document)
    found = root.findall("svg:metadata//rdf:Description", NAMES)
    return {child.tag: child.text for one in found for child in one}


def without_metadata(document: bytes) -> str:
    root = ET.fromstring(document)
    for metadata in root.findall("svg:metadata", NAMES):
        root.remove(metadata)
    return ET.tostring(root, encoding="unicode")


@pytest.mark.parametrize("text", DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing_is_labelled(text: str) -> None:
    found = label(text)
    said = properties(found)
    assert said[f"{EXT}DigitalSourceType"] == MADE_BY_AI
    assert (said[f"{EXT}AIPromptInformation"] or "").startswith("一只青瓷茶杯 & <saucer>")
    assert without_metadata(found) == without_metadata(text.encode())
    assert svg_size(found) == (4, 3)
    assert labelled(found, SVG_TYPE, ALL).file is found
    assert found.isascii()


def test_what_its_metadata_say_is_kept() -> None:
    found = label(DRAWINGS["with metadata"])
    assert WORK.encode() in found
    assert found.count(b"<metadata") == 1


def test_a_damaged_drawing_is_left_alone() -> None:
    with pytest.raises(Unlabelled, match="cannot be read"):
        label(DRAWINGS["plain"][:-3])


@given(st.dictionaries(st.sampled_from("abcdef"), st.text(max_size=20), max_size=3))
def test_whatever_its_root_says(attributes: dict[str, Any]) -> None:
    root = ET.Element(f"{{{SVG}}}svg", {"width": "4", **attributes})
    try:
        text = ET.tostring(root, encoding="unicode")
        ET.fromstring(text)
    except ET.ParseError:
        return  # signs that XML cannot hold
    assert properties(label(text))[f"{EXT}DigitalSourceType"] == MADE_BY_AI

"""What tables and contact sheet say of renditions."""

from __future__ import annotations

from results.card import card
from results.remarks import remarks
from results.tables import OUTCOME_COLUMNS, outcome_cells
from results.words import Language
from schemas.result import Image
from tests.results.orders import BATCH, image, rendition, result


def with_two(**fields: object) -> Image:
    one = image("a")
    made = [
        rendition(one, "square-800.jpg", "square-800/a_01.jpg", **fields),
        rendition(one, "天猫=fit-90.webp", "天猫/a_01.webp"),
    ]
    return one.model_copy(update={"renditions": made})


def test_the_table_names_each() -> None:
    cells = dict(zip(OUTCOME_COLUMNS, outcome_cells(result(images=[with_two()])), strict=True))
    assert cells["renditions"] == (
        f"batches/{BATCH}/renditions/square-800/a_01.jpg"
        f" | batches/{BATCH}/renditions/天猫/a_01.webp"
    )
    assert cells["remarks"] == ""


def test_a_card_leads_to_each() -> None:
    shown = card(result(images=[with_two()]), BATCH, [None])
    assert 'href="renditions/square-800/a_01.jpg"' in shown
    assert ">square-800.jpg</a>" in shown
    assert 'href="renditions/%E5%A4%A9%E7%8C%AB/a_01.webp"' in shown
    assert ">天猫.webp</a>" in shown
    assert "Renditions" not in card(result(images=[image("a")]), BATCH, [None])


def test_of_several_pictures_each_link_says_whose_it_is() -> None:
    second = image("a", 2)
    made = [rendition(second, "full.avif", "full/a_02.avif")]
    images = [with_two(), second.model_copy(update={"renditions": made})]
    shown = card(result(n=2, images=images), BATCH, [None, None])
    assert ">1: square-800.jpg</a>" in shown
    assert ">2: full.avif</a>" in shown


def test_what_is_smaller_than_was_asked_for_is_remarked() -> None:
    found = result(images=[with_two(not_filled=True)])
    assert remarks(found) == (
        "The picture is smaller than its rendition square-800.jpg and stands on white."
    )
    assert "square-800.jpg" in remarks(found, Language.CHINESE)


def test_what_was_not_made_is_remarked_with_the_reason() -> None:
    one = image("a").model_copy(update={"unrendered": {"full.jpg": "The disk is full."}})
    assert remarks(result(n=2, images=[one])) == (
        "Picture 1 has no rendition full.jpg: The disk is full."
    )


def test_a_label_that_only_a_rendition_lacks_is_remarked() -> None:
    lacking = with_two(unlabelled="a JPEG has no room")
    said = "The picture's rendition square-800.jpg lacks labels: a JPEG has no room."
    assert remarks(result(images=[lacking])) == said
    none = lacking.model_copy(update={"unlabelled": "it is damaged"})
    assert remarks(result(images=[none])) == "The picture carries no label: it is damaged."

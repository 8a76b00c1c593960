"""What a row's fields are to each other: several columns, pictures, rules, prices."""

from __future__ import annotations

from typing import Any

import pytest

from producer.checking import Bad, Good, RowChecker
from producer.example_row import example_row
from producer.pictures_asked import UrlsOnly
from producer.row import Row
from producer.tally import Tally
from schemas.catalogue import Catalogue, catalogue
from schemas.model import Model, PriceTier
from schemas.parameter import Kind, Parameter
from tests.producer.manifests import check_cells, checker, complaints, job_of, jobs, reasons

PAINTING = {"model": "wanx-x-painting", "mask_image_url": "https://x.example/mask.png?sig=SECRET"}


class SeenPictures(UrlsOnly):
    """Pictures that are all stored, and of one size unless said otherwise."""

    def __init__(self, alike: bool | None = True) -> None:
        self.alike = alike
        self.compared: list[tuple[str, str]] = []

    def refer(self, parameter: Parameter, written: str, model: Model) -> str:  # noqa: ARG002 - the protocol fixes the signature
        if "bad" in written:
            raise ValueError(f"is 200x150 pixels; {model.name} takes sides 256 to 4096")
        return written if written.startswith("https:") else f"inputs/{written}"

    def same_size(self, first_reference: str, second_reference: str) -> bool | None:
        self.compared.append((first_reference, second_reference))
        return self.alike


def painted(pictures: SeenPictures, **cells: Any) -> Good | Bad:
    row = {"id": "A-1", "prompt": "a cup", **PAINTING, "base_image_url": "cup.png", **cells}
    return RowChecker(catalogue(), pictures=pictures).check(Row(7, tuple(row), row))


def test_pictures_become_references() -> None:
    job = job_of(painted(SeenPictures()))
    assert job.parameters["base_image_url"] == "inputs/cup.png"
    assert job.parameters["mask_image_url"] == PAINTING["mask_image_url"]
    assert job.row["base_image_url"] == "cup.png"


def test_a_wrong_picture_is_a_problem_of_its_cell() -> None:
    assert reasons(painted(SeenPictures(), base_image_url="bad.png")) == [
        'line 7, column base_image_url: "bad.png" is 200x150 pixels;'
        " wanx-x-painting takes sides 256 to 4096"
    ]


def test_a_signed_address_is_shown_without_its_signature() -> None:
    (reason,) = reasons(
        painted(SeenPictures(), base_image_url="https://x.example/bad.png?X-Signature=SECRET")
    )
    assert "https://x.example/bad.png" in reason
    assert "SECRET" not in reason


def test_a_rule_does_not_repeat_an_address() -> None:
    signed = "https://x.example/a.png?X-Signature=SECRET"
    cells = {"model": "wordart-texture", "image_url": signed, "output_image_ratio": "1:1"}
    found = reasons(check_cells(**cells, texture_style="material"))
    assert any("takes no output_image_ratio when image_url is given" in reason for reason in found)
    assert "SECRET" not in "".join(found)


@pytest.mark.parametrize(("alike", "good"), [(True, True), (None, True), (False, False)])
def test_a_mask_must_have_the_pictures_size_as_far_as_anybody_sees(
    alike: bool | None, good: bool
) -> None:
    pictures = SeenPictures(alike)
    found = painted(pictures)
    assert isinstance(found, Good) is good
    assert pictures.compared == [(PAINTING["mask_image_url"], "inputs/cup.png")]
    if not good:
        assert reasons(found) == [
            "line 7, column mask_image_url: must have the same width and height as base_image_url"
        ]


def test_several_pictures_stand_in_one_cell_or_a_list() -> None:
    for images in ("a.png | b.png", ["a.png", "b.png"], '["a.png", "b.png"]'):
        row = {"id": "1", "model": "facechain-facedetect", "images": images}
        judge = RowChecker(catalogue(), pictures=SeenPictures())
        job = job_of(judge.check(Row(1, tuple(row), row)))
        assert job.parameters == {"images": ["inputs/a.png", "inputs/b.png"]}


def test_an_aspect_ratio_may_be_written_as_a_size() -> None:
    core = {"model": "stable-image-core"}
    assert job_of(check_cells(**core, size="1024x576")).parameters == {"aspect_ratio": "16:9"}
    assert job_of(check_cells(**core, aspect_ratio="16:9", size="")).parameters == {
        "aspect_ratio": "16:9"
    }
    assert job_of(check_cells(**core, aspect_ratio="16:9", size="1920x1080")).parameters == {
        "aspect_ratio": "16:9"
    }
    assert reasons(check_cells(**core, aspect_ratio="1:1", size="1920x1080")) == [
        'line 7, column aspect_ratio: "1:1" and column size mean the same and say different things;'
        " empty one of them"
    ]
    by_option = job_of(check_cells("stable-image-core", "size=1024x576"))
    assert by_option.parameters == {"aspect_ratio": "16:9"}


@pytest.mark.parametrize(
    ("model", "written", "parameters"),
    [
        ("wanx-v1", "720x1280", {"size": "720*1280"}),
        ("sd_xl", "1024*1024", {"size": "1024x1024"}),
        ("gpt-image-1", "1024*1536", {"size": "1024x1536"}),
        ("stable-image-core", "1280×720", {"aspect_ratio": "16:9"}),
    ],
)
def test_sizes_are_written_as_each_provider_wants_them(
    model: str, written: str, parameters: dict[str, str]
) -> None:
    assert job_of(check_cells(model=model, size=written)).parameters == parameters


def test_a_rule_points_at_the_field_to_fill_or_to_empty() -> None:
    repaint = {
        "model": "wanx-style-repaint-v1",
        "prompt": "",
        "image_url": "https://x.example/a.png",
    }
    assert reasons(check_cells(**repaint, style_index="-1"))[0].startswith(
        "line 7, column style_ref_url: wanx-style-repaint-v1 needs style_ref_url"
        " when style_index is -1"
    )
    texture = example_row(catalogue().find("wordart-texture"), catalogue())
    both = {**texture, "text": "文字", "image_url": "https://x.example/a.png"}
    (reason, *_) = reasons(checker().check(Row(7, tuple(both), both)))
    assert "wordart-texture needs exactly one of image_url, text" in reason


def test_a_field_that_is_wrong_is_not_called_missing_too() -> None:
    (reason,) = reasons(
        check_cells(
            model="wanx-background-generation-v2",
            prompt="",
            base_image_url="https://x.example/a.png",
            ref_image_url="http://",
        )
    )
    assert reason.startswith('line 7, column ref_image_url: "http://" is no address')


def test_a_manifest_without_prompts_is_fine_where_none_is_needed() -> None:
    table = "sku,image_url\n1,https://x.example/a.png\n"
    (job,) = jobs(table, "image-instance-segmentation")
    assert job.prompt == ""
    mixed = (
        "sku,model,image_url\n1,image-instance-segmentation,https://x.example/a.png\n2,wanx-v1,\n"
    )
    (complaint,) = complaints(mixed)
    assert complaint.startswith("line 3, column prompt: must not be empty: wanx-v1 needs one")


def test_a_prompt_of_the_command_line_is_measured_too() -> None:
    sets = (f"prompt={'x' * 10_001}", f"negative_prompt={'x' * 10_001}")
    found = reasons(checker("sd3.5-large", *sets).check(Row(7, ("id",), {"id": "1"})))
    assert found == [
        f"line 7, column --set {name}: has 10,001 characters; sd3.5-large takes at most 10000"
        for name in ("prompt", "negative_prompt")
    ]


def test_everyday_columns_stay_the_users_own() -> None:
    job = job_of(check_cells("wanx-v1", title="Cup", text="A fine cup"))
    assert (job.parameters, job.row["title"]) == ({}, "Cup")
    poster = {"model": "wanx-poster-generation-v1", "title": "x" * 1000}
    assert any("column title" in reason for reason in reasons(check_cells(**poster)))


def test_each_job_is_priced_by_what_it_asks_for() -> None:
    dear = PriceTier(price="0.50", when={"quality": "high"})
    large = PriceTier(price="1", above_pixels=1_000_000)
    model = catalogue().find("wanx-v1")
    quality = Parameter(kind=Kind.CHOICE, doc="Quality.", choices=("low", "high"))
    tiered = model.model_copy(
        update={
            "name": "tiered",
            "price_tiers": (dear, large),
            "parameters": {"quality": quality, "size": model.parameters["size"]},
        }
    )
    known = Catalogue([tiered, model])
    tally, judge = Tally(known), RowChecker(known)
    rows = [
        {"model": "tiered", "quality": "low", "size": "720x1280", "n": "2"},
        {"model": "tiered", "quality": "high", "size": "720x1280", "n": "3"},
        {"model": "tiered", "quality": "high", "size": "1024x1024", "n": "1"},
        {"model": "tiered", "quality": "low", "size": "", "n": "1"},
        {"model": "wanx-v1", "quality": "", "size": "", "n": "4"},
    ]
    for number, cells in enumerate(rows):
        row = {"id": str(number), "prompt": "a cup", **cells}
        tally.add(judge.check(Row(number, tuple(row), row)))
    assert tally.bad == 0
    assert tally.costs() == {"CNY": 2 * 160_000 + 3 * 500_000 + 2 * 1_000_000 + 4 * 160_000}

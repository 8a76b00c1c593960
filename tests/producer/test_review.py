"""review.csv as the contact sheet, a spreadsheet or a person writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.errors import ManifestError
from producer.review import Decision, Mark, Review, ReviewError, file_name, read_review
from results.cell import guarded
from results.sheet import Sheet
from results.words import Language, explain
from schemas.result import JobResult
from schemas.states import JobState
from tests.results.orders import failure, image, result

HEADER = "id,image,decision,note,prompt\n"


def read(folder: Path, content: str | bytes, name: str = "review.csv") -> Review:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_review(str(path))


def mark(line: int, image_name: str, decision: Decision, **fields: Any) -> Mark:
    return Mark(line, fields.get("id", ""), image_name, decision, "", fields.get("prompt", ""))


def test_a_line_is_a_decision(tmp_path: Path) -> None:
    content = "\ufeff" + HEADER.replace("\n", "\r\n")
    content += (
        'A-1,images/A-1_01.png,approve,,\r\n"B,2",images/B-2_02.png,reroll,手 坏了,a hand\r\n'
    )

    review = read(tmp_path, content)

    assert review.marks == (
        Mark(2, "A-1", "A-1_01.png", Decision.APPROVE, "", ""),
        Mark(3, "B,2", "B-2_02.png", Decision.REROLL, "手 坏了", "a hand"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_save_it_as_they_like(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["商品编码", "图片", "审核", "备注"], ["杯-1", "杯-1_01.png", "重做", "手坏了"]]
    content = "\r\n".join(delimiter.join(cells) for cells in lines)

    (found,) = read(tmp_path, content.encode(encoding)).marks

    assert found == Mark(2, "杯-1", "杯-1_01.png", Decision.REROLL, "手坏了", "")


@pytest.mark.parametrize(
    ("word", "decision"),
    [
        ("APPROVE", Decision.APPROVE), ("approved", Decision.APPROVE), ("通过", Decision.APPROVE),
        (" Reject ", Decision.REJECT), ("不通过", Decision.REJECT), ("redo", Decision.REROLL),
    ],
)  # fmt: skip
def test_a_decision_has_several_words(tmp_path: Path, word: str, decision: Decision) -> None:
    assert read(tmp_path, f"{HEADER}A,A_01.png,{word},,\n").marks[0].decision is decision


def test_lines_that_decide_nothing_are_passed_over(tmp_path: Path) -> None:
    review = read(tmp_path, f"{HEADER}A,A_01.png,,only a note,\n\nB,B_01.png,reject,,\n")
    assert [found.image for found in review.marks] == ["B_01.png"]


def test_a_results_table_with_decisions_is_a_review(tmp_path: Path) -> None:
    header = "sku,prompt,status,images,decision"
    rows = "A,a cat,succeeded,batches/x/images/A_01.png | batches/x/images/A_02.png,reroll"
    review = read(tmp_path, f"{header}\n{rows}\n")
    assert [(m.id, m.image) for m in review.marks] == [("A", "A_01.png"), ("A", "A_02.png")]
    assert all(m.beside_row for m in review.marks)


def test_a_manifests_own_column_of_pictures_is_not_taken_for_ours(tmp_path: Path) -> None:
    header, line = (
        "货号,image,status,images,decision",
        "A,mug.jpg,succeeded,images/A_01.png,approve",
    )
    (found,) = read(tmp_path, f"{header}\n{line}\n").marks
    assert (found.id, found.image) == ("A", "A_01.png")

    header = header.replace("image,", "images,").replace(",images,dec", ",mill_images,dec")
    (found,) = read(tmp_path, f"{header}\n{line}\n").marks
    assert (found.id, found.image) == ("A", "A_01.png")


@pytest.mark.parametrize(
    "place",
    [
        "A_01_r2.png",
        "images/A_01_r2.png",
        "../last-night/images/A_01_r2.png",
        "D:\\review\\images\\A_01_r2.png",
        "https://bucket.test/mill/images/A_01_r2.png?X-Amz-Signature=abc/def",
    ],
)
def test_a_picture_is_known_by_its_file(place: str) -> None:
    assert file_name(place) == "A_01_r2.png"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A,A_01.png,aprove,,", r'line 2, column decision: "aprove" must be.*mean approve'),
        (",,reroll,,", "line 2, column image: names no picture and no row"),
        ("A,A_01.png,reject,,\nA,A_01.png,reroll,,", '"A_01.png" was decided otherwise in line 2'),
        ("A,,reroll,,one\nA,,reroll,,other", '"A" was decided otherwise in line 2'),
        ("A,A_01.png,reroll,,,,more", "the row has 7 cells"),
    ],
)
def test_a_line_that_cannot_be_understood_is_named(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ReviewError, match=reason):
        read(tmp_path, f"{HEADER}{line}\n")


def test_every_bad_line_is_named_at_once(tmp_path: Path) -> None:
    lines = "".join(f"A-{i},A-{i}_01.png,maybe,,\n" for i in range(25))
    with pytest.raises(ReviewError) as caught:
        read(tmp_path, HEADER + lines)
    told = str(caught.value).splitlines()
    assert told[0] == "review.csv cannot be used as it is:"
    assert len(told) == 22
    assert told[-1] == "... and 5 more"


@pytest.mark.parametrize("header", ["id,image\nA,A_01.png", "decision,note\nreroll,x"])
def test_what_is_no_review_says_what_it_needs(tmp_path: Path, header: str) -> None:
    with pytest.raises(ReviewError, match=r"is no review: it needs the columns image .* decision"):
        read(tmp_path, header + "\n")


def test_an_empty_file_is_no_review(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="empty"):
        read(tmp_path, "")


PLAIN = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])


@given(st.text(PLAIN, max_size=30), st.text(PLAIN, max_size=30))
def test_what_is_guarded_against_spreadsheets_comes_back(
    tmp_path_factory: pytest.TempPathFactory, note: str, prompt: str
) -> None:
    path = tmp_path_factory.mktemp("review") / "review.csv"
    sheet = Sheet(path)
    sheet.write(["id", "image", "decision", "note", "prompt"])
    sheet.write(map(guarded, ["A", "A_01.png", "reroll", note, prompt]))
    sheet.close()

    (found,) = read_review(str(path)).marks

    assert (found.note, found.prompt) == (note.strip(), prompt.strip())


def approved(review: Review, *results: JobResult) -> dict[str, list[str]]:
    found = review.approved(results)
    return {one.id: [file_name(picture.key) for picture in one.images] for one in found}


def test_only_approved_pictures_are_left() -> None:
    review = Review(
        "review.csv",
        [
            mark(2, "a_01.png", Decision.APPROVE),
            mark(3, "a_02.png", Decision.REJECT),
            mark(4, "b_01.png", Decision.REROLL),
            mark(5, "", Decision.APPROVE, id="SKU-4"),
        ],
    )
    rows = [
        result(2, n=2, images=[image("a", 1), image("a", 2)]),
        result(3, images=[image("b")]),
        result(4, n=2, images=[image("c", 1), image("c", 2)]),
        result(5, images=[image("d")]),
    ]
    assert approved(review, *rows) == {
        "SKU-2": ["a_01.png"],
        "SKU-4": ["c_01.png", "c_02.png"],
    }


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["a_01.png"], ["a_01.png"]),
        (["a_01_r2.png"], ["a_01_r2.png"]),
        (["a_01.png", "a_01_r2.png"], ["a_01_r2.png"]),
    ],
)
def test_an_approved_picture_stays_approved_when_a_reroll_took_its_place(
    names: list[str], left: list[str]
) -> None:
    old = image("a")
    new = old.model_copy(update={"key": old.key.replace("_01", "_01_r2"), "revision": 2})
    review = Review("review.csv", [mark(2, name, Decision.APPROVE) for name in names])

    assert approved(review, result(images=[new], replaced=[old])) == {"SKU-2": left}


def test_what_is_not_approved_is_not_said_to_be_missing() -> None:
    """Three of four were stored, and the fourth failed, whatever somebody thinks of the three."""
    three = [image("a", index) for index in (1, 2, 3)]
    row = result(state=JobState.PARTIAL, n=4, images=three, failures=[failure(index=4)])
    review = Review("review.csv", [mark(2, "a_02.png", Decision.APPROVE)])

    (found,) = review.approved([row])

    assert ([one.index for one in found.images], found.unapproved) == ([2], [1, 3])
    for language in Language:
        assert explain(found, language) == explain(row, language)
    assert explain(found).startswith("3 of 4 pictures stored; picture 4 is missing.")


def test_a_review_of_another_batch_is_refused() -> None:
    marks = [mark(2, "b_01.png", Decision.APPROVE), mark(3, "", Decision.REJECT, id="SKU-9")]

    with pytest.raises(ReviewError) as caught:
        approved(Review("review.csv", marks), result(images=[image("a")]))

    assert str(caught.value).splitlines() == [
        "review.csv cannot be used as it is:",
        'line 2, column image: "b_01.png" is no picture of this batch (did you mean a_01.png?)',
        'line 3, column id: "SKU-9" is no row of this batch',
    ]

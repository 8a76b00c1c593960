"""Ids, file names and prompts that would be something else to a file system or a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from producer.duplicates import Identities
from producer.texts import check_id
from schemas import layout
from schemas.result import JobResult
from storage.keys import is_key
from storage.local import LocalStorage
from tests.cli.command import CommandLine
from tests.hostile.desk import Desk

RTL = "\u202e\u2066\u200f\u061c"
INVISIBLE = "\u200b\u200d\ufeff\u00ad\u2060\U000e0001"

REFUSED = {
    "nothing": "",
    "blanks": " \t ",
    "here": ".",
    "above": "..",
    "NUL": "a\0b",
    "a bell": "a\x07b",
    "an escape": "\x1b[2J",
    "a line": "a\nb",
    "a control of the second set": "a\x9bb",
    "10 KB": "x" * 10_240,
    "10 KB of characters": "猫" * 3_500,
}
KEPT_INSIDE = {
    "a way up": "../../../etc/cron.d/x",
    "a way up in Windows": "..\\..\\boot.ini",
    "an absolute path": "/etc/passwd",
    "a drive": "C:\\Windows\\system32",
    "a share": "//host/share/x",
    "a stream": "a.png:evil",
    "a home": "~/.ssh/authorized_keys",
    "encoded dots": "%2e%2e%2fx",
    "wide dots": "．．／x",
    "a device": "CON",
    "a device with an ending": "nul.png",
    "turned letters": f"photo{RTL}gnp.exe",
    "invisible marks": f"SKU{INVISIBLE}-1",
    "an option": "-rf",
    "a hidden file": ".bashrc",
    "an unfinished file": ".unfinished-1",
    "braces": "{fleet}:lanes",
    "wildcards": "*?[a-z]",
    "markup": "<script>alert(1)</script>",
    "quotes": "'\"`$(touch x)`",
    "all marks on one letter": "Z" + "\u0301" * 100,
}


@pytest.mark.parametrize("what", REFUSED)
def test_such_an_id_is_refused(what: str) -> None:
    assert check_id(REFUSED[what])[1] is not None


@pytest.mark.parametrize("what", KEPT_INSIDE)
def test_such_an_id_stays_in_its_folder(tmp_path: Path, what: str) -> None:
    identity, fault = check_id(KEPT_INSIDE[what])
    assert fault is None
    name = layout.safe_name(identity)
    storage = LocalStorage(tmp_path / "out", fsync=False)
    key = layout.image_key("night", name, 1, "png")
    storage.put(key, b"1", "image/png")
    (found,) = (tmp_path / "out").rglob("*.png")
    assert found.parent == tmp_path / "out" / "batches" / "night" / "images"
    assert [one.key for one in storage.list("")] == [key]
    assert not set(found.name) & set(RTL + INVISIBLE)
    assert not found.name.startswith((".", "-", "~/"))


ODD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from('./\\:*?"<>|~ \t\0\x9b' + RTL + INVISIBLE + "\u0301ßİſKﬀ．／"),
    ),
    max_size=140,
)


@given(ODD)
@example("e\u200d\u0301")
@example("\u202e..\u202c")
@example("\ud800")
@example(".\u200b.")
@example("-\u00ad-")
def test_a_safe_name_is_safe_whatever_it_is_made_of(text: str) -> None:
    name = layout.safe_name(text)
    assert 0 < len(name.encode()) <= 120
    assert is_key(layout.image_key("night", name, 1, "png"))
    assert Path(name).name == name
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in name)
    assert not re.search(r'[<>:"/\\|?*\s]', name)
    assert name not in (".", "..")
    assert unicodedata.is_normalized("NFC", name)
    assert layout.safe_name(name) == name


@given(ODD)
def test_an_id_that_passes_has_a_name(text: str) -> None:
    identity, fault = check_id(text)
    if fault is None:
        assert identity == identity.strip()
        assert layout.safe_name(identity)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("SKU-1", "sku-1"),
        ("caf\u00e9", "cafe\u0301"),
        ("\u01f0", "J\u030c"),
        ("\u1fb3", "\u1fbc"),
        ("straße", "STRASSE"),
        ("\u212a1", "k1"),
        ("a/b", "a\\b"),
        ("a b", "a-b"),
        ("a", "a."),
        ("a", f"a{INVISIBLE}"),
        ("ab", f"a{RTL}b"),
        ("x" * 128, "x" * 127),
    ],
)
def test_names_that_some_file_system_takes_for_one_are_one(first: str, second: str) -> None:
    taken = Identities()
    names = [layout.safe_name(check_id(text)[0]) for text in (first, second)]
    assert taken.claim(check_id(first)[0], names[0], 2) is None
    assert taken.claim(check_id(second)[0], names[1], 3) is not None


@pytest.mark.parametrize(
    ("first", "second"), [("a-1", "a-2"), ("杯", "盃"), ("1", "01"), ("a", "á")]
)
def test_other_names_are_two(first: str, second: str) -> None:
    taken = Identities()
    for line, text in enumerate((first, second)):
        assert taken.claim(text, layout.safe_name(text), line) is None


@pytest.fixture(scope="module")
def clerk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


@pytest.fixture
def desk(tmp_path: Path) -> CommandLine:
    folder = tmp_path / "desk"
    folder.mkdir()
    return CommandLine(folder, {})


MODELS = ["wanx-v1", "flux-schnell", "stable-diffusion-xl", "stable-diffusion-v1.5"]
"""A lane each, so that the rows need not wait for one another."""


def rows(*given: dict[str, str]) -> str:
    return "".join(
        json.dumps({"model": "wanx-v1", "prompt": "a cup", **row}) + "\n" for row in given
    )


@pytest.mark.system
def test_bad_ids_are_told_without_steering_the_terminal(clerk: Desk, desk: CommandLine) -> None:
    manifest = desk.write("bad.jsonl", rows(*({"id": text} for text in REFUSED.values())))
    ran = clerk.run(desk, "validate", manifest)
    assert ran.code == 3
    assert "control characters" in ran.err + ran.out
    assert not set(ran.err + ran.out) & set("\x1b\x07\x9b\0")


@pytest.mark.system
def test_a_manifests_name_steers_nothing(clerk: Desk, desk: CommandLine) -> None:
    name = "\x1b]0;owned\x07 <b>$(touch x)\u202e.csv"
    desk.write(name, "sku,prompt,model\nA,a cup,no-such-model\n")
    ran = clerk.run(desk, "validate", f"./{name}")
    assert ran.code == 3
    assert not set(ran.err + ran.out) & set("\x1b\x07\u202e")


@pytest.mark.system
@pytest.mark.parametrize("name", ["../../x", "a{b}:c", "a\n\u202eb", "x" * 200])
def test_a_batch_is_not_named_like_a_way_out(clerk: Desk, desk: CommandLine, name: str) -> None:
    manifest = desk.write("one.jsonl", rows({"id": "A"}))
    nowhere = desk.with_variables(IMAGEMILL_REDIS_URL="redis://127.0.0.1:1/0")
    ran = clerk.run(nowhere, "submit", manifest, f"--batch={name}")
    assert ran.code == 2, ran.err
    assert not [path for path in desk.folder.iterdir() if path.name != manifest]


@pytest.mark.system
def test_hostile_ids_and_prompts_become_pictures_beside_each_other(desk: CommandLine) -> None:
    """The whole way: nothing leaves the batch's folder, and every id comes back as it was."""
    prompts = ["a\x1b[2Jb", "a\0b", "\u202egnp.exe", "=1+1", "</script><script>", "a\r\nb", "\x9b"]
    given = [{"id": f"{i}{text}"[:100]} for i, text in enumerate(KEPT_INSIDE.values())]
    for row, prompt in zip(given, prompts, strict=False):
        row["prompt"] = prompt
    for row, model in zip(given, MODELS * len(given), strict=False):
        row["model"] = model
    ran = desk("run", desk.write("odd.jsonl", rows(*given)), "--simulate", timeout_s=50)
    assert ran.code == 0, ran.err
    (batch,) = (desk.folder / "out" / "batches").iterdir()
    lines = (batch / "results.jsonl").read_text().splitlines()
    results = [JobResult.model_validate_json(line) for line in lines]
    assert [one.id for one in results] == [
        unicodedata.normalize("NFC", row["id"].strip()) for row in given
    ]
    assert {one.state for one in results} == {"succeeded"}
    stored = {path.relative_to(batch.parents[1]).as_posix() for path in batch.rglob("*_0?.png")}
    assert stored == {image.key for one in results for image in one.images}
    assert [
        path.name for path in desk.folder.iterdir() if path.name not in ("odd.jsonl", "out")
    ] == []

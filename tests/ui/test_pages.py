"""The status pages over HTTP: what they show, to whom, and what they never do."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from ledger.version import LEDGER_VERSION
from schemas.batch import Hold
from schemas.layout import batch_document
from tests.cli.command import CommandLine
from tests.steps.mill import LANE, Mill
from tests.steps.nights import FIRST, SECOND, rows
from tests.system.conftest import end_embedded_server
from tests.ui.running import TOKEN, Pages, command_line_of, running_pages
from tests.valkey import Valkey

PATHS = ("/", "/lanes", f"/batches/{FIRST}", f"/files/{FIRST}/index.html", "/?page=2")


def test_nobody_looks_without_the_token(pages: Pages) -> None:
    with pages.visitor(signed_in=False) as visitor:
        for path, cookie in product(PATHS, ("", "9999999999.0", TOKEN)):
            answer = visitor.get(path, headers={"Cookie": f"imagemill_ui={cookie}"})
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/login?next=")
            assert FIRST not in answer.text


def test_the_token_is_asked_for_and_then_is_in_no_address(pages: Pages) -> None:
    with pages.visitor(signed_in=False) as visitor:
        assert visitor.post("/login", data={"token": "guess"}).status_code == 403
        assert visitor.get("/?token=guess").status_code == 303
        assert not visitor.cookies
        answer = visitor.get(f"/batches/{FIRST}?token={TOKEN}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/batches/{FIRST}")
        said = answer.headers["set-cookie"].lower()
        assert "httponly" in said
        assert "samesite=lax" in said
        assert TOKEN not in said
        assert visitor.get("/").status_code == 200
        assert visitor.post("/logout").status_code == 303
        assert visitor.get("/").status_code == 303
        assert visitor.post("/login", content=b"token=" + b"x" * 9000).status_code == 413


def test_every_page_is_shown_and_strict(pages: Pages) -> None:
    with pages.visitor() as visitor:
        answers = {path: visitor.get(path) for path in PATHS}
    for path, answer in answers.items():
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        if not path.startswith("/files"):
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert " style=" not in answer.text
            assert not re.search(r"<script(?! src=)", answer.text)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert TOKEN not in answer.text


def test_batches_lanes_and_reasons_are_told(pages: Pages) -> None:
    with pages.visitor() as visitor:
        listed = visitor.get("/").text
        lanes = visitor.get("/lanes").text
        batch = visitor.get(f"/batches/{FIRST}").text
        chinese = visitor.get(f"/batches/{FIRST}?lang=zh-Hans").text
        kept = visitor.get("/").text
    assert f'href="/batches/{FIRST}"' in listed
    assert "3 / 3" in listed
    assert LANE in lanes
    assert "nothing to do" in lanes
    assert "content rules refused this prompt" in batch
    assert "MUG-1" in batch
    assert f"imagemill retry {FIRST}" in batch
    assert f"/files/{FIRST}/index.html" in batch
    assert "服务商的内容规则" in chinese
    assert "批次" in kept, "the language is remembered"


def test_a_batch_that_waits_for_its_hours_says_so(mill: Mill, pages: Pages) -> None:
    held = mill.hand_in(rows("X"), batch=SECOND)
    mill.ledger.batches.hold(SECOND, held.lanes, Hold.HOURS)
    with pages.visitor() as visitor:
        assert "Outside its hours" in visitor.get("/").text
        assert "不在允许的时段" in visitor.get("/?lang=zh-Hans").text


def test_text_is_only_text(mill: Mill, pages: Pages) -> None:
    mill.ledger.lanes.stop(LANE, "<script>alert(1)</script>")
    mill.hand_in(rows("X"), batch=SECOND)
    with pages.visitor() as visitor:
        for path in ("/lanes", f"/batches/{SECOND}"):
            text = visitor.get(path).text
            assert "<script>alert" not in text
            assert "&lt;script&gt;alert(1)" in text


def test_files_of_a_batch_are_shown_and_nothing_else(mill: Mill, pages: Pages) -> None:
    (picture, *_) = (s for s in mill.storage.list(f"batches/{FIRST}/images/") if "png" in s.key)
    chunk = next(mill.storage.list(f"batches/{FIRST}/input/")).key
    mill.storage.put(batch_document(FIRST), b'{"notify":"https://hook.test/secret"}', "text/json")
    mill.storage.put(f"batches/{FIRST}/images/x.svg", b"<svg onload=alert(1)/>", "image/svg+xml")
    with pages.visitor() as visitor:
        shown = visitor.get(f"/files/{picture.key.removeprefix('batches/')}")
        assert (shown.status_code, shown.content) == (200, mill.storage.get(picture.key))
        assert shown.headers["content-type"] == "image/png"
        svg = visitor.get(f"/files/{FIRST}/images/x.svg")
        assert svg.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in svg.headers["content-security-policy"]
        table = visitor.get(f"/files/{FIRST}/results.csv")
        assert table.headers["content-disposition"].startswith("attachment")
        for path in (
            "batch.json",
            chunk.removeprefix(f"batches/{FIRST}/"),
            "images/../batch.json",
            "images/%2e%2e/batch.json",
            "images/..%2fbatch.json",
            "images/missing.png",
            "images/",
            "nonsense.html",
        ):
            answer = visitor.get(f"/files/{FIRST}/{path}")
            assert answer.status_code == 404, path
            assert "secret" not in answer.text
        assert visitor.get("/batches/nobody").status_code == 404
        assert visitor.get("/static/pages.py").status_code == 404


def test_looking_changes_nothing(mill: Mill, pages: Pages) -> None:
    seen = mill.snapshot()
    kept = {s.key: s.modified_at for s in mill.storage.list("")}
    with pages.visitor() as visitor:
        for path in PATHS:
            visitor.get(path)
            for method in ("POST", "PUT", "DELETE"):
                assert visitor.request(method, path).status_code in (404, 405)
    assert mill.snapshot() == seen
    assert {s.key: s.modified_at for s in mill.storage.list("")} == kept


def test_a_newer_ledger_is_told(mill: Mill, pages: Pages) -> None:
    mill.ledger.version.admit(LEDGER_VERSION + 1)
    with pages.visitor() as visitor:
        answer = visitor.get("/")
    assert answer.status_code == 503
    assert f"records of version {LEDGER_VERSION + 1}" in answer.text


def test_a_token_is_made_where_only_this_machine_looks(valkey: Valkey, tmp_path: Path) -> None:
    alone = command_line_of(tmp_path, valkey).with_variables(IMAGEMILL_UI_TOKEN="")
    ran = alone("ui", "--host", "0.0.0.0")
    assert ran.code == 7
    assert "IMAGEMILL_UI_TOKEN" in ran.err
    short = alone.with_variables(IMAGEMILL_UI_TOKEN="short")("ui")
    assert short.code == 7
    assert "too easily guessed" in short.err
    with running_pages(alone) as pages, pages.visitor() as visitor:
        assert len(pages.token) >= 32
        assert pages.token != TOKEN
        assert visitor.get("/").status_code == 200


@pytest.mark.system
def test_a_mill_on_one_machine_is_shown_and_not_kept_from_its_work(tmp_path: Path) -> None:
    """The pages start its server for a look only: a rehearsal goes on beside them."""
    alone = CommandLine(tmp_path, {})
    manifest = alone.manifest("mugs", 2)
    try:
        assert alone("submit", manifest, "--batch", "one").code == 0
        with running_pages(alone) as pages, pages.visitor() as visitor:
            assert "/batches/one" in visitor.get("/").text
            more = alone.manifest("cups", 2)
            ran = alone("run", more, "--simulate", "--batch", "two")
            assert ran.code == 0, ran.err
            assert "/batches/two" in visitor.get("/").text
    finally:
        end_embedded_server(tmp_path / "out" / ".imagemill")

"""Results as files: what a catalogue team opens in the morning."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2
import openpyxl
import pytest

from tests.cli.command import CommandLine
from tests.seaweed import Seaweed
from tests.system.conftest import end_embedded_server

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
ROWS = (
    "sku,条码,prompt,model,n\n"
    "杯-1,0069012345678,a stoneware mug,wanx-v1,2\n"
    "=bad,6901234567890,a toy pistol,wanx-v1,1\n"
)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A finished batch whose pictures lie in a directory."""
    found = CommandLine(tmp_path_factory.mktemp("local"), {})
    finish(found)
    yield found
    end_embedded_server(found.folder / "out" / ".imagemill")


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory, seaweed: Seaweed) -> Iterator[CommandLine]:
    """A finished batch whose pictures lie in a bucket."""
    found = CommandLine(
        tmp_path_factory.mktemp("bucket"),
        {
            "IMAGEMILL_STORAGE_URL": f"s3://{seaweed.bucket}/{uuid4().hex}",
            "IMAGEMILL_S3_ENDPOINT_URL": seaweed.endpoint_url,
            "AWS_ACCESS_KEY_ID": seaweed.access_key,
            "AWS_SECRET_ACCESS_KEY": seaweed.secret_key,
        },
    )
    finish(found)
    yield found
    end_embedded_server(found.folder / ".imagemill")


def finish(command_line: CommandLine) -> None:
    manifest = command_line.write("shop.csv", ROWS)
    ran = command_line("run", manifest, "--simulate", "--batch", "shop", timeout_s=90)
    assert ran.code == 0, ran.err


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def sheet(path: Path) -> tuple[list[dict[str, Any]], Any]:
    found = openpyxl.load_workbook(path)["results"]
    header, *body = found.iter_rows(values_only=True)
    names = [str(name) for name in header]
    return [dict(zip(names, row, strict=True)) for row in body], found


def test_a_workbook_has_the_pictures_in_it(local: CommandLine) -> None:
    ran = local("results", "shop", "--format", "xlsx")

    assert (ran.code, ran.out) == (0, "shop.xlsx\n"), ran.err
    assert "2 rows, 2 small pictures." in ran.err
    (cup, bad), found = sheet(local.folder / "shop.xlsx")
    assert (cup["sku"], cup["条码"], cup["status"]) == ("杯-1", "0069012345678", "succeeded")
    assert (bad["sku"], bad["status"]) == ("=bad", "failed")
    assert "content rules" in bad["error"]
    assert len(found._images) == 2
    for key in cup["images"].split(" | "):
        assert (local.folder / "out" / key).is_file()


def test_a_click_on_a_picture_of_a_workbook_opens_its_file(local: CommandLine) -> None:
    ran = local("results", "-o", "tables/autumn.xlsx")

    assert ran.out == "tables/autumn.xlsx\n"
    with zipfile.ZipFile(local.folder / "tables" / "autumn.xlsx") as parts:
        links = parts.read("xl/drawings/_rels/drawing1.xml.rels").decode()
    assert 'Target="../out/batches/shop/images/杯-1_01.png" TargetMode="External"' in links


def test_a_zip_has_the_pictures_and_their_table(local: CommandLine) -> None:
    ran = local("results", "shop", "--format", "zip", "--json")

    assert ran.document == {"file": "shop.zip", "pictures": 2, "missing": 0}
    archive = zipfile.ZipFile(local.folder / "shop.zip")
    assert archive.testzip() is None
    cup, bad = table(archive.read("results.csv").decode())
    assert (cup["sku"], bad["sku"], bad["images"]) == ("杯-1", "'=bad", "")
    for name in cup["images"].split(" | "):
        own = local.folder / "out" / "batches" / "shop" / name
        assert archive.read(name) == own.read_bytes()


def test_a_zip_goes_down_a_pipe(local: CommandLine) -> None:
    with local.started("results", "shop", "--format", "zip", "-o", "-") as process:
        out, _ = process.communicate(timeout=45)
    archive = zipfile.ZipFile(io.BytesIO(out))
    assert archive.testzip() is None
    assert len(archive.namelist()) == 3


def test_pictures_that_are_gone_are_no_secret(local: CommandLine) -> None:
    picture = local.folder / "out" / "batches" / "shop" / "images" / "杯-1_02.png"
    kept = picture.read_bytes()
    picture.unlink()
    try:
        ran = local("results", "shop", "--format", "zip", "-o", "rest.zip")
    finally:
        picture.write_bytes(kept)

    assert (ran.code, ran.out) == (8, "rest.zip\n")
    assert "batches/shop/images/杯-1_02.png" in ran.err
    archive = zipfile.ZipFile(local.folder / "rest.zip")
    assert table(archive.read("results.csv").decode())[0]["images"] == "images/杯-1_01.png"


def test_the_table_is_the_one_that_lies_there(local: CommandLine) -> None:
    stored = (local.folder / "out" / "batches" / "shop" / "results.csv").read_bytes()
    local("results", "-o", "copy.csv")

    assert (local.folder / "copy.csv").read_bytes() == stored
    assert local("results", "-o", "-").out.encode() == stored
    cup, _ = table(stored.decode())
    sizes = [(local.folder / "out" / key).stat().st_size for key in cup["images"].split(" | ")]
    assert cup["size_bytes"] == " | ".join(map(str, sizes))


def test_an_ending_says_the_form(local: CommandLine) -> None:
    local("results", "-o", "lines.jsonl")
    lines = (local.folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["杯-1", "=bad"]


def test_a_form_that_is_named_is_what_comes_whatever_json_would_be(local: CommandLine) -> None:
    """Without one `--json` prints lines."""
    stored = local.folder / "out" / "batches" / "shop"
    assert [line["id"] for line in local("results", "--json").documents] == ["杯-1", "=bad"]
    failed = local("results", "--format", "failed", "--json").out
    assert failed.encode() == (stored / "failed.csv").read_bytes()

    ran = local("results", "-o", "autumn.csv", "--json")
    assert ran.document == {"file": "autumn.csv"}
    assert (local.folder / "autumn.csv").read_bytes() == (stored / "results.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--presign", "8d"), "7d is the most"),
        (("--presign", "soon"), "7d, 12h, 30min"),
        (("--presign", "1d", "--format", "zip"), "holds the pictures themselves"),
        (("--presign", "1d", "--format", "failed"), "names no pictures"),
        (("--presign", "1d"), "a directory, from which nobody elsewhere can fetch them"),
        (("--out", "shop.xlsx"), "say -o shop.xlsx"),
        (("-o", "shop.docx"), "end it in .csv, .xlsx, .jsonl, .zip"),
        (("--format", "openai", "-o", "-"), "writes files; - is no folder"),
    ],
)
def test_what_cannot_be_is_said(local: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    ran = local("results", "shop", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())


def links(cell: str) -> list[str]:
    found = cell.split(" | ")
    assert all(link.startswith("http") for link in found)
    return found


def is_picture(url: str) -> bool:
    return httpx2.get(url).content.startswith(b"\x89PNG")


def test_signed_links_open_for_anybody(bucket: CommandLine) -> None:
    ran = bucket("results", "shop", "--presign", "7d")

    assert ran.code == 0, ran.err
    assert "whoever has one can fetch its picture" in ran.err
    assert "temporary" not in ran.err
    cup, bad = table(ran.out)
    assert list(cup).index("links") == list(cup).index("images") + 1
    assert len(links(cup["links"])) == 2
    assert all(map(is_picture, links(cup["links"])))
    assert parse_qs(urlsplit(links(cup["links"])[0]).query)["X-Amz-Expires"] == ["604800"]
    assert bad["links"] == ""


def test_lines_workbooks_and_openais_files_have_them_too(bucket: CommandLine) -> None:
    lines = bucket("results", "shop", "--presign", "1h", "--format", "jsonl").documents
    assert all(is_picture(image["url"]) for image in lines[0]["images"])

    bucket("results", "shop", "--presign", "1h", "-o", "shop.xlsx")
    (cup, _), found = sheet(bucket.folder / "shop.xlsx")
    assert all(map(is_picture, links(cup["links"])))
    assert len(found._images) == 2

    bucket("results", "shop", "--presign", "1h", "--format", "openai")
    output = json.loads((bucket.folder / "shop.output.jsonl").read_text(encoding="utf-8"))
    assert all(is_picture(each["url"]) for each in output["response"]["body"]["data"])


def test_pictures_of_a_bucket_are_zipped(bucket: CommandLine) -> None:
    ran = bucket("results", "shop", "-o", "shop.zip")

    assert (ran.code, ran.out) == (0, "shop.zip\n"), ran.err
    assert len(zipfile.ZipFile(bucket.folder / "shop.zip").namelist()) == 3


def test_no_secret_and_no_signature_is_said_beside_the_data(
    bucket: CommandLine, seaweed: Seaweed
) -> None:
    ran = bucket("results", "shop", "--presign", "1h", "-o", "links.csv")

    assert ran.code == 0, ran.err
    assert "X-Amz" not in ran.out + ran.err
    assert seaweed.secret_key not in (bucket.folder / "links.csv").read_text(encoding="utf-8")

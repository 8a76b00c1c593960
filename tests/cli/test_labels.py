"""What a person's files say, and what the gate tells, from the command line to the file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from tests.cli.command import CommandLine
from tests.results.metadata import MADE_BY_AI, told
from tests.system.conftest import end_embedded_server

# Each command starts a server and a worker, which takes busy machines seconds.
pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]
ROWS = """sku,prompt,model,seed,output_format
杯-1,一只粗陶杯,wanx-v1,7,
杯-2,一只粗陶杯,wanx-v1,7,
灯-1,a tall lamp,stable-image-core,7,webp
灯-2,a lamp of brass,stable-image-core,8,jpeg
"""


@pytest.fixture
def mill(alone: CommandLine) -> Iterator[CommandLine]:
    yield alone
    end_embedded_server(alone.folder / "out" / ".imagemill")


def files(mill: CommandLine, batch: str) -> dict[str, tuple[bytes, str]]:
    """Each row's file, and what is remarked of it."""
    out = mill.folder / "out"
    text = (out / "batches" / batch / "results.csv").read_text("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {row["sku"]: ((out / row["images"]).read_bytes(), row["remarks"]) for row in rows}


def test_files_say_what_they_are_and_the_gate_what_is_wrong_with_them(mill: CommandLine) -> None:
    manifest = mill.write("shop.csv", ROWS)
    ran = mill("run", manifest, "--simulate", "--batch", "shop", "--gate", "mark")
    assert ran.code == 0, ran.err
    found = files(mill, "shop")
    for sku, (data, _) in found.items():
        said = told(data)
        assert said["DigitalSourceType"] == MADE_BY_AI, sku
        assert json.loads(said["AIGC"])["ContentProducer"] == "imagemill-simulator", sku
    assert told(found["杯-1"][0])["AIPromptInformation"] == "一只粗陶杯"
    assert [data[:4] for data, _ in found.values()] == [
        b"\x89PNG",
        b"\x89PNG",
        b"RIFF",
        b"\xff\xd8\xff\xe0",
    ]
    # Here the simulator draws one small picture for all, in each form.
    alike = "The picture is nearly the same as 杯-1."
    assert [remark for _, remark in found.values()] == ["", alike, alike, alike]

    plain = mill("run", manifest, "--simulate", "--batch", "plain", "--label", "none")
    assert plain.code == 0, plain.err
    assert all(MADE_BY_AI.encode() not in data for data, _ in files(mill, "plain").values())
    again = mill("run", manifest, "--simulate", "--batch", "plain")
    assert "Its labels, gate and renditions stay as they were first asked for." in again.err


def test_a_word_that_is_no_label_is_refused(alone: CommandLine) -> None:
    ran = alone("validate", alone.manifest("cups", 1), "--label", "exif")
    assert ran.code == 2
    assert "'all', 'iptc', 'tc260', 'none'" in ran.err

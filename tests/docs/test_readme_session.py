"""The README's manifest and commands, run as a newcomer would."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGEMILL = str(Path(sys.executable).with_name("imagemill"))


def _manifest() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```csv\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _imagemill(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    keep = ("PATH", "HOME", "LANG", "TMPDIR")
    environment = {name: os.environ[name] for name in keep if name in os.environ}  # noqa: TID251 - a child's environment, without ours
    return subprocess.run(
        [IMAGEMILL, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.system
def test_the_readmes_manifest_becomes_pictures(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text(_manifest(), encoding="utf-8")
    checked = _imagemill(tmp_path, "validate", "catalog.csv")
    assert checked.returncode == 0
    assert checked.stderr.splitlines() == [
        "catalog.csv is read as UTF-8. Line 3: MUG-2 | 一只青瓷茶杯，商品摄影 | wanx-v1 | 1280×720"
        " | watercolor | 1 | celadon"
    ]
    assert "2 rows, 3 images" in checked.stdout

    no_key = _imagemill(tmp_path, "run", "catalog.csv")
    assert no_key.returncode == 7
    assert "DASHSCOPE_API_KEY" in no_key.stderr

    ran = _imagemill(tmp_path, "run", "catalog.csv", "--simulate")
    assert ran.returncode == 0, ran.stderr
    status = json.loads(_imagemill(tmp_path, "status", "--json").stdout)
    assert (status["state"], status["succeeded"], status["images"]) == ("finished", 2, 3)

    rows = list(
        csv.DictReader(_imagemill(tmp_path, "results").stdout.lstrip("\ufeff").splitlines())
    )
    assert [row["colour"] for row in rows] == ["sage", "celadon"]
    for row in rows:
        for key in row["images"].split(" | "):
            assert (tmp_path / "out" / key).is_file()
            assert (tmp_path / "out" / key).with_suffix(".json").is_file()

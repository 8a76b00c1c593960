"""A catalogue team's evening: from the spreadsheet to approved pictures, without key or cost.

    python examples/evening.py [FOLDER]

Copies examples/evening into FOLDER (out/evening where none is named), types there the commands of
docs/guide.md one after the other, and stops at the first that does not do what the guide says. What
people do in between, in Excel and in the browser, it does for them: mend cells, decide on pictures.
"""

from __future__ import annotations

import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ORDER = Path(__file__).with_name("evening")
TABLE = "秋季新品.csv"
BATCH = Path("out/batches/autumn")
NEXT_BATCH = Path("out/batches/autumn-2")

MENDED = {  # the cells that `validate` names
    "6.90123E+12": "6901234567908",
    "#N/A": "玻璃",
    "数量": "库存",  # which would be the number of pictures
}
NEXT_DAY = {  # a product whose name offends gets another, and one product is new
    "内衣收纳盒": "布艺收纳盒",
    ",可折叠,,300\r\n": ",可折叠,,300\r\n6901234567939,香薰蜡烛,大豆蜡,米白色,松木香,节日,60\r\n",
}


class Mark(NamedTuple):
    """What is decided on a picture, and for a reroll with which prompt."""

    decision: str
    note: str = ""
    prompt: str = ""


APPROVED = Mark("approve")
FIRST_LOOK = {
    "6901234567892_white": APPROVED,
    "6901234567892_scene": APPROVED,
    "6901234567908_white": APPROVED,
    "6901234567908_scene": Mark("reroll", "太暗", "... 清晨的自然光"),
    "6901234567915_white": Mark("reject", "不像玻璃"),
    "6901234567915_scene": APPROVED,
    "6901234567922_white": Mark("reroll", "换个说法", "浅灰色棉麻布艺收纳盒，纯白背景"),
    "6901234567922_scene": Mark("reroll", "换个说法", "浅灰色棉麻布艺收纳盒，放在木架上"),
}
"""By row."""
SECOND_LOOK = {
    row: APPROVED if mark.decision == "reroll" else mark for row, mark in FIRST_LOOK.items()
}


class Desk:
    """A folder in which somebody types commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        self._program = shutil.which("imagemill", path=places)
        # Whoever tries this may have a mill of their own.
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("IMAGEMILL_")
        }

    def types(self, command: str, *says: str, code: int = 0) -> None:
        """Run a command and print what it says. Ends all where it does not end or speak so."""
        if self._program is None:
            sys.exit("There is no imagemill: make install, or pip install imagemill")
        print(f"$ {command}", flush=True)
        ran = subprocess.run(
            [self._program, *shlex.split(command)[1:]],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        said = ran.stderr + ran.stdout
        print(said, flush=True)
        self.expects(ran.returncode == code, f"exit code {code}, not {ran.returncode}")
        for words in says:
            self.expects(words in said, words)

    def expects(self, holds: bool, what: str) -> None:
        """Ends all where it does not hold."""
        if not holds:
            sys.exit(f"This was expected and did not come: {what}")

    def results(self, batch: Path = BATCH) -> list[dict[str, Any]]:
        """What became of each row."""
        lines = (self.folder / batch / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def saves(self, changes: Mapping[str, str]) -> None:
        """Change cells of the table, and save it as Excel does."""
        table = self.folder / TABLE
        text = table.read_bytes().decode("gb18030")
        for before, after in changes.items():
            self.expects(text.count(before) == 1, f"{before!r} once in {TABLE}")
            text = text.replace(before, after)
        table.write_bytes(text.encode("gb18030"))


def mend_the_table(desk: Desk) -> None:
    """`validate` says what to mend, and then shows the first prompts."""
    desk.types(
        "imagemill validate batch.toml",
        "read as GB18030",
        'column *商品条码: "6.90123E+12" is a number Excel has shortened',
        'column 材质: "#N/A" is an error of the spreadsheet',
        "if it is not the number of pictures, say --map n=",
        code=3,
    )
    desk.saves(MENDED)
    desk.types(
        "imagemill validate batch.toml --preview 2",
        "4 rows x 2 背景 = 8 orders",
        "奶白色陶瓷马克杯，哑光釉面，纯白背景，柔光棚拍，商品摄影",
        "8 orders, 8 images, at most 1.28 CNY",
    )


def order(desk: Desk) -> None:
    """See what it costs, then order."""
    desk.types("imagemill estimate batch.toml", "1.28 CNY")
    desk.types("imagemill run batch.toml --simulate", "6 of 8 rows complete, 2 failed")
    picture = desk.folder / BATCH / "images" / "马克杯-6901234567892_white_01.png"
    content = picture.read_bytes()
    for mark in (b"trainedAlgorithmicMedia", b"TC260:AIGC"):
        desk.expects(mark in content, f"{mark!r} in {picture.name}")
    # Here: what was made of each picture for the shops, and who was told that the batch is done.


def look(desk: Desk) -> None:
    """The contact sheet, in the browser: decisions, exported as review.csv."""
    write_review(desk.folder / "review.csv", desk.results(), FIRST_LOOK)


def draw_anew(desk: Desk) -> None:
    """What nobody liked is drawn anew, and nothing else."""
    desk.types(
        "imagemill reroll autumn review.csv --dry-run",
        "1 row has rejected pictures only",
        "3 pictures anew (3 rows",
    )
    desk.types("imagemill reroll autumn review.csv", "8 of 8 rows complete")
    desk.types("imagemill reroll autumn review.csv", "Nothing is to be drawn anew.")


def hand_out(desk: Desk) -> None:
    """After a second look: tables and pictures for those who wait for them."""
    write_review(desk.folder / "review.csv", desk.results(), SECOND_LOOK)
    desk.types("imagemill results autumn -o autumn.xlsx", "8 rows, 8 small pictures.")
    approved = "imagemill results autumn --approved review.csv"
    desk.types(f"{approved} -o approved.csv")
    desk.types(f"{approved} -o approved.zip", "7 pictures.")
    with zipfile.ZipFile(desk.folder / "approved.zip") as archive:
        pictures = sorted(name for name in archive.namelist() if name.endswith(".png"))
    desk.expects(len(pictures) == 7, f"7 pictures in the ZIP, not {pictures}")
    with (desk.folder / "approved.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    desk.expects([row["库存"] for row in rows][:2] == ["500", "500"], "the table's own columns")


def come_back(desk: Desk) -> None:
    """The same order again costs nothing; the next evening's costs what is new in it."""
    desk.types("imagemill run batch.toml --simulate", "nothing is ordered twice")
    desk.saves(NEXT_DAY)
    tomorrow = "imagemill run batch.toml --simulate --batch autumn-2"
    desk.types(f"{tomorrow} --dry-run", "5 orders, free of charge", "at most 0.80 CNY")
    desk.types(tomorrow, "10 of 10 rows complete", "5 rows drawn before")
    rows = {row["id"]: row for row in desk.results(NEXT_BATCH)}
    cost_micro = sum(row["cost_micro"] for row in rows.values())
    desk.expects(cost_micro == 800_000, f"five pictures' cost, not {cost_micro} millionths")
    teapot = rows["6901234567908_scene"]["images"][0]["key"]
    desk.expects(teapot.endswith("_01_r2.png"), f"the teapot as it was drawn anew, not {teapot}")


EVENING = (mend_the_table, order, look, draw_anew, hand_out, come_back)
"""In their order."""


def write_review(
    path: Path, results: Iterable[Mapping[str, Any]], marks: Mapping[str, Mark]
) -> None:
    """review.csv as the contact sheet exports it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, lineterminator="\r\n")
        table.writerow(["id", "image", "decision", "note", "prompt"])
        for row in results:
            mark = marks[row["id"]]
            for image in row["images"] or [{"key": ""}]:
                place = "/".join(image["key"].split("/")[2:])  # from the sheet's own folder
                table.writerow([row["id"], place, *mark])


def sit_down(folder: Path) -> Desk:
    """A new folder with the order in it."""
    if folder.exists():
        sys.exit(f"{folder} is there already: remove it, or name another folder")
    shutil.copytree(ORDER, folder)
    return Desk(folder)


def main() -> None:
    """The whole evening."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out/evening")
    desk = sit_down(folder)
    for step in EVENING:
        step(desk)
    print(f"Now open {folder / BATCH / 'index.html'}")


if __name__ == "__main__":
    main()

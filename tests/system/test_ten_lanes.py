"""Ten lanes at once, one slow and one of long calls: each gets its orders, at its own rate."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from schemas.states import JobState
from tests.system.mill import Mill

pytestmark = pytest.mark.system
ROWS = 6
QUICK = (
    *("wanx-v1", "wan2.2-t2i-flash", "wan2.2-t2i-plus", "wanx2.1-t2i-turbo"),
    *("wanx2.1-t2i-plus", "wanx2.0-t2i-turbo", "wan2.5-t2i-preview", "flux-schnell"),
)
SLOW, LONG = "flux-dev", "stable-image-core"
SETTINGS = """
[accounts.long]
provider = "stability"
api_key = "sk-long"
base_url = "{url}"
settle_s = 1
[models."stability:{long}"]
account = "long"
[lanes."stability:{long}"]
rate = "50/s"
window = 30
[lanes."dashscope:{slow}"]
rate = "1/s"
window = 5
"""


def hand_in(mill: Mill) -> str:
    """Rows of all models in turns; the prompt names model and turn."""
    path = Path(mill.command_line.variables["IMAGEMILL_CONFIG"])
    settings = SETTINGS.format(url=mill.simulator.url, long=LONG, slow=SLOW)
    path.write_text(path.read_text() + settings)
    mill.simulator.configure(generation_s=1.0, generation_sigma=0.0)
    lines = ["id,prompt,model"]
    for turn in range(ROWS):
        lines += [f"{model}-{turn},{model} cup {turn},{model}" for model in (*QUICK, SLOW, LONG)]
    manifest = path.parent / "desk" / "ten.csv"
    manifest.write_text("\n".join(lines) + "\n")
    return mill.submit(str(manifest))


def test_no_lane_takes_anothers_turn(mill: Mill) -> None:
    batch = hand_in(mill)
    mill.start_workers(2)
    status = mill.finished(batch)
    assert (status.succeeded, status.total) == (10 * ROWS, 10 * ROWS)
    assert {result.state for result in mill.results(batch).values()} == {JobState.SUCCEEDED}

    tasks = mill.simulator.ledger()["tasks"]
    turns: defaultdict[str, list[int]] = defaultdict(list)
    arrived: defaultdict[str, list[float]] = defaultdict(list)
    for task in tasks:
        turns[task["model"]].append(int(re.findall(r"cup (\d+)", task["prompt"])[0]))
        arrived[task["model"]].append(task["submitted_at"])
    assert len(turns) == 10
    assert all(sorted(own) == list(range(ROWS)) for own in turns.values()), "each order once"
    slow = sorted(arrived[SLOW])
    assert slow[-1] - slow[0] > 0.8 * (ROWS - 1), "one after the other, at its own rate"
    last_of_quick = max(max(arrived[model]) for model in QUICK)
    assert last_of_quick < max(arrived[SLOW]), "nobody waited for the slow lane"
    mill.check_pictures(mill.results(batch))
    mill.check_nothing_in_motion()

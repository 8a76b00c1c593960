"""Measures ten lanes at once: one is slow, one waits half a minute for each answer."""

from __future__ import annotations

import csv
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.mill import Limits, Mill, running_mill, running_simulator, wait_until
from bench.rows import prompts
from bench.yardstick import arrivals_by_model, first_order_s

RATE = 2
SLOW_RATE = 0.2
LONG_CALL_S = 30.0
PLAIN = (
    *("wanx-v1", "wan2.2-t2i-flash", "wan2.2-t2i-plus", "wanx2.1-t2i-turbo"),
    *("wanx2.1-t2i-plus", "wanx2.0-t2i-turbo", "wan2.5-t2i-preview", "flux-schnell"),
)
"""Models of which tasks are ordered and asked for."""
SLOW = "flux-dev"
LONG = "z-image-turbo"
"""A model that answers an order with the picture."""
HEAD_START_S = 60.0
"""Rows for so long more: some lanes order while the others are still waited for."""


@dataclass(frozen=True)
class LaneUse:
    """One lane's share of its rate."""

    model: str
    rate: float
    orders: int
    rate_used: float

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


@dataclass(frozen=True)
class TenLanes(Limits):
    """Two orders a second for each model, one lane's own limit lower, and long calls elsewhere."""

    rate: int = RATE
    query_rate: int = 200
    long_calls_url: str = ""

    def settings(self) -> str:
        """The mill's imagemill.toml."""
        rates = dict.fromkeys(PLAIN, float(RATE)) | {SLOW: SLOW_RATE}
        lanes = [
            f'[lanes."dashscope:{model}"]\nrate = "{rate:g}/s"\nwindow = 60\n'
            for model, rate in rates.items()
        ]
        return (
            f'[accounts.default]\nprovider = "dashscope"\nquery_rate = "{self.query_rate}/s"\n'
            f'[accounts.long]\nprovider = "dashscope"\napi_key = "sk-long"\n'
            f'base_url = "{self.long_calls_url}/api/v1"\n'
            f'[models."dashscope:{LONG}"]\naccount = "long"\n'
            f'[lanes."dashscope:{LONG}"]\nrate = "{RATE}/s"\nwindow = 60\n' + "".join(lanes)
        )


def measure_lanes(span_s: float = 30.0, workers: int = 2) -> list[LaneUse]:
    """From one second after the last lane's first order on; the lane of long calls is left out."""
    slow_calls = Limits(rate=RATE, generation_s=LONG_CALL_S, generation_sigma=0.0)
    with (
        tempfile.TemporaryDirectory(prefix="mill-long-") as folder,
        running_simulator(Path(folder), slow_calls) as long_calls_url,
        running_mill(workers, TenLanes(long_calls_url=long_calls_url)) as mill,
    ):
        _hand_in(mill, int(RATE * (span_s + HEAD_START_S)))
        wait_until(lambda: len(arrivals_by_model(mill.simulator_url)) > len(PLAIN), 60, "lanes")
        wait_until(lambda: first_order_s(long_calls_url) is not None, 60, "a long call")
        began_s = time.time() + 1
        time.sleep(1 + span_s)
        arrivals_s = arrivals_by_model(mill.simulator_url)
    found = []
    for model, own_s in arrivals_s.items():
        rate = SLOW_RATE if model == SLOW else RATE
        orders = sum(began_s <= at_s < began_s + span_s for at_s in own_s)
        found.append(LaneUse(model, rate, orders, orders / (rate * span_s)))
    return found


def _hand_in(mill: Mill, rows: int) -> None:
    """Rows of all models in turns."""
    manifest = mill.folder / "ten.csv"
    with manifest.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "prompt", "model"])
        for number, prompt in enumerate(prompts(rows), 1):
            for model in (*PLAIN, SLOW, LONG):
                writer.writerow([f"{model}-{number:04}", prompt, model])
    mill.imagemill("submit", str(manifest), "--quiet")


def main() -> None:
    """All lanes' shares: python -m bench.ten_lanes."""
    print(json.dumps([use.document() for use in measure_lanes()], indent=1))


if __name__ == "__main__":
    main()

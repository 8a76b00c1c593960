"""A mill in the middle of its work: something in every state that a job can be in.

`python -m tests.upgrade.busy_mill` writes down what it keeps, under the release's own name. It is done once,
when a release is made; what an earlier release wrote is never written anew.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from datetime import datetime
from importlib import metadata
from pathlib import Path

from ledger.moves import Claim
from ledger.opening import open_ledger
from schemas.batch import Hold
from schemas.batch_file import BatchFile
from schemas.failure import ErrorClass
from schemas.hours import Hours
from schemas.intake import Intake, order_id
from schemas.schedule import Schedule
from schemas.states import JobState
from schemas.zone import zone_of
from tests.steps.mill import Mill
from tests.steps.nights import FIRST, SECOND, THIRD, night, rows
from tests.steps.scripted_provider import trouble
from tests.upgrade.records import FOLDER, Records, read_files, read_keys
from tests.valkey import run_valkey
from worker.providers.port import Refused

ORDER = BatchFile(manifest="https://shop.example/night.csv", model="wanx-v1")
ADDED_AT = "2026-11-20T20:00:00+00:00"
SCHEDULE = Schedule(
    name="nightly",
    cron="0 1 * * *",
    tz="Asia/Shanghai",
    order=ORDER,
    hours=Hours.parse("01:00-07:00", "Asia/Shanghai"),
    added_at=ADDED_AT,
)
NEXT_MS = int(datetime(2100, 1, 1, 1, tzinfo=zone_of(SCHEDULE.tz)).timestamp() * 1000)
INTAKE = Intake(id=order_id(ORDER), order=ORDER, asked_at=ADDED_AT)
UNDER_WAY = ("TUE-1", "TUE-2", "TUE-3", "TUE-4", "TUE-5", "TUE-6")


def make_busy(mill: Mill) -> None:
    """A finished batch, one under way and one that is held."""
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    night(mill, FIRST, rows("MON-1", "MON-2", "MON-3"))

    batch = mill.hand_in(rows(*UNDER_WAY), batch=SECOND)
    mill.ledger.batches.set_budget(batch, "CNY", 50_000_000)
    claims = _claims(mill)
    for name in UNDER_WAY[:3]:
        mill.desk.step("submit", claims[name])
    mill.lose(claims["TUE-4"])
    claims = _claims(mill)
    mill.desk.step("poll", claims["TUE-1"])
    mill.desk.step("poll", claims["TUE-2"])
    claims = _claims(mill)
    mill.desk.step("store", claims["TUE-1"])
    states = {name: mill.record(claims[name])["state"] for name in UNDER_WAY}
    assert states == {
        "TUE-1": JobState.SUCCEEDED,
        "TUE-2": JobState.STORING,
        "TUE-3": JobState.RUNNING,
        "TUE-4": JobState.SUBMITTING,
        "TUE-5": JobState.RELEASED,
        "TUE-6": JobState.RELEASED,
    }

    held = mill.hand_in(rows("WED-1", "WED-2"), batch=THIRD)
    mill.ledger.batches.hold(THIRD, held.lanes, Hold.PAUSE)
    plan_nights(mill)


def plan_nights(mill: Mill) -> None:
    """A schedule, and an order that nobody has read yet."""
    mill.ledger.schedules.put(SCHEDULE, NEXT_MS)
    mill.ledger.intakes.open(INTAKE)


def _claims(mill: Mill) -> dict[str, Claim]:
    mill.let_time_pass()
    return {handout.claim.job: handout.claim for handout in mill.hand_out()}


def written_down(mill: Mill) -> Records:
    """What the mill keeps."""
    client = mill.ledger.client
    keys = read_keys(client)
    provider = mill.provider
    return Records(
        release=metadata.version("imagemill"),
        written_ms=mill.ledger.fleet.now_ms(),
        keys=keys,
        ttl_ms={key: ttl for key in keys if (ttl := int(client.pttl(key))) > 0},
        files=read_files(mill.storage),
        tickets={
            ticket: (job, provider.listed[ticket]) for ticket, job in provider.accepted.items()
        },
    )


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        run_valkey(Path(name), fsync="no") as server,
        closing(open_ledger(server.url)) as ledger,
    ):
        mill = Mill(ledger, Path(name) / "mill")
        make_busy(mill)
        records = written_down(mill)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{records.release}.json"
    if path.exists():
        sys.exit(f"{path.name} is there already: what a release wrote stays as it was")
    path.write_text(records.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

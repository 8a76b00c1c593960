"""Tasks at a scripted provider, and what a lane knows of them: for tests of looks at its list."""

from __future__ import annotations

from ledger.jobs import learn_call
from ledger.keys import LaneKeys
from ledger.looks import LOOK, LaneTasks
from ledger.moves import Claim
from tests.steps.mill import LANE, Mill, job
from worker.policy.polling import LEARNED_ENOUGH

JOBS = 4


def ordered(mill: Mill, count: int = JOBS) -> list[Claim]:
    """Jobs whose tasks are all being drawn."""
    mill.hand_in([job(f"SKU-{number:03}") for number in range(count)])
    claims: list[Claim] = []
    while len(claims) < count:
        claims += [handout.claim for handout in mill.hand_out()]
    for claim in claims:
        mill.desk.step("submit", claim)
    mill.provider.drawing.update(mill.provider.accepted)
    return claims


def learn(mill: Mill, time_s: float = 0.001) -> None:
    """The lane knows how long its pictures take."""
    mill.ledger.scripts.run_all([learn_call(LANE, time_s)] * LEARNED_ENOUGH)


def end(mill: Mill, *claims: Claim) -> None:
    """The tasks of these jobs have ended."""
    mill.provider.drawing -= {mill.record(claim)["ticket"] for claim in claims}


def next_look_s(mill: Mill) -> float | None:
    found = mill.ledger.client.zscore(LaneKeys(LANE).chores, LOOK)
    return None if found is None else (float(found) - mill.ledger.fleet.now_ms()) / 1000


def forward(mill: Mill, claims: list[Claim]) -> list[Claim]:
    return [claim for claim in claims if mill.record(claim).get("brought_forward")]


def wait_s(mill: Mill, claim: Claim) -> float:
    found = mill.wait_s(claim)
    assert found is not None
    return found


def known(mill: Mill) -> LaneTasks:
    return mill.ledger.looks.tasks(LANE)


def poll(mill: Mill, claim: Claim) -> None:
    """The moment of one job has come."""
    mill.ledger.client.zadd(LaneKeys(LANE).agenda, {claim.ref: 0})
    (handout,) = [found for found in mill.hand_out() if found.claim.ref == claim.ref]
    mill.desk.step("poll", handout.claim)

"""Any sequence of leading and leaving has one leader; any sequence of limits keeps the pinned ones."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.keys import LEADER
from ledger.opening import Ledger
from schemas.lane import LaneLimits

LANE = "dashscope:wanx-v1@default"
EXAMPLES = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

asks = st.tuples(st.sampled_from("abc"), st.sampled_from(["ask", "ask", "its term ends"]))
limits = st.builds(
    LaneLimits,
    rate_per_s=st.floats(1e-3, 1e4),
    burst=st.integers(1, 50),
    window=st.integers(1, 1000),
)


@EXAMPLES
@given(st.lists(asks, max_size=25))
def test_at_every_moment_at_most_one_leads(ledger: Ledger, calls: list[tuple[str, str]]) -> None:
    ledger.client.flushall()
    leader = None
    for name, what in calls:
        if what == "its term ends":
            ledger.client.delete(LEADER)
            leader = None
            continue
        leads = ledger.fleet.lead(name, term_s=60)
        assert leads == (leader in (None, name))
        leader = name if leads else leader
        assert ledger.client.get(LEADER) == leader
        assert 0 < ledger.client.pttl(LEADER) <= 60_000


@EXAMPLES
@given(st.lists(st.tuples(limits, st.booleans()), min_size=1, max_size=12))
def test_settings_never_overwrite_what_somebody_pinned(
    ledger: Ledger, calls: list[tuple[LaneLimits, bool]]
) -> None:
    ledger.client.flushall()
    current: LaneLimits | None = None
    pinned = False
    for wanted, pin in calls:
        written = ledger.lanes.open(LANE, wanted, pin=pin)
        assert written == (pin or not pinned)
        pinned = pinned or pin
        current = wanted if written else current
        status = ledger.lanes.status(LANE)
        assert status is not None
        assert status.limits == current

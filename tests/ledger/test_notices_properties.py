"""Any sequence of posts, tries and deaths: nothing is lost, nothing is told under two ids."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.keys import NOTICES, notice_keys
from ledger.notices import Posted
from ledger.opening import Ledger
from schemas.notify import Event, Occasion

BATCH = "night"
OCCASIONS = st.sampled_from(
    [Occasion(Event.FIRST_FAILURE), *(Occasion(Event.FINISHED, n) for n in "12")]
)
FAR_S = 600.0


class NoticeMachine(RuleBasedStateMachine):
    """Several senders, of which any may die with notices in hand, or be very late."""

    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.ledger.client.flushall()
        self.count = 0
        self.told: dict[Occasion, str] = {}
        self.open: set[str] = set()
        """Posted, and neither delivered nor given up."""
        self.hands: list[Posted] = []
        """Whatever anybody ever took, and may still say something of."""

    @rule(occasion=OCCASIONS)
    def post(self, occasion: Occasion) -> None:
        self.count += 1
        posted = self.ledger.notices.post(BATCH, occasion, f"evt_{self.count}", "{}")
        assert posted == (occasion not in self.told)
        if posted:
            self.told[occasion] = f"evt_{self.count}"
            self.open.add(f"evt_{self.count}")

    @rule()
    def the_dispatcher_looks(self) -> None:
        self.ledger.notices.due(FAR_S)

    @rule()
    def take(self) -> None:
        found = self.ledger.notices.take(BATCH, FAR_S)
        assert {one.id for one in found} <= self.open
        self.hands += found

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), why=st.sampled_from(["", "given up"]))
    def end(self, data: st.DataObject, why: str) -> None:
        notice = data.draw(st.sampled_from(self.hands))
        assert self.ledger.notices.end(BATCH, notice, why) == (notice.id in self.open)
        self.open.discard(notice.id)

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), delay_s=st.sampled_from([0.0, FAR_S]))
    def put_off(self, data: st.DataObject, delay_s: float) -> None:
        notice = data.draw(st.sampled_from(self.hands))
        put_off = self.ledger.notices.put_off(BATCH, notice, "away", delay_s)
        assert put_off == (notice.id in self.open)

    @rule(in_between=st.booleans())
    def rest(self, in_between: bool) -> None:
        """With a look of the dispatcher's between the sender's question and its answer, or without."""
        booked = self.ledger.notices.booked(BATCH)
        if in_between:
            self.ledger.notices.due(FAR_S)
        self.ledger.notices.rest(BATCH, booked)

    @rule()
    def leases_run_out(self) -> None:
        client, due = self.ledger.client, notice_keys(BATCH).due
        for key in (due, NOTICES):
            for name in client.zrange(key, 0, -1):
                client.zadd(key, {str(name): 1}, xx=True)

    @invariant()
    def what_is_open_will_be_sent_and_nothing_else(self) -> None:
        client, keys = self.ledger.client, notice_keys(BATCH)
        assert set(client.zrange(keys.due, 0, -1)) == self.open
        assert client.hgetall(keys.told) == {str(o): id_ for o, id_ in self.told.items()}
        if self.open:
            assert client.zscore(NOTICES, BATCH) is not None, "somebody looks"


def test_any_sequence_of_calls(ledger: Ledger) -> None:
    machine = type("Machine", (NoticeMachine,), {"ledger": ledger})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=40, stateful_step_count=40, deadline=None)
    )

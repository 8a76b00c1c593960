"""A Redis Cluster can hold the ledger: every script runs on a cluster-enabled server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.errors import LedgerBroken
from ledger.keys import LaneKeys
from ledger.opening import Ledger
from ledger.scripts import Call, Scripts
from tests.house.packages import ROOT
from tests.ledger import test_access_token
from tests.ledger.leftovers import assert_keys_accounted_for
from tests.ledger.slots import OneSlotScripts, StrictScripts, strict_ledger
from tests.receiver import receiving
from tests.steps import (
    test_breaker,
    test_budget,
    test_cancel,
    test_daily_cap,
    test_dispatcher_run,
    test_diverting,
    test_heartbeat,
    test_hours,
    test_look,
    test_priorities,
    test_reconcile,
    test_reconcile_lists,
    test_rerolling,
    test_reuse_finished,
    test_rounds,
    test_submit_answers,
    test_telling_again,
    test_top_up,
    test_whole_batch,
)
from tests.steps.mill import LANE, Mill, job
from tests.steps.nights import night, rows
from tests.submission import test_beat
from tests.valkey import run_cluster

SCRIPTS = {path.stem for path in (ROOT / "ledger").glob("*.lua")}


def a_breaker(mill: Mill) -> None:
    mill.hand_in([job(f"SKU-{i:02}") for i in range(test_breaker.JOBS)])
    test_breaker.test_an_order_that_is_taken_closes_it(mill)


def a_daily_cap(mill: Mill) -> None:
    mill.configure(daily_cap="0.32CNY")
    test_daily_cap.test_beyond_it_the_lane_waits_and_says_why(mill)


def a_shared_access_token(mill: Mill) -> None:
    test_access_token.test_a_renewed_token_is_everybodys(test_access_token.InLedger(mill.ledger))


def a_notice_put_off_and_delivered(mill: Mill) -> None:
    with receiving() as receiver:
        test_telling_again.test_who_is_away_is_told_later_under_the_same_id(mill, receiver)


def a_night(mill: Mill) -> None:
    test_beat.test_a_night_is_handed_in_at_its_time(mill.ledger, test_beat.Readings())


def an_account_that_fails(mill: Mill) -> None:
    mill.use(test_diverting.SPREAD)
    test_diverting.test_what_is_at_the_provider_is_fetched_from_there(mill)


def an_upgrade_and_a_forgotten_batch(mill: Mill) -> None:
    mill.ledger.version.admit()
    night(mill, "monday", rows("MON-1"))
    (batch,) = mill.ledger.retention.batches()
    assert mill.ledger.retention.forget(batch)


LIVES: list[Callable[[Mill], None]] = [
    test_whole_batch.test_a_batch_over_two_lanes_goes_all_the_way,
    test_rounds.test_an_announced_round_is_handed_in_by_whoever_looks,
    test_rounds.test_a_round_that_is_withdrawn_leaves_what_there_was,
    test_rerolling.test_a_blank_picture_is_ordered_anew_and_replaced,
    test_reuse_finished.test_a_batch_that_was_rerolled_costs_nothing_the_next_night,
    test_cancel.test_rows_that_wait_are_withdrawn,
    test_cancel.test_a_batch_that_was_paused_goes_on,
    test_cancel.test_a_task_that_waits_at_the_provider_is_cancelled_there,
    test_budget.test_what_a_failed_task_gives_back_is_spent_on_another,
    test_budget.test_a_parked_batch_can_be_cancelled,
    test_priorities.test_a_batch_is_made_urgent_while_it_waits_and_stays_so,
    test_submit_answers.test_too_many_requests_slow_the_lane_and_cost_nothing,
    test_submit_answers.test_an_order_that_came_too_soon_keeps_the_lane_at_its_rate,
    test_reconcile.test_the_only_task_of_an_exclusive_account_is_adopted,
    test_reconcile_lists.test_too_many_questions_pause_the_account_and_conclude_nothing,
    test_reconcile_lists.test_orders_so_many_that_tickets_were_forgotten_leave_it_to_a_person,
    test_top_up.test_only_what_is_missing_is_ordered_and_stored,
    test_look.test_every_picture_costs_one_query_of_its_own,
    test_heartbeat.test_a_held_claim_is_renewed_and_a_released_one_is_not,
    test_dispatcher_run.test_the_leader_ticks_and_the_other_stands_by,
    test_hours.test_within_it_is_let_go_and_worked_off,
    a_night,
    a_breaker,
    a_daily_cap,
    a_shared_access_token,
    a_notice_put_off_and_delivered,
    an_account_that_fails,
    an_upgrade_and_a_forgotten_batch,
]
"""What happens to batches, as other tests have it."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, StrictScripts]]:
    with (
        run_cluster(tmp_path_factory.mktemp("cluster")) as server,
        strict_ledger(server.url) as opened,
    ):
        yield opened


def test_every_script_runs_in_one_slot(
    cluster: tuple[Ledger, StrictScripts], tmp_path: Path
) -> None:
    """A script that is new needs a life above in which it runs."""
    ledger, scripts = cluster
    for number, live in enumerate(LIVES):
        ledger.client.flushall()
        live(Mill(ledger, tmp_path / str(number)))
        assert_keys_accounted_for(ledger)
    assert sorted(SCRIPTS - scripts.ran) == []


def test_a_call_of_two_slots_is_noticed(cluster: tuple[Ledger, StrictScripts]) -> None:
    """By the server, and on a server without slots by OneSlotScripts."""
    client = cluster[0].client
    one, other = LaneKeys("one"), LaneKeys("other")
    call = Call("take_chores", [one.chores, other.agenda], [1, 1])
    with pytest.raises(LedgerBroken, match="same slot"):
        Scripts(client).run(call)
    with pytest.raises(AssertionError, match="take_chores needs two slots"):
        OneSlotScripts(client).run(call)


def test_a_key_that_a_script_makes_in_another_slot_is_noticed(
    cluster: tuple[Ledger, StrictScripts],
) -> None:
    ledger, scripts = cluster
    ledger.client.flushall()
    here, elsewhere = LaneKeys(LANE), LaneKeys("elsewhere")
    ledger.client.zadd(here.agenda, {"night/a": 1})
    names = [here.agenda, here.turns, here.tally, here.holds]
    prefixes = [elsewhere.job_prefix, here.counts_prefix, here.ready_prefix]
    call = Call("take_due", names, [*prefixes, 1000, 1])
    with pytest.raises(LedgerBroken, match="same slot"):
        scripts.run(call)
    assert Scripts(ledger.client).run(call) == [], "the server lets it pass unless told to watch"

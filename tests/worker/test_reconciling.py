"""Orders whose answer was lost, case by case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.policy.reconciling import (
    LIST_LAG_S,
    MARGIN_S,
    SLOWEST_ANSWER_S,
    Absent,
    Adopt,
    Ask,
    Echo,
    Listing,
    Look,
    LookLater,
    NotYet,
    Silent,
    Undecided,
    Unsettled,
    Verdict,
    clock_skew_s,
    reconcile,
)
from worker.providers.port import ListedTask

AT_S = 1_795_193_970.0
CAT = "a cat with a straw hat"
DOG = "a dog with a bowler hat"
OURS = Unsettled("night/SKU-1", CAT, AT_S, AT_S + 2)
RIVAL = Unsettled("night/SKU-2", DOG, AT_S + 1, AT_S + 3)
NOBODY: tuple[Unsettled, ...] = ()
STRAYS = {"t-1": 1.0, "t-2": 1.5, "t-3": 2.0}


def listing(tasks: Mapping[str, float], skew_s: float | None = 0.0) -> Listing:
    """Tasks by the seconds after AT_S (our clock) in which they were created."""
    shift_s = AT_S + (skew_s or 0.0)
    return Listing(
        tuple(ListedTask(ticket, shift_s + at_s) for ticket, at_s in tasks.items()),
        start_s=shift_s - 600,
        end_s=shift_s + 600,
        asked_s=AT_S + 60,
        skew_s=skew_s,
    )


def verdict(
    tasks: Mapping[str, float],
    looks: Mapping[str, Look] | None = None,
    others: tuple[Unsettled, ...] = NOBODY,
    *,
    exclusive: bool = False,
    ours: Unsettled = OURS,
) -> Verdict:
    return reconcile(ours, others, listing(tasks), {"t-known"}, looks or {}, exclusive=exclusive)


# Which tasks count.


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize(
    "tasks",
    [
        {},
        {"t-known": 1.0},
        {"t-1": -MARGIN_S - 0.1},
        {"t-1": 2 + MARGIN_S + 0.1},
    ],
)
def test_no_task_of_that_moment_means_that_it_never_arrived(
    tasks: Mapping[str, float], exclusive: bool
) -> None:
    assert verdict(tasks, exclusive=exclusive) == Absent()


@pytest.mark.parametrize("at_s", [-MARGIN_S, 0.0, 1.0, 2 + MARGIN_S])
@pytest.mark.parametrize("skew_s", [-90.0, 0.0, 90.0])
def test_tasks_are_matched_on_our_clock(at_s: float, skew_s: float) -> None:
    found = reconcile(OURS, (), listing({"t-1": at_s}, skew_s), (), {}, exclusive=False)
    assert found == Ask(("t-1",))


def test_all_that_were_not_looked_at_are_asked_at_once_and_each_once() -> None:
    twice = listing(STRAYS)
    twice = replace(twice, tasks=(*twice.tasks, *twice.tasks))
    found = reconcile(OURS, (), twice, {"t-3"}, {"t-2": NotYet()}, exclusive=False)
    assert found == Ask(("t-1",))


@given(
    asked_s=st.floats(0, 1e9),
    took_s=st.floats(0, SLOWEST_ANSWER_S - 0.001),
    at=st.floats(0, 1),
    true_s=st.floats(-1000, 1000),
)
def test_clocks_are_compared_within_the_margin(
    asked_s: float, took_s: float, at: float, true_s: float
) -> None:
    told_s = math.floor(asked_s + took_s * at + true_s)
    found_s = clock_skew_s(told_s, asked_s, asked_s + took_s)
    assert found_s is not None
    assert abs(found_s - true_s) < MARGIN_S - 1


@pytest.mark.parametrize("took_s", [SLOWEST_ANSWER_S + 0.1, 60.0, -1.0])
def test_an_answer_that_took_too_long_tells_no_time(took_s: float) -> None:
    assert clock_skew_s(AT_S, AT_S, AT_S + took_s) is None


# A list that proves nothing.


def test_a_list_asked_for_too_soon_proves_nothing() -> None:
    fresh = replace(listing({}), asked_s=OURS.sent_until_s + LIST_LAG_S - 0.1)
    assert reconcile(OURS, (), fresh, (), {}, exclusive=True) == LookLater()
    ripe = replace(fresh, asked_s=OURS.sent_until_s + LIST_LAG_S)
    assert reconcile(OURS, (), ripe, (), {}, exclusive=True) == Absent()


@pytest.mark.parametrize(
    "unfit",
    [
        listing({}, skew_s=None),
        replace(listing({}), start_s=AT_S - MARGIN_S + 0.1),
        replace(listing({}), end_s=AT_S + 2 + MARGIN_S - 0.1),
        replace(listing({}), skew_s=3600.0),
    ],
)
def test_a_list_of_another_time_decides_nothing(unfit: Listing) -> None:
    found = reconcile(OURS, (), unfit, (), {}, exclusive=True)
    assert isinstance(found, Undecided)
    assert "time" in found.why


# An account of our own.


def test_on_an_account_of_our_own_a_single_task_is_ours_unasked() -> None:
    assert verdict({"t-1": 1.0, "t-known": 1.5}, exclusive=True) == Adopt("t-1")


@pytest.mark.parametrize("look", [Silent(), NotYet(), Echo(CAT)])
def test_on_an_account_of_our_own_a_single_task_is_ours_whatever_it_says(look: Look) -> None:
    assert verdict({"t-1": 1.0}, {"t-1": look}, exclusive=True) == Adopt("t-1")


def test_on_an_account_said_to_be_our_own_a_strangers_task_is_not_taken() -> None:
    assert verdict({"t-1": 1.0}, {"t-1": Echo(DOG)}, exclusive=True) == Absent()


def test_two_tasks_for_one_order_mean_that_the_account_is_not_our_own() -> None:
    tasks = {"t-1": 1.0, "t-2": 1.5}
    assert verdict(tasks, exclusive=True) == Ask(("t-1", "t-2"))
    found = verdict(tasks, dict.fromkeys(tasks, Silent()), exclusive=True)
    assert isinstance(found, Undecided)


def test_a_rival_makes_a_single_task_doubtful() -> None:
    assert verdict({"t-1": 1.0}, others=(RIVAL,), exclusive=True) == Ask(("t-1",))
    found = verdict({"t-1": 1.0}, {"t-1": Silent()}, (RIVAL,), exclusive=True)
    assert isinstance(found, Undecided)


def test_an_order_that_cannot_be_that_task_is_no_rival() -> None:
    later = replace(RIVAL, sent_from_s=AT_S + 1 + 2 * MARGIN_S, sent_until_s=AT_S + 60)
    assert verdict({"t-1": 1.0}, others=(later,), exclusive=True) == Adopt("t-1")


def test_another_sending_of_the_same_row_is_no_rival() -> None:
    again = replace(OURS, sent_from_s=AT_S - 3)
    assert verdict({"t-1": 1.0}, others=(again, OURS), exclusive=True) == Adopt("t-1")


def test_what_is_left_when_every_rival_is_found_is_ours() -> None:
    looks: dict[str, Look] = {"t-1": Echo(DOG), "t-2": Silent()}
    tasks = {"t-1": 1.0, "t-2": 1.5}
    assert verdict(tasks, looks, (RIVAL,), exclusive=True) == Adopt("t-2")
    assert isinstance(verdict(tasks, looks, (RIVAL,)), Undecided)
    twin = replace(RIVAL, ref="night/SKU-3")
    assert isinstance(verdict(tasks, looks, (RIVAL, twin), exclusive=True), Undecided)
    third = replace(RIVAL, ref="night/SKU-3", prompt="a fox")
    assert isinstance(verdict(tasks, looks, (RIVAL, third), exclusive=True), Undecided)


# Any account, by the prompt.


@pytest.mark.parametrize("exclusive", [False, True])
def test_the_task_that_repeats_our_prompt_is_ours(exclusive: bool) -> None:
    looks: dict[str, Look] = {"t-1": Echo(DOG), "t-2": Echo(f" {CAT}\n"), "t-3": Silent()}
    assert verdict(STRAYS, looks, (RIVAL,), exclusive=exclusive) == Adopt("t-2")


def test_tasks_that_all_repeat_other_prompts_mean_that_it_never_arrived() -> None:
    looks = dict.fromkeys(STRAYS, Echo(DOG))
    assert verdict(STRAYS, looks) == Absent()


def test_a_task_that_still_runs_may_yet_say_whose_it_is() -> None:
    looks: dict[str, Look] = {"t-1": Echo(CAT), "t-2": Echo(DOG), "t-3": NotYet()}
    assert verdict(STRAYS, looks) == LookLater()
    assert verdict(STRAYS, looks | {"t-3": Silent()}) == Adopt("t-1")


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        (dict.fromkeys(STRAYS, Silent()), "3 tasks of that moment may be this order"),
        ({"t-1": Silent(), "t-2": Echo(DOG), "t-3": Echo(DOG)}, "1 task of that moment"),
        ({"t-1": Echo(CAT), "t-2": Echo(CAT), "t-3": Echo(DOG)}, "2 tasks of that moment draw"),
        ({"t-1": Echo(CAT.upper()), "t-2": Echo(DOG), "t-3": Echo(DOG)}, "1 task of that moment"),
        ({"t-1": Echo(""), "t-2": Echo(DOG), "t-3": Echo(DOG)}, "1 task of that moment"),
    ],
)
def test_what_is_not_proved_is_left_to_a_person(looks: dict[str, Look], words: str) -> None:
    found = verdict(STRAYS, looks)
    assert isinstance(found, Undecided)
    assert found.why.startswith(words)


def test_a_rival_with_the_same_prompt_leaves_it_to_a_person() -> None:
    looks = {"t-1": Echo(CAT)}
    found = verdict({"t-1": 1.0}, looks, (replace(RIVAL, prompt=CAT),))
    assert isinstance(found, Undecided)
    assert "another order" in found.why


LONG = "a very long story about a cat with a straw hat that "


@pytest.mark.parametrize(
    ("echo", "decided"),
    [
        (LONG, False),
        (LONG + "sails", False),
        (LONG + "sails home.", False),
        (LONG + "sails home", True),
        (LONG + "sails off", True),
        ("a very long story", True),
    ],
)
def test_a_prompt_cut_short_is_neither_ours_nor_anothers(echo: str, decided: bool) -> None:
    ours = replace(OURS, prompt=LONG + "sails home")
    found = verdict({"t-1": 1.0}, {"t-1": Echo(echo)}, ours=ours)
    assert isinstance(found, Adopt | Absent) is decided


def test_a_rival_whose_prompt_was_cut_to_ours_leaves_it_to_a_person() -> None:
    ours, rival = replace(OURS, prompt=LONG), replace(RIVAL, prompt=LONG + "sails home")
    found = verdict({"t-1": 1.0}, {"t-1": Echo(LONG)}, (rival,), ours=ours)
    assert isinstance(found, Undecided)

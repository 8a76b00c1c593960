"""When a part of the mill gets on, and when it does not."""

from __future__ import annotations

from producer.health import LATE_S, judge_fleet, judge_process


def test_a_process_gets_on_where_one_on_its_host_reported() -> None:
    assert judge_process("worker", "mill-1", ["mill-1-17", "mill-2-9"]).good
    assert "mill-1-17" in judge_process("worker", "mill-1", ["mill-1-17", "mill-2-9"]).found


def test_a_neighbour_with_a_longer_name_is_another() -> None:
    for names in ([], ["mill-2-9"], ["mill-1-b-9"], ["mill-11-9"]):
        health = judge_process("beat", "mill-1", names)
        assert not health.good
        assert health.found == "No beat on mill-1 has reported within ten seconds."


def test_a_fleet_gets_on_while_somebody_leads_in_time() -> None:
    assert judge_fleet("mill-1-17", {"mill-1-17": 32}, LATE_S).good
    assert not judge_fleet("mill-1-17", {}, 0.0).good
    assert not judge_fleet(None, {"mill-1-17": 32}, 0.0).good
    late = judge_fleet("mill-1-17", {"mill-1-17": 32}, LATE_S + 1)
    assert (late.good, "31 s" in late.found) == (False, True)

"""Rounds of a batch: the first is its manifest, each further one runs jobs again."""

from __future__ import annotations

from ledger.keys import LaneKeys, batch_record
from ledger.scripts import Argument, Call
from schemas.batch import LaneRound, Round


def reopen(batch: str, round_: Round, finished_at: str) -> Call:
    """Announce a round of a batch that is finished since `finished_at`."""
    args: list[Argument] = [finished_at, round_.number, round_.model_dump_json()]
    return Call("reopen_batch", [batch_record(batch)], args)


def follow(batch: str, round_: Round, ended: int) -> Call:
    """Announce a round of a batch whose round `ended` has come to its end, unfinished."""
    args: list[Argument] = [ended, round_.number, round_.model_dump_json()]
    return Call("follow_round", [batch_record(batch)], args)


def start(batch: str, number: int) -> Call:
    """All chunks of a round are handed in."""
    return Call("start_batch", [batch_record(batch)], [number])


def finish(batch: str, number: int, finished_at: str) -> Call:
    """A round's tables are written."""
    return Call("finish_batch", [batch_record(batch)], [number, finished_at])


def hand_in_round(lane: str, batch: str, number: int, part: LaneRound) -> Call:
    """Put one lane's part of a round into its backlog."""
    keys = LaneKeys(lane)
    args: list[Argument] = [
        batch, keys.backlog_prefix, number, len(part.chunks), part.images, part.cost_micro,
        part.possible_double_charges, part.reused, *map(str, part.chunks),
    ]  # fmt: skip
    for state, jobs in part.states.items():
        args += [state, jobs]
    names = [keys.waiting(batch), keys.tally, keys.counts(batch), keys.holds]
    return Call("hand_in_round", names, args)

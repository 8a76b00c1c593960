"""Every Redis key's name. A lane's keys share one hash tag, so one script may touch them all.

Every key is in one of three classes: `PERMANENT`, `IN_MOTION` or `EXPIRING`; a test finds any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

PREFIX = "mill"
BROKER_PREFIX = f"{PREFIX}:broker:"
"""What Celery's transport puts before its own keys."""

_FLEET = f"{PREFIX}:{{fleet}}"

LANES = f"{_FLEET}:lanes"
"""Sorted set lane -> time (ms) of its next moment; a lane with nothing to do is not in it."""
KNOWN_LANES = f"{_FLEET}:known-lanes"
"""Set of all lanes anybody ever opened."""
BATCHES = f"{_FLEET}:batches"
"""Sorted set batch -> time (ms) it was made."""
BATCH_AGENDA = f"{_FLEET}:batch-agenda"
"""Sorted set batch -> time (ms) somebody looks whether it is finished."""
NOTICES = f"{_FLEET}:notices"
"""Sorted set batch -> time (ms) somebody looks whether it has something to tell."""
LEADER = f"{_FLEET}:leader"
"""The dispatcher that leads; expires."""
VERSION = f"{_FLEET}:version"
"""String: the version of the records here; see ledger/version.py."""
WORKERS = f"{_FLEET}:workers"
"""Sorted set `name|threads` -> time (ms) until which the worker counts as alive."""
LONG_THREADS = f"{_FLEET}:long-threads"
"""Sorted set `name|threads` -> time (ms), as WORKERS: threads that may be kept by long calls."""
BEATS = f"{_FLEET}:beats"
"""Sorted set name -> time (ms) until which a process that fires schedules and reads counts as alive."""
SCHEDULES = f"{_FLEET}:schedules"
"""Sorted set schedule -> time (ms) somebody looks whether it is due."""
INTAKES = f"{_FLEET}:intakes"
"""Sorted set intake -> time (ms) somebody reads it, or looks whether it can be read."""
HOURS = f"{_FLEET}:hours"
"""Sorted set batch -> time (ms) somebody looks whether it may order at this hour."""


def batch_record(batch: str) -> str:
    """Hash {state, document, started_at, finished_at, rounds, round, round_number, transfers, priority};
    the last where it was changed since the batch was handed in."""
    return f"{PREFIX}:{{batch/{batch}}}:record"


def batch_closing(batch: str) -> str:
    """String: somebody writes the batch's tables just now; expires."""
    return f"{PREFIX}:{{batch/{batch}}}:closing"


class NoticeKeys(NamedTuple):
    """The keys of what there is to tell of a batch."""

    told: str
    """Hash occasion -> id of the notice that tells of it."""
    untold: str
    """Hash occasion -> why nobody could be told of it yet, or ever."""
    due: str
    """Sorted set notice -> time (ms) of its next try; expires."""
    notice_prefix: str

    def notice(self, id_: str) -> str:
        """Hash {occasion, document, tries, posted_ms} of one that nobody took yet; expires."""
        return f"{self.notice_prefix}{id_}"


def notice_keys(batch: str) -> NoticeKeys:
    """The keys of a batch's notices."""
    tag = f"{PREFIX}:{{batch/{batch}}}"
    return NoticeKeys(f"{tag}:told", f"{tag}:untold", f"{tag}:due", f"{tag}:notice:")


def schedule_record(schedule: str) -> str:
    """Hash {document, next_ms}: a schedule, and when it is due next."""
    return f"{PREFIX}:{{schedule/{schedule}}}:record"


def schedule_runs(schedule: str) -> str:
    """Sorted set intake -> time (ms) it was planned for: a schedule's nights."""
    return f"{PREFIX}:{{schedule/{schedule}}}:runs"


def intake_record(intake: str) -> str:
    """Hash {document, copy, first_ms, tries, rows, reads, note, end}; expires."""
    return f"{PREFIX}:{{intake/{intake}}}:record"


def batch_keys(batch: str, currencies: Iterable[str]) -> list[str]:
    """All keys in a batch's own slot that do not go by themselves, its record first."""
    notices = notice_keys(batch)
    purses = [key for currency in currencies for key in batch_purse_keys(batch, currency)]
    return [batch_record(batch), batch_closing(batch), *notices[:3], *purses]


def query_bucket(provider: str, account: str) -> str:
    """Hash, as a lane's bucket, of an account's task queries; expires."""
    return f"{PREFIX}:{{account/{provider}/{account}}}:queries"


def query_departures(provider: str, account: str) -> str:
    """Sorted set, as a lane's departures, of an account's task queries; expires."""
    return f"{PREFIX}:{{account/{provider}/{account}}}:query-departures"


def access_token_keys(provider: str, account: str) -> tuple[str, str]:
    """Strings: the token in use, and that somebody fetches one just now; both expire."""
    tag = f"{PREFIX}:{{account/{provider}/{account}}}"
    return f"{tag}:access-token", f"{tag}:fetching-token"


class PurseKeys(NamedTuple):
    """The keys of one purse."""

    purse: str
    """Hash {limit, spent, reserved, day}; limit a batch's only, day an account's only."""
    reservations: str
    """Hash ref -> millionths set aside."""
    refused: str
    """Set of refs that were refused and have not come back."""


def batch_purse_keys(batch: str, currency: str) -> PurseKeys:
    """A batch's purse in one currency."""
    return _purse_keys(f"{PREFIX}:{{batch/{batch}}}", currency)


def account_purse_keys(provider: str, account: str, currency: str) -> PurseKeys:
    """An account's purse in one currency; expires."""
    return _purse_keys(f"{PREFIX}:{{account/{provider}/{account}}}", currency)


def _purse_keys(tag: str, currency: str) -> PurseKeys:
    return PurseKeys(*(f"{tag}:{name}:{currency}" for name in PurseKeys._fields))


class ProviderKeys:
    """A lane's keys of what it knows of its provider, and has there."""

    def __init__(self, tag: str) -> None:
        self.tickets = f"{tag}:tickets"
        """Sorted set ticket -> time (ms) it was recorded; expires."""
        self.unsettled = f"{tag}:unsettled"
        """Hash job -> when its order left and for what, of orders nobody knows the answer to;
        expires."""
        self.bucket = f"{tag}:bucket"
        """Hash of what ledger/bucket.py says; expires."""
        self.departures = f"{tag}:departures"
        """Sorted set order -> time (us) at which it leaves, or left; expires."""
        self.learned = f"{tag}:learned"
        """List of the last generation times, in seconds."""
        self.looks = f"{tag}:looks"
        """Hash {trusted_until_ms, not_before_ms, looked_ms, skew_ms, false_alarms, missed} of the looks
        at the provider's task list; expires."""
        self.trouble = f"{tag}:trouble"
        """String: why the provider could not even be asked; expires."""


class LaneKeys(ProviderKeys):
    """The keys of one lane."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self._tag = f"{PREFIX}:{{{lane}}}"
        super().__init__(self._tag)
        self.config = f"{self._tag}:config"
        """Hash {rate, burst, window, pinned, stopped, fault, leaving, stops, unlisted}; stops: how
        often it was stopped."""
        self.turns = f"{self._tag}:turns"
        """Sorted set batch -> virtual time of its next job: batches that have jobs ready and are
        not held. Where it begins and what a job takes: see ledger/turns.py."""
        self.loading = f"{self._tag}:loading"
        """Hash chunk -> its batch's stride: chunks that are being loaded."""
        self.agenda = f"{self._tag}:agenda"
        """Sorted set job -> time (ms) of its next moment."""
        self.window = f"{self._tag}:window"
        """Set of jobs in play."""
        self.chores = f"{self._tag}:chores"
        """Sorted set chore -> time (ms) it is due: load:CHUNK, seal:CHUNK, withdraw:CHUNK, or
        look."""
        self.holds = f"{self._tag}:holds"
        """Hash reason:batch -> 1: batches of which nothing is ordered; see schemas.batch.Hold."""
        self.transfers = f"{self._tag}:transfers"
        """Hash batch -> what is on its way to another lane; see ledger/transfers.py."""
        self.tally = f"{self._tag}:tally"
        """Hash of counts: jobs by state, submits, throttled, faults, probes, the present virtual
        time (turn), and from when on `tickets` is complete (tickets_from_ms)."""
        self.ready_prefix = f"{self._tag}:ready:"
        self.waiting_prefix = f"{self._tag}:waiting:"
        self.backlog_prefix = f"{self._tag}:backlog:"
        self.job_prefix = f"{self._tag}:job:"
        self.counts_prefix = f"{self._tag}:counts:"
        self.chunk_prefix = f"{self._tag}:chunk:"

    def job(self, ref: str) -> str:
        """Hash: one job's record, from loading to sealing."""
        return f"{self.job_prefix}{ref}"

    def ready(self, batch: str) -> str:
        """List of a batch's jobs that wait for a place in the window."""
        return f"{self.ready_prefix}{batch}"

    def waiting(self, batch: str) -> str:
        """List of a batch's chunks not loaded yet."""
        return f"{self.waiting_prefix}{batch}"

    def backlog(self, stride: str) -> str:
        """Sorted set batch -> virtual time until which its ready jobs last, if not longer: batches
        of one stride that have chunks waiting and are not held."""
        return f"{self.backlog_prefix}{stride}"

    def counts(self, batch: str) -> str:
        """Hash: one batch's figures in this lane; its stride, the virtual time of its next job
        (turn), the first of its jobs that did not come whole (first_failure), the numbers of the last
        transfers (transfer, from:LANE), and whether more are to follow (leaving: 1 or 0 @ stops)."""
        return f"{self.counts_prefix}{batch}"

    def chunk(self, chunk: str) -> str:
        """Hash {size, ended, loaded, gone} of a chunk in motion; gone: jobs other lanes have."""
        return f"{self.chunk_prefix}{chunk}"


_LANE_TAG = r"mill:\{[^}]+\}"
PERMANENT = re.compile(
    rf"mill:\{{fleet\}}:(lanes|known-lanes|batches|batch-agenda|notices|workers|long-threads|version|beats|schedules)"
    rf"|mill:\{{schedule/[^}}]+\}}:(record|runs)"
    rf"|mill:\{{batch/[^}}]+\}}:(record|told|untold|purse:.+)"
    rf"|{_LANE_TAG}:(config|tally|learned|counts:.+)"
)
"""Keys that stay, so that finished batches can be looked at."""

IN_MOTION = re.compile(
    rf"{_LANE_TAG}:(turns|loading|agenda|window|chores|holds|transfers|(ready|waiting|backlog|job|chunk):.+)"
    rf"|mill:\{{batch/[^}}]+\}}:(reservations|refused):.+"
    rf"|mill:\{{fleet\}}:(intakes|hours)"
)
"""Keys that live as long as jobs are in motion, and are gone when their batch is finished."""

EXPIRING = re.compile(
    rf"mill:\{{fleet\}}:leader|mill:\{{intake/[^}}]+\}}:record|mill:\{{batch/[^}}]+\}}:(closing|due|notice:.+)"
    rf"|mill:\{{account/[^}}]+\}}:(queries|query-departures|access-token|fetching-token|(purse|reservations|refused):.+)"
    rf"|{_LANE_TAG}:(bucket|departures|tickets|unsettled|looks|trouble)"
)
"""Keys that go by themselves."""

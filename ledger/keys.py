"""Every Redis key's name. A lane's keys share one hash tag, so one script may touch them all.

Keys without a TTL are on the permanent list (`PERMANENT`); a test finds any other.
"""

from __future__ import annotations

import re

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
LEADER = f"{_FLEET}:leader"
"""The dispatcher that leads; expires."""
WORKERS = f"{_FLEET}:workers"
"""Sorted set `name|threads` -> time (ms) until which the worker counts as alive."""


def batch_record(batch: str) -> str:
    """Hash {state, document, started_at, finished_at}."""
    return f"{PREFIX}:{{batch/{batch}}}:record"


def query_bucket(provider: str, account: str) -> str:
    """Hash {tat_us, cut, cut_until_us, closed_until_us} of an account's task queries; expires."""
    return f"{PREFIX}:{{account/{provider}/{account}}}:queries"


class LaneKeys:
    """The keys of one lane."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self._tag = f"{PREFIX}:{{{lane}}}"
        self.config = f"{self._tag}:config"
        """Hash {rate, burst, window, pinned, stopped}."""
        self.waiting = f"{self._tag}:waiting"
        """List of chunks not loaded yet."""
        self.ready = f"{self._tag}:ready"
        """List of jobs that wait for a place in the window."""
        self.agenda = f"{self._tag}:agenda"
        """Sorted set job -> time (ms) of its next moment."""
        self.window = f"{self._tag}:window"
        """Set of jobs in play."""
        self.chores = f"{self._tag}:chores"
        """Sorted set chore -> time (ms) it is due: load:CHUNK or seal:CHUNK."""
        self.tally = f"{self._tag}:tally"
        """Hash of counts: jobs by state, submits, throttled, loading."""
        self.bucket = f"{self._tag}:bucket"
        """Hash {tat_us, cut, cut_until_us, closed_until_us}; expires."""
        self.learned = f"{self._tag}:learned"
        """List of the last generation times, in seconds."""
        self.trouble = f"{self._tag}:trouble"
        """String: why the provider could not even be asked; expires."""
        self.job_prefix = f"{self._tag}:job:"
        self.counts_prefix = f"{self._tag}:counts:"
        self.chunk_prefix = f"{self._tag}:chunk:"

    def job(self, ref: str) -> str:
        """Hash: one job's record, from loading to sealing."""
        return f"{self.job_prefix}{ref}"

    def counts(self, batch: str) -> str:
        """Hash: one batch's figures in this lane."""
        return f"{self.counts_prefix}{batch}"

    def chunk(self, chunk: str) -> str:
        """Hash {size, ended, loaded} of a chunk in motion."""
        return f"{self.chunk_prefix}{chunk}"


_LANE_TAG = r"mill:\{[^}]+\}"
PERMANENT = re.compile(
    rf"mill:\{{fleet\}}:(lanes|known-lanes|batches|batch-agenda|workers)"
    rf"|mill:\{{batch/[^}}]+\}}:record"
    rf"|{_LANE_TAG}:(config|tally|learned|counts:.+)"
)
"""Keys that stay, so that finished batches can be looked at."""

IN_MOTION = re.compile(rf"{_LANE_TAG}:(waiting|ready|agenda|window|chores|job:.+|chunk:.+)")
"""Keys that live as long as jobs are in motion, and are gone when their batch is finished."""

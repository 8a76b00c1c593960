"""Puts the ledger together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import redis

from ledger.access_token import AccessToken
from ledger.batches import Batches
from ledger.bucket import Bucket, poll_bucket, submit_bucket
from ledger.connection import answers, connect
from ledger.fleet import Fleet
from ledger.hours import HoursIndex
from ledger.intakes import Intakes
from ledger.jobs import Jobs
from ledger.lanes import Lanes
from ledger.looks import LaneLooks
from ledger.notices import Notices
from ledger.patience import Patience
from ledger.purse import BatchPurse, Day, Purse, account_purse, batch_purse
from ledger.retention import Retention
from ledger.schedules import Schedules
from ledger.scripts import Scripts
from ledger.sentinel_address import SentinelAddress
from ledger.tickets import Tickets
from ledger.transfers import Transfers
from ledger.version import Version


@dataclass(frozen=True)
class Ledger:
    """The truth about everything that is in motion."""

    client: redis.Redis
    scripts: Scripts
    jobs: Jobs
    lanes: Lanes
    batches: Batches
    fleet: Fleet
    tickets: Tickets
    looks: LaneLooks
    notices: Notices
    transfers: Transfers
    version: Version
    retention: Retention
    patience: Patience = field(default_factory=Patience)

    def submit_bucket(self, lane: str) -> Bucket:
        """The bucket a lane's orders are paced by."""
        return submit_bucket(self.scripts, lane)

    def poll_bucket(self, provider: str, account: str) -> Bucket:
        """The bucket all task queries of an account are paced by."""
        return poll_bucket(self.scripts, provider, account)

    @property
    def schedules(self) -> Schedules:
        """What is handed in again and again."""
        return Schedules(self.client, self.scripts)

    @property
    def intakes(self) -> Intakes:
        """The manifests that the fleet is to read."""
        return Intakes(self.client, self.scripts)

    @property
    def hours(self) -> HoursIndex:
        """The batches that order at certain hours only."""
        return HoursIndex(self.client, self.scripts)

    def access_token(self, provider: str, account: str) -> AccessToken:
        """The access token all workers order with through an account."""
        return AccessToken(self.client, self.scripts, provider, account)

    def batch_purse(self, batch: str, currency: str) -> BatchPurse:
        """What a batch may spend in one currency."""
        return batch_purse(self.client, self.scripts, batch, currency)

    def account_purse(self, provider: str, account: str, currency: str, day: Day) -> Purse:
        """What an account may spend a day in one currency."""
        return account_purse(self.client, self.scripts, (provider, account), currency, day)

    def leave(self) -> None:
        """The process is to end: what the server does not answer within seconds is given up.

        Then every call raises LedgerUnreachable, those on their way too. A signal's handler may call it.
        """
        self.patience.leave()

    def close(self) -> None:
        """Give back connections."""
        self.patience.close()
        self.client.close()
        self.client.connection_pool.disconnect()


def open_ledger(url: str, *, threads: int = 8, patient: bool = True) -> Ledger:
    """The ledger on a Redis server; nothing is sent yet."""
    patience = Patience(lambda: answers(url))
    client = connect(url, threads=threads, patient=patient, patience=patience)
    # Sentinels make a replica the leader, and what it had not yet is gone.
    copies = 0 if SentinelAddress.parse(url) is None else 1
    return replace(ledger_on(client, Scripts(client, copies=copies)), patience=patience)


def ledger_on(client: redis.Redis, scripts: Scripts) -> Ledger:
    """The ledger on a connection that is there, with the scripts that run on it."""
    return Ledger(
        client=client,
        scripts=scripts,
        jobs=Jobs(client, scripts),
        lanes=Lanes(client, scripts),
        batches=Batches(client, scripts),
        fleet=Fleet(client, scripts),
        tickets=Tickets(client, scripts),
        looks=LaneLooks(client, scripts),
        notices=Notices(client, scripts),
        transfers=Transfers(client, scripts),
        version=Version(client, scripts),
        retention=Retention(client, scripts),
    )

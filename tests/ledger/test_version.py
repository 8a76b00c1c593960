"""Who may read and write the ledger's records."""

from __future__ import annotations

import pytest

from ledger.errors import LedgerNewer
from ledger.keys import VERSION
from ledger.opening import Ledger
from ledger.version import LEDGER_VERSION, UNMARKED

NEWER = LEDGER_VERSION + 1


def test_records_that_say_nothing_are_the_first_releases(ledger: Ledger) -> None:
    assert ledger.client.get(VERSION) is None
    ledger.version.check()
    assert UNMARKED <= LEDGER_VERSION


def test_a_worker_says_what_it_writes(ledger: Ledger) -> None:
    ledger.version.admit()
    assert ledger.client.get(VERSION) == str(LEDGER_VERSION)
    ledger.version.check()
    assert ledger.fleet.report_in("w", 1) == LEDGER_VERSION


def test_a_newer_worker_shuts_older_ones_out(ledger: Ledger) -> None:
    ledger.version.admit()
    ledger.version.admit(NEWER)
    with pytest.raises(LedgerNewer, match=f"version {NEWER}.*up to {LEDGER_VERSION}"):
        ledger.version.check()
    with pytest.raises(LedgerNewer):
        ledger.version.admit()
    assert ledger.client.get(VERSION) == str(NEWER), "an older worker does not take it back"
    assert ledger.fleet.report_in("w", 1) == NEWER


def test_a_worker_that_starts_again_changes_nothing(ledger: Ledger) -> None:
    ledger.version.admit(NEWER)
    ledger.version.admit(NEWER)
    assert ledger.client.get(VERSION) == str(NEWER)

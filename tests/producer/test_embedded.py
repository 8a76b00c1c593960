"""The embedded server's end is told with its reason, and not as an address that does not answer."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ledger.opening import open_ledger
from producer.embedded import ROOM_BYTES, EmbeddedServer, EmbeddedServerError, why_ended
from schemas.clock import SystemClock
from tests.waiting import wait_until

LOG = Path("out/.imagemill/valkey.log")
SAID = """\
8400:M 22 Nov 2026 08:21:44.058 * Ready to accept connections tcp
8400:M 22 Nov 2026 08:21:44.058 # Can't recover from AOF write error. Exiting...
8400:M 22 Nov 2026 08:21:44.059 * bye
"""


def test_its_last_word_of_warning_is_the_reason() -> None:
    why = why_ended(SAID, ROOM_BYTES, LOG)
    assert why == "Can't recover from AOF write error. Exiting; see out/.imagemill/valkey.log."


def test_a_full_disk_is_the_reason_whatever_it_said() -> None:
    why = why_ended(SAID, ROOM_BYTES - 1, LOG)
    assert why == "no room is left on the disk of out/.imagemill; free some."


def test_where_it_said_nothing_its_log_is_named() -> None:
    assert why_ended("", ROOM_BYTES, LOG) == "see out/.imagemill/valkey.log."


def test_a_server_that_ends_meanwhile_is_noticed(tmp_path: Path) -> None:
    server, clock = EmbeddedServer(tmp_path), SystemClock()
    ledger = open_ledger(server.start(clock).get_secret_value(), patient=False)
    try:
        process_id = int(ledger.fleet.server_info()["process_id"])
        server.check()
        os.kill(process_id, signal.SIGKILL)
        wait_until(lambda: server.running_url() is None, 20, "its end")
        with pytest.raises(EmbeddedServerError, match="The embedded server ended"):
            server.check()
    finally:
        ledger.close()
        server.stop(clock)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "data" / "appendonlydir" / "appendonly.aof.manifest").mkdir(parents=True)
    with pytest.raises(EmbeddedServerError, match=r"did not start: .*; see .*valkey\.log"):
        EmbeddedServer(tmp_path).start(SystemClock())

"""A process that is to end gives up a server that does not answer, and no other."""

from __future__ import annotations

import copy
import socket
import threading
from collections.abc import Iterator

import pytest
import redis

from ledger.connection import answers, connect
from ledger.patience import Patience
from tests.ports import free_ports
from tests.valkey import Valkey
from tests.waiting import wait_until

LONG_S = 30.0


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of somebody who takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


class Asking(threading.Thread):
    """Asks a server in a thread of its own; how that ended."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(daemon=True)
        self._client = client
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self._client.ping()
        except redis.RedisError as error:
            self.error = error

    def ended(self) -> Exception | None:
        self.join(LONG_S)
        assert not self.is_alive()
        return self.error


def test_what_waits_for_an_answer_is_given_up(mute: str) -> None:
    patience = Patience(lambda: answers(mute), give_up_s=0.1)
    waits = {"retry": patience.retry(3), "redis_connect_func": patience.greet}
    with redis.Redis.from_url(mute, socket_timeout=None, **waits) as client:  # it would for ever
        asking = Asking(client)
        asking.start()
        patience.leave()
        assert isinstance(asking.ended(), redis.ConnectionError)


def test_what_waits_between_two_tries_is_given_up() -> None:
    (port,) = free_ports(1)
    url = f"redis://127.0.0.1:{port}/0"
    patience = Patience(lambda: answers(url), give_up_s=0.1)
    asking = Asking(connect(url, patience=patience))
    asking.start()
    patience.leave()
    assert isinstance(asking.ended(), redis.ConnectionError)


def test_once_it_is_given_up_nobody_asks_it_until_it_answers(valkey: Valkey) -> None:
    said = [False]
    patience = Patience(lambda: said[0], give_up_s=0.0)
    client = connect(valkey.url, patience=patience)
    assert client.ping()
    patience.leave()
    wait_until(lambda: patience.ended, 10, "patience to end")
    with pytest.raises(redis.ConnectionError, match="this process is to end"):
        client.ping()
    said[0] = True
    wait_until(lambda: not patience.ended, 10, "it to be asked again")
    assert client.ping()
    client.connection_pool.disconnect()


def test_a_server_that_answers_is_asked_as_before(valkey: Valkey) -> None:
    seen = threading.Event()

    def asked() -> bool:
        seen.set()
        return answers(valkey.url)

    patience = Patience(asked, give_up_s=5.0)
    client = connect(valkey.url, patience=patience)
    patience.leave()
    assert seen.wait(10)
    assert client.ping()
    assert not patience.ended
    client.connection_pool.disconnect()


def test_whether_a_server_answers(valkey: Valkey, mute: str) -> None:
    (port,) = free_ports(1)
    assert answers(valkey.url)
    assert not answers(mute)
    assert not answers(f"redis://127.0.0.1:{port}/0")


def test_all_connections_share_it() -> None:
    patience = Patience()
    assert copy.deepcopy(patience) is patience

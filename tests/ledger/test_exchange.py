"""Commands and replies: in order, by many threads, over connections that break."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from ledger.connection import connect
from ledger.exchange import Exchange
from tests.valkey import Valkey


@pytest.fixture
def client(mortal: Valkey) -> Iterator[redis.Redis]:
    opened = connect(mortal.url)
    yield opened
    opened.connection_pool.disconnect()


def test_replies_come_in_order_and_an_error_is_one_of_them(client: redis.Redis) -> None:
    first, wrong, last = Exchange(client.connection_pool).send(
        [("SET", "杯", "茶"), ("HGET", "杯", "x"), ("GET", "杯")]
    )
    assert (first, last) == ("OK", "茶")
    assert isinstance(wrong, redis.ResponseError)


def test_many_threads_each_get_their_own(client: redis.Redis) -> None:
    exchange = Exchange(client.connection_pool)

    def echo(number: int) -> list[str]:
        return [*exchange.send([("ECHO", number), ("ECHO", -number)])]

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(echo, range(2000)))
    assert found == [[str(number), str(-number)] for number in range(2000)]
    assert len(client.client_list()) <= 17


def test_a_connection_that_died_is_made_anew(client: redis.Redis, mortal: Valkey) -> None:
    exchange = Exchange(client.connection_pool)
    exchange.send([("PING",)])
    mortal.kill()
    mortal.restart()
    assert exchange.send([("ECHO", "still there")]) == ["still there"]


def test_replies_nobody_waited_for_are_never_anothers(client: redis.Redis) -> None:
    """A thread that is interrupted between sending and reading leaves them on its connection."""

    class Interrupted(BaseException):
        pass

    class Broken(redis.Connection):
        def read_response(self, *args: object, **options: object) -> object:
            reply = super().read_response(*args, **options)
            if reply == "interrupt":
                raise Interrupted
            return reply

    client.connection_pool.connection_class = Broken
    exchange = Exchange(client.connection_pool)
    with pytest.raises(Interrupted):
        exchange.send([("ECHO", "interrupt"), ("ECHO", "left behind")])
    assert exchange.send([("ECHO", "mine")]) == ["mine"]


def test_a_server_that_is_away_is_told(mortal: Valkey) -> None:
    client = connect(mortal.url, patient=False)
    exchange = Exchange(client.connection_pool)
    mortal.kill()
    with pytest.raises(redis.ConnectionError):
        exchange.send([("PING",)])
    mortal.restart()
    assert exchange.send([("ECHO", "back")]) == ["back"]

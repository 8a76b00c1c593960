"""The ledger's server killed and started again while a worker is at a point: it goes on there."""

from __future__ import annotations

from pathlib import Path

import pytest
from kombu.common import ignore_errors

from schemas import queues
from tests.faults.points import LATE_POINTS, ONE_BY_ONE, PATIENCE_S, Action, Point
from tests.faults.scene import GENERATION_S, LONG_S, Scene
from tests.valkey import run_valkey
from worker.app import make_app
from worker.dispatcher import Message
from worker.publisher import Publisher

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.mark.parametrize("point", [*ONE_BY_ONE, *LATE_POINTS])
def test_the_server_killed(scene: Scene, point: Point) -> None:
    batch = f"restarted-{point}"
    workers = scene.staff(2)
    placed = scene.place(batch, point, Action.HOLD)
    scene.hand_in(batch, LONG_S if point is Point.BETWEEN_POLLS else GENERATION_S)
    placed.victim()

    scene.mill.valkey.kill()
    placed.let_go()
    scene.mill.valkey.restart()
    back_s = scene.now_s

    scene.judge(batch, back_s)
    assert scene.workers == workers


def test_a_broken_connection_with_a_message_in_hand_is_given_up(tmp_path: Path) -> None:
    """Celery closes it twice; an error that is none of the connection's would end the worker."""
    with run_valkey(tmp_path / "valkey") as server:
        app = make_app(server.url, threads=1)
        Publisher(app).publish([Message(queues.POLL, queues.step_task("poll"), ("lane", "ref", 1))])
        connection = app.connection_for_read()
        received: list[object] = []
        consumer = app.amqp.TaskConsumer(connection.default_channel)
        consumer.on_message = received.append
        consumer.consume()
        connection.drain_events(timeout=PATIENCE_S)
        app.amqp.TaskConsumer(connection.channel()).consume()  # a worker has several channels
        with pytest.raises(TimeoutError):  # all of them listen
            connection.drain_events(timeout=0.1)
        server.kill()

        connection.collect(socket_timeout=1)
        ignore_errors(connection, connection.close)

    assert len(received) == 1

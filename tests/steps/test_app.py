"""The Celery app: settings without which messages are lost or workers end."""

from __future__ import annotations

import pytest
from celery import Celery

from ledger.keys import BROKER_PREFIX
from schemas import queues
from worker.app import make_app


@pytest.fixture(scope="module")
def app() -> Celery:
    return make_app("redis://127.0.0.1:1/0", threads=8)


def test_every_queue_is_declared_and_no_other_is_made(app: Celery) -> None:
    assert [queue.name for queue in app.conf.task_queues] == list(queues.QUEUES)
    assert [queue.routing_key for queue in app.conf.task_queues] == list(queues.QUEUES)
    assert app.conf.task_create_missing_queues is False


def test_no_message_is_lent(app: Celery) -> None:
    assert all(queue.no_ack for queue in app.conf.task_queues)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("accept_content", ["json"]),
        ("task_serializer", "json"),
        ("task_acks_late", False),
        ("task_ignore_result", True),
        ("result_backend", None),
        ("worker_prefetch_multiplier", 1),
        ("worker_disable_prefetch", True),
        ("worker_cancel_long_running_tasks_on_connection_loss", False),
        ("broker_connection_max_retries", None),
        ("broker_connection_retry_on_startup", True),
        ("worker_hijack_root_logger", False),
    ],
)
def test_a_setting_that_was_measured_stays(app: Celery, setting: str, value: object) -> None:
    assert app.conf[setting] == value


def test_the_brokers_keys_are_ours(app: Celery) -> None:
    options = app.conf.broker_transport_options
    assert options["global_keyprefix"] == BROKER_PREFIX
    assert options["deadletter_queue"] == queues.UNROUTABLE
    assert options["socket_timeout"] > 0


def test_connections_grow_with_the_threads() -> None:
    few, many = (make_app("redis://127.0.0.1:1/0", threads) for threads in (2, 64))
    assert few.conf.broker_pool_limit < many.conf.broker_pool_limit
    assert many.conf.broker_transport_options["max_connections"] > 64


def test_behind_sentinels_each_is_named_with_the_servers_own_access() -> None:
    app = make_app("sentinel://u:p%40s@one:1,[::1]:2/mill/3?sentinel_password=w", 2)
    assert app.conf.broker_url == "sentinel://u:p%40s@one:1/3;sentinel://u:p%40s@[::1]:2/3"
    options = app.conf.broker_transport_options
    assert options["master_name"] == "mill"
    assert options["sentinel_kwargs"]["password"] == "w"
    assert options["global_keyprefix"] == BROKER_PREFIX
    assert not app.conf.broker_use_ssl
    assert "p@s" not in str(app.connection().as_uri())


def test_behind_sentinels_no_stranger_is_believed() -> None:
    app = make_app("sentinels://one/mill/0?ssl_ca_certs=/ca.pem", 2)
    for checked in (
        app.conf.broker_use_ssl,
        app.conf.broker_transport_options["sentinel_kwargs"],
    ):
        assert checked["ssl_cert_reqs"] == "required"
        assert checked["ssl_check_hostname"] is True
        assert checked["ssl_ca_certs"] == "/ca.pem"

"""The Celery application: transport settings that were measured, and nothing else."""

from __future__ import annotations

import ssl
from urllib.parse import quote

from celery import Celery
from kombu import Exchange, Queue

from ledger.keys import BROKER_PREFIX
from ledger.patience import Patience
from ledger.sentinel_address import SentinelAddress
from schemas import queues
from worker.broker import guard_broker


def make_app(redis_url: str, threads: int, patience: Patience | None = None) -> Celery:
    """The app on a broker. Messages carry ids only; leases, not the broker, bring work back.

    `patience`: the ledger's, which knows when the server is not waited for any more.
    """
    guard_broker()
    watched = SentinelAddress.parse(redis_url)
    broker_url = redis_url if watched is None else _sentinel_urls(watched)
    app = Celery(queues.APP, broker=broker_url, set_as_current=False)
    exchange = Exchange(queues.APP, type="direct")
    app.conf.update(
        task_queues=[
            # Taken, not lent: leases bring lost work back, and lending costs two transactions each.
            Queue(name, exchange, routing_key=name, no_ack=True)
            for name in queues.QUEUES
        ],
        task_default_queue=queues.CHORES,
        task_default_exchange=queues.APP,
        task_create_missing_queues=False,  # a misspelt queue must not swallow messages
        task_serializer="json",
        accept_content=["json"],  # pickle would let whoever writes to Redis run code here
        event_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=False,  # acknowledged on receipt: the ledger brings lost work back
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,  # never holds more messages than threads
        worker_disable_rate_limits=True,  # the bucket paces, for the whole fleet
        worker_eta_task_limit=10,  # a fuse: nothing here uses ETA
        worker_cancel_long_running_tasks_on_connection_loss=False,  # threads cannot be ended
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # never exit because Redis restarts
        broker_pool_limit=threads + 4,
        broker_transport_options=_transport(threads)
        | _watched_transport(watched)
        | {"patience": patience or Patience()},
        broker_use_ssl=_verified(redis_url) if watched is None else watched.tls,
        enable_utc=True,
        timezone="UTC",
    )
    return app


def _verified(redis_url: str) -> dict[str, object] | None:
    """Without it Celery would take any certificate, and hand its password to whoever shows one."""
    if not redis_url.startswith("rediss:"):
        return None
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}


def _sentinel_urls(watched: SentinelAddress) -> str:
    """As kombu wants it: an address for each sentinel, each with the server's own access."""
    access = ""
    if watched.password is not None:
        access = f"{quote(watched.username or '', safe='')}:{quote(watched.password, safe='')}@"
    return ";".join(
        f"sentinel://{access}{f'[{host}]' if ':' in host else host}:{port}/{watched.database}"
        for host, port in watched.hosts
    )


def _watched_transport(watched: SentinelAddress | None) -> dict[str, object]:
    if watched is None:
        return {}
    return {"master_name": watched.service, "sentinel_kwargs": watched.asking}


def _transport(threads: int) -> dict[str, object]:
    return {
        "global_keyprefix": BROKER_PREFIX,
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,  # looks every 5 s, where the default looks every 100 s
        "socket_timeout": 15,  # a publisher on a half-open socket would wait for ever
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "max_connections": threads + 16,
        "client_name": "imagemill-broker",
        "queue_order_strategy": "round_robin",
        # Messages have no priority, and each step would be one more list a queue to wait on.
        "priority_steps": [0],
        "deadletter_queue": queues.UNROUTABLE,  # instead of dropping what has no queue
    }

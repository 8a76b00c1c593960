"""Access tokens that expire and can be revoked, and signatures that are really checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from baidubce.auth.bce_credentials import BceCredentials
from baidubce.auth.bce_v1_signer import sign
from baidubce.utils import get_canonical_time

from schemas.clock import SystemClock
from tests.simulator.qianfan_orders import CAT, PATH, ask_token, good, refused, token
from tests.simulator.running import RunningSimulator


def ordered(simulator: RunningSimulator, access_token: str) -> httpx2.Response:
    return simulator.anonymous.post(PATH, params={"access_token": access_token}, json=CAT)


def test_a_token_is_handed_out_with_its_life(simulator: RunningSimulator) -> None:
    document = ask_token(simulator).json()

    assert document["expires_in"] == 2592000
    assert document["access_token"].startswith("24.")
    good(ordered(simulator, document["access_token"]))
    asked = {"grant_type": "client_credentials", "client_id": "ak", "client_secret": "sk"}
    assert simulator.anonymous.get("/oauth/2.0/token", params=asked).status_code == 200
    assert simulator.anonymous.post("/oauth/2.0/token", data=asked).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": ""}, "unknown client id"),
        ({"client_id": "wrong-ak"}, "unknown client id"),
        ({"client_secret": ""}, "Client authentication failed"),
        ({"client_secret": "wrong"}, "Client authentication failed"),
    ],
)
def test_wrong_credentials_get_no_token(
    simulator: RunningSimulator, changes: dict[str, str], error: str
) -> None:
    answer = ask_token(simulator, **changes)

    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "error_description": error}


def test_another_grant_type_gets_no_token(simulator: RunningSimulator) -> None:
    answer = ask_token(simulator, grant_type="password")
    assert answer.json()["error"] == "unsupported_grant_type"


def test_a_token_expires(simulator: RunningSimulator) -> None:
    old = token(simulator)
    good(ordered(simulator, old))
    simulator.configure(token_ttl_s=0)
    refused(ordered(simulator, old), 111)
    simulator.configure(token_ttl_s=60)
    good(ordered(simulator, old))


def test_tokens_are_revoked_by_a_new_era(simulator: RunningSimulator) -> None:
    old = token(simulator)
    simulator.configure(token_era=2)

    refused(ordered(simulator, old), 110)
    good(ordered(simulator, token(simulator)))


def test_missing_and_forged_tokens(simulator: RunningSimulator) -> None:
    real = token(simulator)
    refused(simulator.anonymous.post(PATH, json=CAT), 100)
    refused(ordered(simulator, ""), 100)
    refused(ordered(simulator, "nonsense"), 110)
    refused(ordered(simulator, real.replace(real[3:7], "0000")), 110)
    refused(ordered(simulator, real[:-1] + "2"), 110)
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


def test_a_token_outlives_a_restart(start: Callable[..., RunningSimulator], tmp_path: Path) -> None:
    options = ("--journal", str(tmp_path / "journal"), "--generation-s", "0", "--images", "small")
    first = start(*options)
    old = token(first)
    first.kill()

    good(ordered(start(*options), old))


def signed(
    simulator: RunningSimulator,
    secret: str = "sk-simulated",
    aside_s: float = 0,
    expiry_s: int = 1800,
    sent: dict[str, str] | None = None,
) -> httpx2.Response:
    """An order signed with Baidu's own code, its clock `aside_s` from ours; `sent` replaces
    headers after that."""
    moment = SystemClock().now().timestamp() + aside_s
    host = simulator.url.removeprefix("http://")
    headers = {
        "host": host,
        "content-type": "application/json",
        "x-bce-date": get_canonical_time(moment).decode(),
    }
    authorization = sign(
        BceCredentials("ak", secret),
        b"POST",
        PATH.encode(),
        {name.encode(): value for name, value in headers.items()},
        {b"tag": b"a b/c"},
        timestamp=moment,
        expiration_in_seconds=expiry_s,
        headers_to_sign={name.encode() for name in headers},
    )
    headers["authorization"] = authorization.decode()
    return simulator.anonymous.post(
        PATH, params={"tag": "a b/c"}, headers={**headers, **(sent or {})}, json=CAT
    )


def test_a_signed_order_needs_no_token(simulator: RunningSimulator) -> None:
    good(signed(simulator))
    good(signed(simulator, aside_s=-250))
    good(signed(simulator, aside_s=250))


def test_a_wrong_signature_is_not_certified(simulator: RunningSimulator) -> None:
    refused(signed(simulator, secret="sk-other"), 14)
    refused(signed(simulator, sent={"authorization": "bce-auth-v1/ak/nonsense"}), 14)
    # What was signed is not what was sent.
    refused(signed(simulator, sent={"content-type": "text/plain"}), 14)


def test_a_clock_that_is_wrong_breaks_the_signature(simulator: RunningSimulator) -> None:
    refused(signed(simulator, aside_s=-310), 14)
    refused(signed(simulator, aside_s=310), 14)
    refused(signed(simulator, aside_s=-20, expiry_s=10), 14)


def test_key_pair_and_token_are_one_account(simulator: RunningSimulator) -> None:
    good(signed(simulator))
    good(ordered(simulator, token(simulator)))
    assert len({task["account"] for task in simulator.ledger()["tasks"]}) == 1

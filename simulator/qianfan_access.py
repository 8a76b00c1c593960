"""Who may order at Baidu's first API: access tokens and signed requests.

Any client_id and client_secret are good unless they begin with "wrong". A signature is really
checked: the secret of every access key is SECRET.

Sources: Baidu Qianfan: access token; Baidu AI Cloud: authentication mechanism.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from typing import Any
from urllib.parse import parse_qsl, quote

from simulator.exchange import Exchange
from simulator.mishaps import strike
from simulator.provider import Provider
from simulator.refusal import Refusal

SECRET = "sk-simulated"  # noqa: S105  # a rule of the simulator's, and no secret
SKEW_S = 300.0
"""How wrong the clock of a signed request may be."""
EXPIRED = (200, "111", "Access token expired")
INVALID = (200, "110", "Access token invalid or no longer valid")
MISSING = (200, "100", "Invalid parameter")
NOT_CERTIFIED = (200, "14", "IAM Certification failed")

_TOKEN = re.compile(r"24\.([0-9a-f]{32})\.\d+\.(\d{13,})\.([0-9a-f]{16})-(\d+)")
_SIGNED = re.compile(
    r"bce-auth-v1/([^/]+)/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/(\d{1,9})/([^/]*)/([0-9a-f]{64})"
)
_SCOPE = "public brain_all_scope ai_custom_sd_xl"


class Access:
    """Hands out access tokens, and tells whose request it is."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def hand_out(self, exchange: Exchange) -> None:
        """Answer a request for an access token."""
        asked = dict(parse_qsl(exchange.query.decode("latin-1")))
        if exchange.header(b"content-type") == "application/x-www-form-urlencoded":
            asked |= dict(parse_qsl((await exchange.body()).decode("latin-1")))
        if await strike(self._provider.faults.before("token"), exchange, _token_error):
            return
        if asked.get("grant_type") != "client_credentials":
            error = _token_error(400, "unsupported_grant_type", "The grant type is not supported")
            await exchange.answer_json(400, error)
            return
        client, secret = asked.get("client_id", ""), asked.get("client_secret", "")
        if not client or client.startswith("wrong"):
            error = _token_error(401, "invalid_client", "unknown client id")
            await exchange.answer_json(401, error)
            return
        if not secret or secret.startswith("wrong"):
            error = _token_error(401, "invalid_client", "Client authentication failed")
            await exchange.answer_json(401, error)
            return
        await exchange.answer_json(200, self._token(self._provider.account(client)))

    def account(self, exchange: Exchange) -> str:
        """The account an order is for.

        Raises:
            Refusal: Neither its token nor its signature is good.
        """
        given = exchange.header(b"authorization")
        if given is not None and given.startswith("bce-auth-v1/"):
            return self._signer(exchange, given)
        token = dict(parse_qsl(exchange.query.decode("latin-1"))).get("access_token")
        if not token:
            raise Refusal(*MISSING)
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise Refusal(*INVALID)
        stamp, issued_ms, account, era = found.groups()
        settings = self._provider.settings
        good = self._stamp(account, issued_ms, era)
        if not hmac.compare_digest(stamp, good) or era != str(settings.token_era):
            raise Refusal(*INVALID)
        if self._provider.now_s() >= int(issued_ms) / 1000 + settings.token_ttl_s:
            raise Refusal(*EXPIRED)
        return account

    def _token(self, account: str) -> dict[str, Any]:
        """A token carries its own proof, so that a restart does not make it void."""
        settings = self._provider.settings
        issued_ms, era = str(int(self._provider.now_s() * 1000)), str(settings.token_era)
        stamp, ttl_s = self._stamp(account, issued_ms, era), int(settings.token_ttl_s)
        return {
            "refresh_token": f"25.{stamp}.315360000.{issued_ms}.{account}",
            "expires_in": ttl_s,
            "session_key": "",
            "access_token": f"24.{stamp}.{ttl_s}.{issued_ms}.{account}-{era}",
            "scope": _SCOPE,
            "session_secret": "",
        }

    def _stamp(self, account: str, issued_ms: str, era: str) -> str:
        return self._provider.signer.stamp(f"token {account} {issued_ms} {era}")

    def _signer(self, exchange: Exchange, given: str) -> str:
        found = _SIGNED.fullmatch(given)
        if found is None:
            raise Refusal(*NOT_CERTIFIED)
        access_key, moment, expiry_s, names, signature = found.groups()
        try:
            sent_s = calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError as error:
            raise Refusal(*NOT_CERTIFIED) from error
        now_s = self._provider.now_s()
        if abs(now_s - sent_s) > SKEW_S or now_s > sent_s + int(expiry_s):
            raise Refusal(*NOT_CERTIFIED)
        if exchange.header(b"x-bce-date") not in (None, moment):
            raise Refusal(*NOT_CERTIFIED)
        good = _signature(exchange, access_key, moment, expiry_s, names)
        if not hmac.compare_digest(signature, good) or access_key.startswith("wrong"):
            raise Refusal(*NOT_CERTIFIED)
        return self._provider.account(access_key)


def _signature(exchange: Exchange, access_key: str, moment: str, expiry_s: str, names: str) -> str:
    """What the request's signature must be; the host must be among the signed headers."""
    signed = [name for name in names.split(";") if name]
    if "host" not in signed:
        raise Refusal(*NOT_CERTIFIED)
    headers = {name: (exchange.header(name.encode()) or "").strip() for name in signed}
    lines = sorted(f"{_escaped(name)}:{_escaped(text)}" for name, text in headers.items() if text)
    pairs = parse_qsl(exchange.query.decode("latin-1"), keep_blank_values=True)
    query = sorted(
        f"{_escaped(name)}={_escaped(text)}"
        for name, text in pairs
        if name.lower() != "authorization"
    )
    request = (exchange.method, quote(exchange.path, safe="/"), "&".join(query), "\n".join(lines))
    key = _hmac(SECRET, f"bce-auth-v1/{access_key}/{moment}/{expiry_s}")
    return _hmac(key, "\n".join(request))


def _escaped(text: str) -> str:
    return quote(text, safe="")


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _token_error(_status: int, code: str, message: str) -> dict[str, Any]:
    return {"error": code, "error_description": message}

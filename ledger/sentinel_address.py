"""The address of a server that sentinels watch: they are asked who leads, each time one connects."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = ("sentinel", "sentinels")
"""The second speaks TLS, with the sentinels and with the server they name."""
DEFAULT_PORT = 26379
ASKED_S = 1.0
"""A sentinel that answers later is passed over: there are others."""
_TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_SENTINEL_ACCESS = {"sentinel_username": "username", "sentinel_password": "password"}


@dataclass(frozen=True)
class SentinelAddress:
    """`sentinel://user:password@host:26379,host2:26379/service/0`, taken apart."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    """What the sentinels call the group of servers."""
    database: int
    username: str | None
    password: str | None
    tls: dict[str, object] | None
    """redis-py's options of a TLS connection; None: plain."""
    access: dict[str, str]
    """With what the sentinels themselves are asked: username, password."""

    @classmethod
    def parse(cls, url: str) -> SentinelAddress | None:
        """The address; None for a URL that names a server itself.

        Raises ValueError, whose message shows no value: it may be a password.
        """
        scheme, _, rest = url.partition("://")
        if scheme not in SCHEMES:
            return None
        place, _, query = rest.partition("?")
        authority, _, path = place.partition("/")
        access, _, hosts = authority.rpartition("@")
        username, _, password = access.partition(":")
        service, _, database = path.partition("/")
        if not service or not (database or "0").isdigit():
            raise ValueError("after the sentinels comes /SERVICE/0: the group's name, a database")
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
        if not options.keys() <= {*_TLS_FILES, *_SENTINEL_ACCESS}:
            known = ", ".join((*_TLS_FILES, *_SENTINEL_ACCESS))
            raise ValueError(f"an option after the question mark is unknown; known: {known}")
        return cls(
            hosts=tuple(_host(one) for one in hosts.split(",")),
            service=unquote(service),
            database=int(database or 0),
            username=unquote(username) or None,
            password=unquote(password) or None,
            tls=_tls(options) if scheme == "sentinels" else None,
            access={name: options[key] for key, name in _SENTINEL_ACCESS.items() if key in options},
        )

    @property
    def asking(self) -> dict[str, object]:
        """redis-py's options of a connection to a sentinel: no patience, as there are others."""
        tls = {} if self.tls is None else {"ssl": True, **self.tls}
        times = {"socket_timeout": ASKED_S, "socket_connect_timeout": ASKED_S, "retry": None}
        return {**self.access, **tls, **times}


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("between commas stands one sentinel each: host:26379")
    return parts.hostname, parts.port or DEFAULT_PORT


def _tls(options: dict[str, str]) -> dict[str, object]:
    files = {name: options[name] for name in _TLS_FILES if name in options}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **files}

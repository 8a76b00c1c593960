"""Addresses of servers that sentinels watch."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.connection import connect
from ledger.errors import LedgerMisnamed
from ledger.sentinel_address import SentinelAddress

WORDS = st.text("ab0 @:/?#%&=+,;[]é密\n", min_size=1, max_size=20)


def test_what_names_a_server_itself_is_none_of_them() -> None:
    for url in ("redis://h:6379/0", "rediss://h/0", "unix:///tmp/s", ""):
        assert SentinelAddress.parse(url) is None


@given(user=WORDS, password=WORDS, service=WORDS, watch=WORDS, database=st.integers(0, 99))
def test_every_word_comes_through(
    user: str, password: str, service: str, watch: str, database: int
) -> None:
    spelled = [quote(word, safe="") for word in (user, password, service, watch)]
    url = (
        f"sentinel://{spelled[0]}:{spelled[1]}@one:1,two,[::1]:3/{spelled[2]}/{database}"
        f"?sentinel_password={spelled[3]}"
    )
    found = SentinelAddress.parse(url)
    assert found is not None
    assert (found.username, found.password, found.service) == (user, password, service)
    assert (found.access, found.database, found.tls) == ({"password": watch}, database, None)
    assert found.hosts == (("one", 1), ("two", 26379), ("::1", 3))


def test_tls_believes_no_stranger() -> None:
    found = SentinelAddress.parse("sentinels://one/mill?ssl_ca_certs=/etc/ca.pem")
    assert found is not None
    assert found.tls == {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": "/etc/ca.pem",
    }
    assert found.asking.items() >= found.tls.items()
    assert found.asking["ssl"] is True


@pytest.mark.parametrize(
    "rest",
    [
        "host:26379",
        "host:26379/",
        "host:26379/mill/zero",
        "/mill/0",
        "host:port/mill/0",
        "one,,two/mill/0",
        "one/mill/0?ssl_cert_reqs=none",
        "one/mill/0?sentinel_password",
    ],
)
def test_what_is_no_address_is_refused_without_a_secret(rest: str) -> None:
    url = f"sentinel://user:s3cr3t-word@{rest}"
    with pytest.raises(LedgerMisnamed, match="IMAGEMILL_REDIS_URL") as refused:
        connect(url)
    assert "s3cr3t" not in f"{refused.value} {refused.value.__cause__}"

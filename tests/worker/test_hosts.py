from __future__ import annotations

import pytest

from worker.policy.hosts import PictureHosts, is_loopback_host

PROVIDER = PictureHosts((".aliyuncs.com",))
SIMULATOR = PictureHosts((".aliyuncs.com",), loopback=True)
BUCKET = "dashscope-result-bj.oss-cn-beijing.aliyuncs.com"


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "47.93.1.1", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "198.18.0.7"],
)
def test_public_address(address: str) -> None:
    assert PROVIDER.admits_address(BUCKET, address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.2.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "localhost",
        "",
    ],
)
def test_address_of_our_own(address: str) -> None:
    assert not PROVIDER.admits_address(BUCKET, address)
    assert not SIMULATOR.admits_address(BUCKET, address)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "LocalHost"]
)
def test_this_machine_counts_where_the_account_is_a_simulator(host: str) -> None:
    assert is_loopback_host(host)
    assert SIMULATOR.admits(host)
    assert not PROVIDER.admits(host)
    assert SIMULATOR.admits_address(host, "127.0.0.1")
    assert not SIMULATOR.admits_address(host, "10.0.0.1")
    assert not SIMULATOR.admits_address(host, "8.8.8.8")


@pytest.mark.parametrize("host", [BUCKET, "vision-poster.oss-cn-shanghai.aliyuncs.com"])
def test_provider_host(host: str) -> None:
    assert PROVIDER.admits(host)
    assert SIMULATOR.admits(host)


@pytest.mark.parametrize(
    "host",
    ["aliyuncs.com", ".aliyuncs.com", "evilaliyuncs.com", f"{BUCKET}.evil.com", "8.8.8.8", ""],
)
def test_strange_host(host: str) -> None:
    assert not PROVIDER.admits(host)
    assert not SIMULATOR.admits(host)

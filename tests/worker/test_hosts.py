from __future__ import annotations

import pytest

from schemas.network import is_loopback_host
from worker.policy.hosts import OwnHost, PictureHosts

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
        "192.0.0.192",
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


BOX = PictureHosts((".aliyuncs.com",), own=OwnHost("gpu-box.lan", 8000, private=True))
VENDOR = PictureHosts((), own=OwnHost("api.openai.com"))


@pytest.mark.parametrize(
    "address",
    ["10.0.0.7", "192.168.1.9", "172.16.0.3", "100.64.0.9", "fd00::7", "127.0.1.1", "8.8.8.8"],
)
def test_a_server_the_settings_name_may_be_a_neighbour(address: str) -> None:
    assert BOX.admits("gpu-box.lan")
    assert BOX.admits_address("gpu-box.lan", address)
    assert not BOX.admits_address(BUCKET, address) or address == "8.8.8.8"
    assert not VENDOR.admits_address("api.openai.com", address) or address == "8.8.8.8"


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "fe80::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "nonsense",
    ],
)
def test_no_name_leads_to_where_machines_find_their_credentials(address: str) -> None:
    assert not BOX.admits_address("gpu-box.lan", address)


@pytest.mark.parametrize("host", ["box.lan", "x.gpu-box.lan", "gpu-box.lan.evil.com", "localhost"])
def test_only_that_very_name_is_the_server(host: str) -> None:
    assert not BOX.admits(host)


def test_a_server_is_asked_on_the_port_the_settings_name_and_on_no_other() -> None:
    assert BOX.admits_port("gpu-box.lan", "http", 8000)
    assert BOX.admits_port("gpu-box.lan", "http", None)
    assert BOX.admits_port("gpu-box.lan", "http", 80)
    assert not BOX.admits_port("gpu-box.lan", "http", 6379)
    assert not BOX.admits_port("gpu-box.lan", "http", 443)
    assert not BOX.admits_port(BUCKET, "https", 8000)
    assert SIMULATOR.admits_port("127.0.0.1", "http", 54321)


def test_an_ending_without_a_dot_is_a_whole_name_and_nothing_is_no_ending() -> None:
    hosts = PictureHosts(("pictures.example.com", "", "."))
    assert hosts.admits("pictures.example.com")
    assert not hosts.admits("x.pictures.example.com")
    assert not hosts.admits("evil.com")
    assert not hosts.admits("evil.com.")

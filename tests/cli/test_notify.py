"""Being told, as a user has it: `notify test`, a batch that tells, and what `status` says of it."""

from __future__ import annotations

import pytest

from tests.cli.command import CommandLine
from tests.ports import free_ports
from tests.receiver import Receiver, Reply, is_signed

SECRET = "whsec_c2VjcmV0IG9mIG9uZXMgb3du"


@pytest.fixture
def told(alone: CommandLine, receiver: Receiver) -> CommandLine:
    """A machine whose settings name the receiver."""
    alone.write("imagemill.toml", '[notify]\nurl_env = "HOOK_URL"\nsecret_env = "HOOK_SECRET"\n')
    return alone.with_variables(HOOK_URL=receiver.url, HOOK_SECRET=SECRET)


def test_a_test_arrives_signed(told: CommandLine, receiver: Receiver) -> None:
    ran = told("notify", "test")
    assert (ran.code, ran.out, ran.err) == (0, "", "127.0.0.1 took it (json).\n")
    (found,) = receiver.received
    assert found.type == "notify.test"
    assert is_signed(found, SECRET)
    ran = told("notify", "test", "--json")
    assert ran.document == {
        "id": receiver.received[1].id,
        "host": "127.0.0.1",
        "format": "json",
        "delivered": True,
        "why": None,
    }


def test_a_batch_file_may_name_somebody_else(told: CommandLine, receiver: Receiver) -> None:
    text = f'manifest = "a.csv"\n[notify]\nurl = "{receiver.url}/own"\nformat = "feishu"\n'
    receiver.usual = Reply(200, b'{"code":0}')
    assert told("notify", "test", told.write("night.toml", text)).code == 0
    (found,) = receiver.received
    assert found.path == "/hook/own"
    assert found.document["msg_type"] == "post"


def test_whoever_refuses_is_quoted(told: CommandLine, receiver: Receiver) -> None:
    receiver.usual = Reply(200, b'{"errcode":310000,"errmsg":"keywords not in content"}')
    told.write("imagemill.toml", '[notify]\nurl_env = "HOOK_URL"\nformat = "dingtalk"\n')
    ran = told("notify", "test")
    assert ran.code == 8
    assert ran.err == ("Not delivered: it refused with code 310000: keywords not in content.\n")


def test_what_is_missing_is_named(alone: CommandLine) -> None:
    ran = alone("notify", "test")
    assert (ran.code, "has no [notify]" in ran.err) == (7, True)
    alone.write("imagemill.toml", '[notify]\nurl_env = "HOOK_URL"\n')
    ran = alone("notify", "test")
    assert (ran.code, "HOOK_URL is not set" in ran.err) == (7, True)
    ran = alone.with_variables(HOOK_URL="http://203.0.113.7/s3cr3t")("notify", "test")
    assert (ran.code, "must begin with https://" in ran.err) == (7, True)
    assert "s3cr3t" not in ran.err


def test_address_and_secret_may_be_files(told: CommandLine, receiver: Receiver) -> None:
    (told.folder / "url").write_text(f"{receiver.url}\n")
    (told.folder / "secret").write_text(f"{SECRET}\n")
    files = told.with_variables(
        HOOK_URL="", HOOK_SECRET="", HOOK_URL_FILE="url", HOOK_SECRET_FILE="secret"
    )
    assert files("notify", "test").code == 0
    assert is_signed(receiver.received[0], SECRET)
    gone = files.with_variables(HOOK_URL_FILE="nowhere")("notify", "test")
    assert (gone.code, "HOOK_URL_FILE" in gone.err) == (7, True)


@pytest.mark.system
@pytest.mark.timeout(120)
def test_a_run_ends_when_everybody_was_told(told: CommandLine, receiver: Receiver) -> None:
    """One of its rows is refused; the command comes back with both told."""
    rows = "sku,prompt,model\nMUG-1,a mug,wanx-v1\nMUG-2,a toy pistol,wanx-v1\n"
    ran = told("run", told.write("cups.csv", rows), "--simulate", "--json", timeout_s=60)
    assert ran.code == 0, ran.err
    assert sorted(receiver.types) == ["batch.finished", "batch.first_failure"]
    assert all(is_signed(found, SECRET) for found in receiver.received)
    told_of = {found.type: found.document["data"] for found in receiver.received}
    finished = told_of["batch.finished"]
    assert finished["status"] == {**ran.document}
    assert finished["simulated"]
    assert (told.folder / finished["places"]["contact_sheet"]).is_file()
    assert told_of["batch.first_failure"]["failure"]["id"] == "MUG-2"
    status = told("status")
    assert "not told" not in status.out


@pytest.mark.system
@pytest.mark.timeout(120)
def test_a_run_that_can_tell_nobody_says_so_and_the_next_one_tells(
    told: CommandLine, receiver: Receiver
) -> None:
    (port,) = free_ports(1)
    away = told.with_variables(HOOK_URL=f"http://127.0.0.1:{port}/s3cr3t")
    rows = "sku,prompt,model\nMUG-1,a mug,wanx-v1\n"
    ran = away("run", told.write("cups.csv", rows), "--simulate", timeout_s=60)
    assert ran.code == 0, ran.err
    assert "Nobody could be told of cups" in ran.err
    assert "s3cr3t" not in ran.err
    assert "finished:1: 127.0.0.1 cannot be reached" in told("status").out
    more = rows + "MUG-2,a second mug,wanx-v1\n"
    ran = told("run", told.write("more.csv", more), "--simulate", timeout_s=60)
    assert ran.code == 0, ran.err
    assert receiver.types[-1] == "batch.finished"


@pytest.mark.system
@pytest.mark.timeout(120)
def test_a_run_that_parks_tells_before_it_ends(told: CommandLine, receiver: Receiver) -> None:
    rows = "sku,prompt,model\n" + "".join(f"MUG-{i},a mug {i},wanx-v1\n" for i in range(3))
    ran = told(
        "run", told.write("cups.csv", rows), "--simulate", "--budget", "0.2CNY", timeout_s=60
    )
    assert ran.code == 6, ran.err
    assert receiver.types == ["batch.parked"]

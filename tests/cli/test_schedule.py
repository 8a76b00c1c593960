"""`schedule` and `submit --remote` as they are typed; nobody reads until a beat does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.opening import Ledger, open_ledger
from schemas.intake import IntakeState, run_id
from tests.cli.command import CommandLine, Ran
from tests.http_server import QuietHandler, serving
from tests.valkey import Valkey, run_valkey
from tests.waiting import wait_until

TABLE = "sku,name\nMUG-1,mug\nJUG-2,jug\n"
BATCH = 'manifest = "table.csv"\nmodel = "wanx-v1"\n[template]\nfile = "prompt.j2"\n'
LIST = ("schedule", "list")
NIGHTLY = ("schedule", "add", "nightly", "--cron", "0 1 * * *", "--tz", "Asia/Shanghai")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with run_valkey(tmp_path_factory.mktemp("valkey")) as found:
        yield found


@pytest.fixture
def valkey(server: Valkey) -> Valkey:
    """An empty one."""
    with open_ledger(server.url).client as client:
        client.flushall()
    return server


@pytest.fixture
def desk(shared: CommandLine) -> CommandLine:
    shared.write("table.csv", TABLE)
    shared.write("prompt.j2", "a {{ name }}")
    shared.write("batch.toml", BATCH)
    return shared


@pytest.fixture
def ledger(valkey: Valkey) -> Iterator[Ledger]:
    opened = open_ledger(valkey.url)
    yield opened
    opened.close()


def is_handed_in(ledger: Ledger, night: str) -> bool:
    """The batch is there a moment before whoever read it writes down so."""
    status = ledger.intakes.status(night)
    return status is not None and status.state is IntakeState.HANDED_IN


@contextmanager
def beating(desk: CommandLine, ledger: Ledger) -> Iterator[None]:
    with desk.started("beat") as process:
        wait_until(lambda: bool(ledger.fleet.beats()), 30, "the beat")
        yield
        process.terminate()
        assert process.wait(15) == 0


def test_a_schedule_is_added_listed_and_removed(desk: CommandLine, ledger: Ledger) -> None:
    added = desk(*NIGHTLY, "--window", "01:00-07:00", "--missed", "skip", "batch.toml", "--json")

    assert added.code == 0, added.err
    assert "table.csv was uploaded as it is now" in added.err
    assert "2 rows, 2 images, at most 0.32 CNY" in added.err
    assert "Nothing will happen yet: no beat is running" in added.err
    found = added.document
    assert found["next_at"].endswith("T01:00+08:00")
    assert (found["hours"], found["missed"]) == ("01:00-07:00", "skip")
    assert found["manifest"] == "table.csv (uploaded)"
    planned = ledger.schedules.find("nightly")
    assert planned is not None
    assert planned.schedule.order.template is not None
    assert planned.schedule.order.template.text == "a {{ name }}"

    listed = desk("schedule", "list")
    assert "nightly" in listed.out
    assert "0 1 * * * Asia/Shanghai" in listed.out
    assert desk("schedule", "list", "--json").documents == [found]
    again = desk(*NIGHTLY, "batch.toml")
    assert (again.code, again.out) == (2, "")
    assert "--replace" in again.err
    assert desk(*NIGHTLY, "batch.toml", "--replace").code == 0
    assert desk("schedule", "remove", "nightly").code == 0
    gone = desk("schedule", "history", "nightly")
    assert (gone.code, "there is none yet" in gone.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--cron", "61 * * * *", "batch.toml"), 2, "minute hour day month weekday"),
        (("--cron", "0 1 * * *", "--tz", "Asia/Shangai", "batch.toml"), 2, "Asia/Shanghai?"),
        (("--cron", "0 1 * * *", "--window", "1-7", "batch.toml"), 2, "01:00-07:00"),
        (("--cron", "0 1 * * *", "gone.csv"), 3, "gone.csv does not exist"),
        (("--cron", "0 1 * * *", "-"), 2, "standard input is nobody else's"),
        (("--cron", "0 1 * * *", "--batch", "x", "batch.toml"), 2, "NAME-DATE"),
        (("--cron", "0 1 * * *", "ftp://shop/x.csv"), 3, "s3://bucket/key"),
        (
            ("--cron", "0 1 * * *", "https://shop.example/batch.toml"),
            3,
            "a batch file is read here",
        ),
        (("--cron", "0 1 * * *", "table.csv", "--model", "wanx-v1"), 3, "prompt"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_said_before_the_night(
    desk: CommandLine, ledger: Ledger, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ran = desk("schedule", "add", "nightly", *arguments)
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert words in ran.err
    assert ledger.schedules.names() == []


@pytest.mark.parametrize(
    ("name", "window", "words"), [("n/1", "01:00-07:00", "no name"), ("n1", "1-7", "01:00-07:00")]
)
def test_nothing_is_uploaded_for_what_cannot_be_a_schedule(
    desk: CommandLine, name: str, window: str, words: str
) -> None:
    ran = desk("schedule", "add", name, "table.csv", "--cron", "0 1 * * *", "--window", window)
    assert (ran.code, words in ran.err) == (2, True), ran.err
    assert "uploaded" not in ran.err


def test_what_is_on_its_way_outlives_its_schedule_and_is_told_of(
    desk: CommandLine, ledger: Ledger
) -> None:
    desk(*NIGHTLY, "batch.toml")
    assert desk("schedule", "run-now", "nightly").code == 0
    removed = desk("schedule", "remove", "nightly")
    assert removed.err.endswith(" 1 more that are on their way are handed in still.\n")


def test_where_nothing_is_yet_it_is_said(desk: CommandLine, ledger: Ledger) -> None:
    for command, what in ((("batches",), "batch"), (("lanes",), "lane"), (LIST, "schedule")):
        ran = desk(*command)
        assert (ran.code, ran.out) == (0, "")
        assert f"There is no {what} yet" in ran.err
        assert desk(*command, "--json") == Ran(0, "", "")
    lane = desk("lanes", "resume", "dashscope:wanx-v1")
    assert (lane.code, "There is no lane yet" in lane.err) == (2, True)
    assert desk(*NIGHTLY, "batch.toml").code == 0
    assert desk("schedule", "history", "nightly").err == "nightly was not due yet.\n"


def test_an_export_that_is_not_there_yet_is_only_warned_of(desk: CommandLine) -> None:
    class Empty(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the library calls it so
            self.answer(404, b"")

    with serving(Empty) as url:
        own = f'["{url.removeprefix("http://")}"]'
        away = desk.with_variables(IMAGEMILL_MANIFESTS__OWN_HOSTS=own)
        ran = away(*NIGHTLY, f"{url}/night-{{date}}.csv?sig=secret", "--model", "wanx-v1")
    assert ran.code == 0, ran.err
    assert "HTTP 404" in ran.err
    assert "It is read when nightly is due" in ran.err
    shown = desk("schedule", "list").out
    assert "night-{date}.csv" in shown
    assert "secret" not in ran.out + ran.err + shown


def test_run_now_hands_in_a_batch_besides_the_nights(desk: CommandLine, ledger: Ledger) -> None:
    assert desk(*NIGHTLY, "batch.toml").code == 0
    with beating(desk, ledger):
        ran = desk("schedule", "run-now", "nightly")
        assert ran.code == 0, ran.err
        name = ran.out.strip()
        wait_until(lambda: is_handed_in(ledger, run_id(name)), 30, name)
        again = desk("schedule", "run-now", "nightly", "--json")
        assert (again.code, again.document["batch"]) == (0, name), again.err
        assert "was asked for before: running" in again.err
        ledger.batches.finish(name, "2026-02-01T00:00:00+00:00")
        assert desk("schedule", "run-now", "nightly").out.strip() == name, "meant once"
    (night,) = desk("schedule", "history", "nightly", "--json").documents
    assert (night["batch"], night["state"], night["total"]) == (name, "handed in", 2)
    table = desk("schedule", "history", "nightly").out
    assert name in table
    assert desk("schedule", "list", "--json").document["last"] == name
    desk.write("table.csv", TABLE + "CUP-3,cup\n")
    assert desk(*NIGHTLY, "batch.toml", "--replace").code == 0
    said_ms = ledger.fleet.now_ms()
    wait_until(lambda: ledger.fleet.now_ms() - said_ms > 1000, what="a second in which it is new")
    assert desk("schedule", "run-now", "nightly").out.strip() != name, "another order"


def test_a_night_is_run_by_its_date_and_none_before_its_time(
    desk: CommandLine, ledger: Ledger
) -> None:
    assert desk("schedule", "add", "n", "--cron", "0 0 * * *", "batch.toml").code == 0
    ran = desk("schedule", "run-now", "n", "--date", "2026-02-01", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["batch"] == "n-20260201"
    assert ran.document["state"] == "waiting"
    assert desk("schedule", "run-now", "n", "--date", "2026-02-01").code == 0
    assert ledger.schedules.nights("n") == ["run:n-20260201"]
    early = desk("schedule", "run-now", "n", "--date", "2999-01-01")
    assert (early.code, "is not due" in early.err) == (2, True)


def test_schedules_need_a_server_to_share(alone: CommandLine) -> None:
    alone.write("table.csv", TABLE)
    for command in (("beat",), (*NIGHTLY, "table.csv"), ("submit", "--remote", "table.csv")):
        ran = alone(*command)
        assert (ran.code, ran.out) == (7, ""), ran.err
        assert "IMAGEMILL_REDIS_URL" in ran.err


def test_a_manifest_is_read_by_the_fleet_and_the_batch_is_named(
    desk: CommandLine, ledger: Ledger
) -> None:
    waits = desk("submit", "--remote", "batch.toml", "--json")
    assert waits.code == 0, waits.err
    assert waits.document["state"] == IntakeState.WAITING
    assert "no beat is running" in waits.err
    with beating(desk, ledger):
        ran = desk("submit", "--remote", "batch.toml", "--json")
        assert ran.code == 0, ran.err
        assert ran.document["total"] == 2
        assert "2 rows, 2 images" in ran.err
        again = desk("submit", "--remote", "batch.toml")
        assert again.out.strip() == ran.document["batch"], "the same rows are the same batch"
        desk.write("table.csv", TABLE + "CUP-3,\n")
        desk.write("prompt.j2", "{{ name|int }}")
        bad = desk("submit", "--remote", "batch.toml")
        assert (bad.code, bad.out) == (3, "")
        assert 'line 2: order, [template] text, line 1: "mug" is no whole number' in bad.err
    assert len(ledger.batches.names()) == 1


def test_a_manifest_behind_an_address_is_submitted_here(desk: CommandLine, ledger: Ledger) -> None:
    class Shop(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the library calls it so
            self.answer(200, b"sku,prompt\nA,a cat\n")

    with serving(Shop) as url:
        own = json.dumps([url.removeprefix("http://")])
        refused = desk("submit", f"{url}/night.csv", "--model", "wanx-v1")
        allowed = desk.with_variables(IMAGEMILL_MANIFESTS__OWN_HOSTS=own)
        ran = allowed("submit", f"{url}/night.csv?sig=secret", "--model", "wanx-v1", "--json")
    assert (refused.code, "own_hosts" in refused.err) == (3, True)
    assert ran.code == 0, ran.err
    assert ran.document["batch"].startswith("night-")
    document = ledger.batches.document(ran.document["batch"])
    assert document is not None
    assert document.manifest == "night.csv"
    assert "secret" not in ran.out + ran.err + document.model_dump_json()


def test_hours_are_asked_for_and_shown(desk: CommandLine) -> None:
    ran = desk("submit", "batch.toml", "--window", "01:00-07:00", "--tz", "Asia/Shanghai", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["state"] == "outside its hours", "until who leads the workers opens it"
    assert "its hours begin" in desk("status").out
    wrong = desk("submit", "batch.toml", "--window", "soon")
    assert (wrong.code, "01:00-07:00" in wrong.err) == (2, True)


HOURS = 'window = "01:00-07:00"\ntz = "Asia/Shanghai"\n'


def test_a_batch_file_says_the_hours_and_whoever_types_others_wins(
    desk: CommandLine, ledger: Ledger
) -> None:
    desk.write("batch.toml", HOURS + BATCH)
    shown = "01:00-07:00 Asia/Shanghai only"
    assert f"ordered within {shown}" in desk("validate", "batch.toml").out
    assert f"hours         {shown}\n" in desk("estimate", "batch.toml").out
    typed = (
        ((), "01:00-07:00 Asia/Shanghai"),
        (("--window", "02:00-05:00"), "02:00-05:00 Asia/Shanghai"),
        (("--tz", "Europe/Berlin"), "01:00-07:00 Europe/Berlin"),
        (("--window", "none"), None),
    )
    for number, (options, expected) in enumerate(typed):
        ran = desk("submit", "batch.toml", *options, "--batch", f"night-{number}")
        assert ran.code == 0, ran.err
        document = ledger.batches.document(f"night-{number}")
        assert document is not None
        assert (None if document.hours is None else str(document.hours)) == expected
    again = desk("submit", "batch.toml", "--batch", "night-1")
    assert "Its hours stay as they were first asked for." in again.err


def test_a_schedule_goes_by_its_batch_files_hours_and_zone(
    desk: CommandLine, ledger: Ledger
) -> None:
    desk.write("batch.toml", HOURS + BATCH)
    add = ("schedule", "add", "nightly", "--cron", "0 1 * * *", "batch.toml", "--json")
    found = desk(*add).document
    assert found["next_at"].endswith("T01:00+08:00")
    assert (found["hours"], found["tz"]) == ("01:00-07:00", "Asia/Shanghai")
    assert desk("schedule", "run-now", "nightly").code == 0
    (night,) = ledger.schedules.nights("nightly")
    record = ledger.intakes.record(night)
    assert record is not None
    assert str(record.intake.hours) == "01:00-07:00 Asia/Shanghai"
    at_once = desk(*add, "--replace", "--window", "none", "--tz", "UTC").document
    assert (at_once["hours"], at_once["tz"]) == (None, "UTC")


def test_a_rehearsal_orders_at_any_hour(desk: CommandLine) -> None:
    desk.write("batch.toml", HOURS + BATCH)
    ran = desk("run", "batch.toml", "--simulate", "--dry-run", "--json")
    assert ran.document["hours"] is None
    assert "A rehearsal orders at any hour." in ran.err

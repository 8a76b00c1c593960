"""`config show` and `init`, as they are typed."""

from __future__ import annotations

from tests.cli.command import CommandLine


def test_a_file_is_written_once_and_never_over_another(alone: CommandLine) -> None:
    assert alone("init").code == 0
    written = (alone.folder / "imagemill.toml").read_text(encoding="utf-8")
    assert alone("init", "-").out == written
    alone.write("imagemill.toml", "# mine\n")
    again = alone("init")
    assert again.code == 2
    assert "stays as it is" in again.err
    assert (alone.folder / "imagemill.toml").read_text(encoding="utf-8") == "# mine\n"
    assert alone("init", "other.toml").code == 0


def test_every_value_is_shown_with_who_said_it(alone: CommandLine) -> None:
    alone.write("imagemill.toml", "\n[worker]\nconcurrency = 3\n")
    alone.write("key", "sk-of-the-file")
    line = alone.with_variables(DASHSCOPE_API_KEY_FILE="key", IMAGEMILL_LOG_LEVEL="DEBUG")
    ran = line("config", "show", "--json", "--out", "pictures")
    assert ran.code == 0, ran.err
    found = {entry["setting"]: (entry["value"], entry["origin"]) for entry in ran.documents}
    assert found["worker.concurrency"] == (3, "imagemill.toml line 3")
    assert found["log_level"] == ("DEBUG", "IMAGEMILL_LOG_LEVEL")
    assert found["dashscope_api_key"] == ("********", "DASHSCOPE_API_KEY_FILE")
    assert found["storage_url"] == ("pictures", "--out")
    assert found["worker.lease_s"] == (25.0, "default")
    assert "sk-of-the-file" not in ran.out + ran.err


def test_what_is_set_alone_can_be_asked_for_and_a_wrong_variable_is_told(
    alone: CommandLine,
) -> None:
    line = alone.with_variables(IMAGEMILL_STORAGE_ULR="x", IMAGEMILL_LOG_LEVEL="DEBUG")
    ran = line("config", "show", "--set-only")
    assert ran.code == 0, ran.err
    assert "log_level" in ran.out
    assert "concurrency" not in ran.out
    assert "did you mean IMAGEMILL_STORAGE_URL?" in ran.err


def test_wrong_settings_are_told_with_their_line(alone: CommandLine) -> None:
    alone.write("imagemill.toml", "[worker]\nconcurency = 3\n")
    ran = alone("config", "show")
    assert ran.code == 7
    assert "line 2" in ran.err
    assert "did you mean concurrency?" in ran.err

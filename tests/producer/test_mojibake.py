"""Text read in a wrong encoding is told from text in any language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.mojibake import misread

HONEST = [
    "北欧风陶瓷马克杯，哑光奶白色，放在橡木桌上（晨光）",
    "紅色連衣裙，台灣製造「手工」",
    "绾发簪，玛瑙手链",
    "赤いカップ、白い背景",
    "나무 테이블 위의 빨간 컵",
    "Füße auf weißem Grund, Größe 5 – für Köche",
    "Crème brûlée à la vanille, « été », œuf",
    "¿Qué? ¡Niño! 25 °C ±2 ½ l × 3",
    "CAFÉ® NESTLÉ™ ÄÖÜ ÑANDÚ",
    "Příliš žluťoučký kůň",
    "Красная чашка",
    "emoji 🎁 and “quotes” — €5…",
]
"""What people write, none of it damaged."""


@pytest.mark.parametrize("text", HONEST)
def test_what_people_write_is_left_alone(text: str) -> None:
    assert misread(text) is None


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_plain_ascii_is_never_suspected(text: str) -> None:
    assert misread(text) is None


def as_western(data: bytes) -> str:
    """As Windows in Western Europe shows the bytes."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)


@pytest.mark.parametrize(
    "text", ["红色水杯，商品摄影", "Füße", "naïve café", "“red”", "25°C", "カップ"]
)
def test_utf8_read_as_western_text_is_named_with_what_it_was(text: str) -> None:
    found = misread(f"a cup: {as_western(text.encode())}")
    assert found is not None
    assert found.how == "is UTF-8 that was opened as Western text"
    assert found.was is not None
    assert found.was in text


@pytest.mark.parametrize("text", ["红色水杯", "青瓷茶具，白底", "北欧风陶瓷马克杯"])
def test_utf8_read_as_gbk_is_named_with_what_it_was(text: str) -> None:
    found = misread(text.encode().decode("gb18030", "ignore"))
    assert found is not None
    assert found.how == "is UTF-8 that was opened as GBK"
    assert found.was is not None
    assert text.startswith(found.was)


@pytest.mark.parametrize("text", ["红色", "陶瓷杯子", "白底图"])
def test_gbk_read_as_western_text_is_named_with_what_it_was(text: str) -> None:
    found = misread(as_western(text.encode("gbk")))
    assert found is not None
    assert (found.how, found.was) == ("is GBK that was opened as Western text", text)


@pytest.mark.parametrize("text", ["红色\ufffd杯", "锟斤拷锟斤拷", "a cup \ufffd"])
def test_what_is_lost_is_said_to_be_lost(text: str) -> None:
    found = misread(text)
    assert found is not None
    assert found.was is None


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=40))
def test_any_chinese_text_in_utf8_read_as_western_is_found(text: str) -> None:
    assert misread(as_western(text.encode())) is not None

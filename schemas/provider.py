"""The providers there are, and what the environment calls their keys and hosts."""

from __future__ import annotations

from typing import NamedTuple


class ProviderFacts(NamedTuple):
    """What is known of a provider before anybody is asked."""

    title: str
    base_url: str
    key_variable: str
    """The environment variable with its key, for people; empty: it may do without one."""
    simulator_path: str
    """What follows the simulator's origin in its base URL."""


PROVIDERS = {
    "dashscope": ProviderFacts(
        "Alibaba Model Studio (DashScope)",
        "https://dashscope.aliyuncs.com/api/v1",
        "DASHSCOPE_API_KEY",
        "/api/v1",
    ),
    "qianfan": ProviderFacts(
        "Baidu Qianfan",
        "https://aip.baidubce.com",
        "QIANFAN_AK and QIANFAN_SK",
        "",
    ),
    "qianfan-v2": ProviderFacts(
        "Baidu Qianfan, OpenAI style",
        "https://qianfan.baidubce.com/v2",
        "QIANFAN_API_KEY",
        "/v2",
    ),
    "stability": ProviderFacts(
        "Stability AI",
        "https://api.stability.ai",
        "STABILITY_API_KEY",
        "",
    ),
    "openai": ProviderFacts(
        "OpenAI, and servers that speak its images API",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "/v1",
    ),
}

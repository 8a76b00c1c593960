"""What a provider's error means: one function, and one table for each vendor."""

from __future__ import annotations

from worker.policy.error_table import ErrorTable, Rule, classify
from worker.policy.errors_dashscope import DASHSCOPE
from worker.policy.errors_openai import OPENAI
from worker.policy.errors_qianfan import QIANFAN, QIANFAN_V2
from worker.policy.errors_stability import STABILITY

__all__ = [
    "DASHSCOPE",
    "OPENAI",
    "QIANFAN",
    "QIANFAN_V2",
    "STABILITY",
    "TABLES",
    "ErrorTable",
    "Rule",
    "classify",
]

TABLES = (DASHSCOPE, QIANFAN, QIANFAN_V2, STABILITY, OPENAI)

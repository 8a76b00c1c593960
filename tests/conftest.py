"""What holds for all tests."""

from __future__ import annotations

import os

# A developer's own keys and servers must not reach a test: each sets what it needs.
for _name in list(os.environ):  # noqa: TID251 - the tests' own environment
    if _name.startswith(("IMAGEMILL_", "DASHSCOPE_", "AWS_")):
        del os.environ[_name]  # noqa: TID251 - likewise

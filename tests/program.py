"""Programs of this machine that some tests want."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def program(name: str) -> str:
    """Where it is; without it the test that asks is skipped, or fails as `lacking` says."""
    return shutil.which(name) or lacking(name, f"there is no {name}")


def lacking(name: str, reason: str) -> NoReturn:
    """Skip the test; where NEEDS_<NAME> is set, as in CI, fail it."""
    variable = f"NEEDS_{name.upper().replace('-', '_')}"
    if os.environ.get(variable):  # noqa: TID251 - what CI says of itself
        pytest.fail(reason)
    pytest.skip(reason)

"""examples/evening.py as a module: the tests and the guides' pictures take its steps one by one."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).parents[2] / "examples" / "evening.py"


def evening() -> ModuleType:
    """The script, read but not run."""
    spec = importlib.util.spec_from_file_location("evening", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its annotations are looked up there
    spec.loader.exec_module(module)
    return module

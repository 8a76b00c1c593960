"""Every DashScope model the simulator speaks for, the retired ones among them."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.dashscope_drawing import DRAWING
from simulator.dashscope_editing import EDITING
from simulator.dashscope_model import Model
from simulator.dashscope_people import PEOPLE
from simulator.dashscope_today import TODAY

TRAINING = "facechain-finetune"
MODELS: Mapping[str, Model] = {**DRAWING, **EDITING, **PEOPLE, **TODAY}

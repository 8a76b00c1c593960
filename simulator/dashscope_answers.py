"""What DashScope says of a task or a call that has ended: each model's shape and its usage."""

from __future__ import annotations

from typing import Any

from simulator.dashscope_model import Model, Shape
from simulator.dashscope_models import MODELS
from simulator.moments import beijing_text
from simulator.provider import Provider
from simulator.tasks import State, Task

_SMALLER_TIER = 2_250_000
"""Most pixels billed at Qwen-Image 3.0's lower price."""
_NO_TOKENS = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}


def task_output(provider: Provider, origin: str, task: Task) -> dict[str, Any]:
    """The `output` of a task as it stands (DashScope task API)."""
    output: dict[str, Any] = {
        "task_id": task.task_id,
        "task_status": task.state.value,
        "submit_time": beijing_text(task.submitted_s),
    }
    if task.started_s is not None:
        output["scheduled_time"] = beijing_text(task.started_s)
    if task.finished_s is not None:
        output["end_time"] = beijing_text(task.finished_s)
    model = MODELS[task.order.model]
    if task.state is State.FAILED:
        failure = task.failures[0]
        output["code"], output["message"] = failure.code, failure.message
        return output
    done = task.state is State.SUCCEEDED
    if done:
        output.update(made(provider, origin, task, model, model.shape))
    if model.shape == "choices":
        output["finished"] = done
        return output
    output["task_metrics"] = {
        "TOTAL": task.order.n,
        "SUCCEEDED": task.images_made,
        "FAILED": len(task.failures) if done else 0,
    }
    return output


def made(provider: Provider, origin: str, task: Task, model: Model, shape: Shape) -> dict[str, Any]:
    """The part of an `output` that holds the pictures."""
    order = task.order
    good = [index for index in range(order.n) if index not in task.failures]
    first = good[0]
    match shape:
        case "choices":
            return {"choices": _choices(provider, origin, task, model, good)}
        case "faces":
            return {"is_face": order.facts["is_face"]}
        case "image_url":
            document = {"output_image_url": provider.result_url(origin, task, first)}
            if order.model == "image-instance-segmentation":
                overlay = provider.result_url(origin, task, first, "overlay")
                document["output_vis_image_url"] = overlay
            return document
        case "render_urls":
            return _posters(provider, origin, task, good)
        case _:
            results = [_result(provider, origin, task, index, shape) for index in range(order.n)]
            return {"results": results, **_repainted(task, model)}


def usage(task: Task, model: Model, shape: Shape) -> dict[str, Any]:
    """What is billed, in the words of the model's page."""
    width, height = task.order.size
    made_count = task.images_made
    if shape == "faces":
        return {"image_count": len(task.order.facts["is_face"])}
    if shape != "choices":
        return {"image_count": made_count}
    match model.usage:
        case "size":
            return {"image_count": made_count, "size": f"{width}*{height}", **_NO_TOKENS}
        case "output":
            tier = "1k" if width * height <= _SMALLER_TIER else "2k"
            return {
                "input_image_count": sum(len(kind) for kind in task.order.inputs.values()),
                "output_image_count": made_count,
                "output_width": width,
                "output_height": height,
                "output_image_type": f"qima_output_{tier}",
            }
        case _:
            return {"image_count": made_count, "width": width, "height": height, **_NO_TOKENS}


def _result(
    provider: Provider, origin: str, task: Task, index: int, shape: Shape
) -> dict[str, str]:
    order = task.order
    echo: dict[str, str] = {}
    if provider.settings.echo_prompt or MODELS[order.model].echoes:
        echo["orig_prompt"] = order.prompt
    failure = task.failures.get(index)
    if failure is not None:
        return {"code": failure.code, "message": failure.message, **echo}
    if "actual_prompt" in order.facts:
        echo["actual_prompt"] = order.facts["actual_prompt"]
    url = provider.result_url(origin, task, index)
    if shape == "png_svg":
        return {"png_url": url, "svg_url": provider.result_url(origin, task, index, "svg")}
    return {"url": url, **echo}


def _choices(
    provider: Provider, origin: str, task: Task, model: Model, good: list[int]
) -> list[dict[str, Any]]:
    """Pictures that failed are left out: the message has no place for an error."""
    kind = {} if model.gathers else {"type": "image"}
    parts: list[dict[str, Any]] = [
        {**kind, "image": provider.result_url(origin, task, index)} for index in good
    ]
    if not model.gathers:
        return [_choice([part]) for part in parts]
    facts = task.order.facts
    if "text" not in facts:
        return [_choice(parts)]
    choice = _choice([*parts, {"text": facts["text"]}])
    choice["message"]["reasoning_content"] = ""
    return [choice]


def _choice(content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"finish_reason": "stop", "message": {"role": "assistant", "content": content}}


def _posters(provider: Provider, origin: str, task: Task, good: list[int]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "render_urls": [provider.result_url(origin, task, index) for index in good],
        "bg_urls": [provider.result_url(origin, task, index, "background") for index in good],
    }
    if task.order.facts.get("generates"):
        document["auxiliary_parameters"] = [f"aux.{task.task_id}.{index}" for index in good]
    return document


def _repainted(task: Task, model: Model) -> dict[str, Any]:
    """Style repaint says more than it must (captured answers of wanx-style-repaint-v1)."""
    if model.format != "jpg" or task.started_s is None:
        return {}
    return {
        "error_code": 0,
        "error_message": "Success",
        "start_time": beijing_text(task.started_s)[:-4],
        **task.order.facts,
    }

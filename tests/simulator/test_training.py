"""Files, fine-tune jobs, and portraits made with what they trained."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.simulator.orders import GOOD, PICTURE, order, send
from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until
from tests.worker.wire import refused_port

FILES = "/api/v1/files"
JOBS = "/api/v1/fine-tunes"


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, b"a picture\r\n--boundary")
    return out.getvalue()


def upload(simulator: RunningSimulator, content: bytes) -> str:
    answer = simulator.client.post(
        FILES, files={"files": ("faces.zip", content)}, data={"descriptions": "faces"}
    )
    assert answer.status_code == 200, answer.text
    (uploaded,) = answer.json()["data"]["uploaded_files"]
    assert uploaded["name"] == "faces.zip"
    file_id: str = uploaded["file_id"]
    return file_id


def train(simulator: RunningSimulator, *file_ids: str) -> httpx2.Response:
    body = {"model": "facechain-finetune", "training_file_ids": list(file_ids)}
    return simulator.client.post(JOBS, json=body)


def job(simulator: RunningSimulator, job_id: str) -> dict[str, Any]:
    output: dict[str, Any] = simulator.client.get(f"{JOBS}/{job_id}").json()["output"]
    return output


def trained(simulator: RunningSimulator, content: bytes) -> dict[str, Any]:
    created = train(simulator, upload(simulator, content))
    job_id = created.json()["output"]["job_id"]
    wait_until(lambda: job(simulator, job_id)["status"] in ("SUCCEEDED", "FAILED"))
    return job(simulator, job_id)


def portrait(simulator: RunningSimulator, resource: object) -> httpx2.Response:
    request = GOOD["facechain-generation"]
    body = {
        "model": "facechain-generation",
        "parameters": {"style": "f_idcard_female", "n": 1},
        "resources": [{"resource_id": resource, "resource_type": "facelora"}],
    }
    return send(simulator, request, body)


def test_a_job_ends_with_a_resource_that_draws_portraits(simulator: RunningSimulator) -> None:
    done = trained(simulator, archive("1.jpg", "2.png"))

    assert done["status"] == "SUCCEEDED"
    assert done["job_id"].startswith("ft-")
    assert portrait(simulator, done["finetuned_output"]).status_code == 200
    totals = simulator.ledger(model="facechain-finetune")
    assert [task["images_charged"] for task in totals["tasks"]] == [1]


def test_a_job_learns_from_addresses_and_single_pictures_too(simulator: RunningSimulator) -> None:
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "PNG")
    job_id = train(simulator, PICTURE, upload(simulator, out.getvalue())).json()["output"]["job_id"]

    wait_until(lambda: job(simulator, job_id)["status"] == "SUCCEEDED")


def test_a_job_fails_when_a_portrait_cannot_be_fetched(simulator: RunningSimulator) -> None:
    address = f"http://127.0.0.1:{refused_port()}/1.jpg"
    job_id = train(simulator, address).json()["output"]["job_id"]

    wait_until(lambda: job(simulator, job_id)["status"] == "FAILED")
    assert job(simulator, job_id)["code"] == "InvalidURL.ConnectionRefused"


def test_a_job_is_no_task(simulator: RunningSimulator) -> None:
    done = trained(simulator, archive("1.jpg"))

    assert simulator.output(done["job_id"])["task_status"] == "UNKNOWN"
    assert simulator.client.get("/api/v1/tasks").json()["total"] == 0


@pytest.mark.parametrize("content", [b"no archive", archive("notes.txt")])
def test_a_job_without_pictures_fails_unpaid(simulator: RunningSimulator, content: bytes) -> None:
    done = trained(simulator, content)

    assert (done["status"], done["code"]) == ("FAILED", "InvalidFile.Format")
    assert portrait(simulator, done["finetuned_output"]).status_code == 403
    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_jobs_run_one_after_another_and_are_cancelled_while_they_wait(
    simulator: RunningSimulator,
) -> None:
    simulator.configure(running=1, generation_s=60)
    file_id = upload(simulator, archive("1.jpg"))
    first, second = (train(simulator, file_id).json()["output"]["job_id"] for _ in range(2))

    assert job(simulator, first)["status"] == "RUNNING"
    assert simulator.client.post(f"{JOBS}/{second}/cancel").status_code == 200
    assert job(simulator, second)["status"] == "CANCELED"
    refused = simulator.client.post(f"{JOBS}/{first}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (400, "UnsupportedOperation")
    listed = simulator.client.get(JOBS, params={"page_size": 1}).json()["output"]
    assert (listed["total"], [one["job_id"] for one in listed["jobs"]]) == (2, [second])


def test_only_finished_resources_of_the_account_are_good(simulator: RunningSimulator) -> None:
    simulator.configure(generation_s=60)
    file_id = upload(simulator, archive("1.jpg"))
    unfinished = f"facechain-finetune-{train(simulator, file_id).json()['output']['job_id']}"

    for resource in (unfinished, "women_model", None):
        refused = portrait(simulator, resource)
        assert (refused.status_code, refused.json()["code"]) == (403, "Resource.AccessDenied")


@pytest.mark.parametrize(
    "ids",
    [None, [], "one", [1], ["unknown"], [PICTURE, "unknown"], [PICTURE] * 11],
)
def test_a_job_needs_files_of_the_account(simulator: RunningSimulator, ids: object) -> None:
    body = {"model": "facechain-finetune", "training_file_ids": ids}
    refused = simulator.client.post(JOBS, json=body)

    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidParameter")


def test_another_key_sees_neither_files_nor_jobs(simulator: RunningSimulator) -> None:
    done = trained(simulator, archive("1.jpg"))
    file_id = done["training_file_ids"][0]
    other = {"Authorization": "Bearer sk-other"}

    for path in (f"{FILES}/{file_id}", f"{JOBS}/{done['job_id']}"):
        assert simulator.anonymous.get(path, headers=other).status_code == 404
        assert simulator.anonymous.get(path).status_code == 401


def test_files_are_shown_and_deleted(simulator: RunningSimulator) -> None:
    content = archive("1.jpg")
    file_id = upload(simulator, content)

    shown = simulator.client.get(f"{FILES}/{file_id}").json()["data"]
    assert (shown["size"], shown["description"]) == (len(content), "faces")
    assert simulator.client.get(FILES).json()["data"]["total"] == 1
    assert simulator.client.delete(f"{FILES}/{file_id}").status_code == 200
    assert simulator.client.get(f"{FILES}/{file_id}").status_code == 404


def test_what_is_no_form_is_refused(simulator: RunningSimulator) -> None:
    for answer in (
        simulator.client.post(FILES, json={}),
        simulator.client.post(FILES, files={"other": ("a.zip", b"")}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


def test_faults_strike_uploads_and_jobs(simulator: RunningSimulator) -> None:
    simulator.script(
        {"on": "upload", "do": {"kind": "error", "status": 500}},
        {"on": "create", "match": "facechain-finetune", "do": {"kind": "drop-after"}},
    )
    file = {"files": ("faces.zip", archive("1.jpg"))}
    assert simulator.client.post(FILES, files=file).status_code == 500
    file_id = upload(simulator, archive("1.jpg"))
    with pytest.raises(httpx2.TransportError):
        train(simulator, file_id)

    assert simulator.ledger()["totals"]["accepted_creates"] == 1


def test_training_is_not_ordered_as_a_picture(simulator: RunningSimulator) -> None:
    request = GOOD["wanx-v1"]
    answer = send(simulator, request, request.body("facechain-finetune"))

    assert answer.json()["message"] == "url error, please check url!"
    assert order(simulator, "wanx-v1").status_code == 200

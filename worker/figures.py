"""Every figure a worker process exposes: its kind, its name, its labels, and what it says.

Labels have few values: lanes, schedules, states, classes of errors. No batch and no job is ever a label. Figures in
`FLEET` are read from the ledger, by the process that leads; the others each process counts for itself.
"""

from __future__ import annotations

from schemas.failure import ErrorClass
from schemas.figure import Figure
from schemas.states import ENDED_STATES

STEPS = Figure(
    "counter",
    "imagemill_steps_total",
    ("lane", "step", "outcome"),
    "Steps of jobs, by how they ended.",
)
STEP_SECONDS = Figure(
    "histogram",
    "imagemill_step_seconds",
    ("step",),
    "How long a step took, waits for slots included.",
)
REQUESTS = Figure(
    "counter",
    "imagemill_requests_total",
    ("lane", "phase", "answer"),
    "Requests to a provider and its picture hosts. phase: submit, generate, poll, list, cancel, fetch."
    " answer: ok, not_sent, unanswered, the class of the error (throttled is a 429), or why a picture"
    " did not come.",
)
REQUEST_SECONDS = Figure(
    "histogram",
    "imagemill_request_seconds",
    ("lane", "phase"),
    "How long the provider took to answer, from the moment the request left.",
)
STORAGE_SECONDS = Figure(
    "histogram",
    "imagemill_storage_seconds",
    ("operation",),
    "How long storage took: put, get, head, delete.",
)
STORAGE_ERRORS = Figure(
    "counter",
    "imagemill_storage_errors_total",
    ("operation",),
    "Operations that storage failed at.",
)
SLOTS = Figure(
    "counter",
    "imagemill_bucket_slots_total",
    ("lane", "bucket", "answer"),
    "Slots asked for. bucket: orders or queries. answer: granted, or too_far ahead to wait for.",
)
SLOT_WAIT = Figure(
    "counter",
    "imagemill_bucket_wait_seconds_total",
    ("lane", "bucket"),
    "Seconds that lay before the slots granted.",
)
JOBS_ENDED = Figure(
    "counter",
    "imagemill_jobs_ended_total",
    ("lane", "state"),
    "Jobs that ended, by how they did; without those that were drawn before.",
)
JOBS_REUSED = Figure(
    "counter",
    "imagemill_jobs_reused_total",
    ("lane",),
    "Jobs that ended at once and for nothing: an earlier batch has their pictures.",
)
JOB_ERRORS = Figure(
    "counter",
    "imagemill_job_errors_total",
    ("lane", "error_class"),
    "Failures in the results of jobs that ended, by class.",
)
IMAGES = Figure("counter", "imagemill_images_total", ("lane",), "Pictures of jobs that ended.")
IMAGE_BYTES = Figure(
    "counter", "imagemill_image_bytes_total", ("lane",), "Bytes of these pictures."
)
COST = Figure(
    "counter", "imagemill_cost_total", ("lane", "currency"), "What jobs that ended have cost."
)
AT_RISK = Figure(
    "counter",
    "imagemill_at_risk_total",
    ("lane", "currency"),
    "What orders may have cost of which nothing came.",
)
DOUBLE_CHARGES = Figure(
    "counter",
    "imagemill_possible_double_charges_total",
    ("lane",),
    "Orders sent again although the first may have been paid for.",
)
CLAIMS_EXPIRED = Figure(
    "counter",
    "imagemill_claims_expired_total",
    ("lane",),
    "Jobs handed out anew, as whoever had them said nothing until the lease ended.",
)
LATE_WRITES = Figure(
    "counter",
    "imagemill_late_writes_total",
    ("lane",),
    "Outcomes refused, since somebody else held the job by then.",
)
CHUNKS = Figure(
    "counter",
    "imagemill_chunks_total",
    ("lane", "chore"),
    "Chunks by what was done: load, seal, withdraw.",
)
BATCHES_FINISHED = Figure(
    "counter", "imagemill_batches_finished_total", (), "Batches whose tables were written."
)
BROKEN = Figure(
    "counter",
    "imagemill_broken_total",
    ("task",),
    "Steps and chores that ended in an error nobody foresaw.",
)
LEADER = Figure("gauge", "imagemill_leader", (), "1 where this process's dispatcher leads, else 0.")
THREADS = Figure("gauge", "imagemill_threads", (), "Threads of this process.")
THREADS_BUSY = Figure(
    "gauge", "imagemill_threads_busy", (), "Threads of this process that hold a job."
)

BEATS = Figure("gauge", "imagemill_beats", (), "Processes that fire schedules and read manifests.")
MANIFESTS_WAITING = Figure(
    "gauge", "imagemill_manifests_waiting", (), "Manifests that the fleet is to read, and has not."
)
NIGHT_FAILED = Figure(
    "gauge",
    "imagemill_schedule_night_failed",
    ("schedule",),
    "1 where the schedule's last night was missed or its manifest refused, else 0.",
)
JOBS = Figure("gauge", "imagemill_jobs", ("lane", "state"), "Unfinished jobs by state.")
OLDEST_WAITING = Figure(
    "gauge",
    "imagemill_lane_oldest_waiting_seconds",
    ("lane",),
    "Age of the oldest batch of which jobs wait, and are not held.",
)
AGENDA_LAG = Figure(
    "gauge",
    "imagemill_lane_agenda_lag_seconds",
    ("lane",),
    "By how much the most overdue moment of a job is late.",
)
WINDOW_USED = Figure(
    "gauge", "imagemill_lane_window_used", ("lane",), "Jobs that have a place in the window."
)
WINDOW_LIMIT = Figure("gauge", "imagemill_lane_window_limit", ("lane",), "Places of the window.")
RATE_USED = Figure(
    "gauge",
    "imagemill_lane_rate_used_per_second",
    ("lane",),
    "Orders a second, by the last that left.",
)
RATE_LIMIT = Figure(
    "gauge", "imagemill_lane_rate_limit_per_second", ("lane",), "Orders a second that may leave."
)
RATE_LEFT = Figure(
    "gauge",
    "imagemill_lane_rate_left_ratio",
    ("lane",),
    "Share of the rate that refusals have left; it recovers with each order.",
)
BINDS = Figure(
    "gauge",
    "imagemill_lane_binds",
    ("lane", "limit"),
    "1 for what keeps the lane from ordering more, 0 for the rest: nothing_to_do, stopped, paused,"
    " hours, budget, provider, storing, query_rate, running, rate, workers.",
)
THREADS_WANTED = Figure(
    "gauge",
    "imagemill_lane_threads_wanted",
    ("lane", "calls"),
    "Worker threads that the lane's jobs can keep busy within its limits. calls: short, or long for those"
    " of the queue generate.",
)
QUEUE = Figure("gauge", "imagemill_queue_messages", ("queue",), "Messages that wait for a thread.")
WORKERS = Figure("gauge", "imagemill_workers", (), "Worker processes that have reported in.")
WORKER_THREADS = Figure("gauge", "imagemill_worker_threads", (), "Threads of all of them.")
BATCHES_OPEN = Figure("gauge", "imagemill_batches_open", (), "Batches that are not finished.")

RARE: dict[Figure, tuple[tuple[str, ...], ...]] = {
    JOBS_ENDED: tuple((str(state),) for state in ENDED_STATES),
    JOB_ERRORS: tuple((str(error_class),) for error_class in ErrorClass),
    JOBS_REUSED: ((),),
    IMAGES: ((),),
    IMAGE_BYTES: ((),),
    DOUBLE_CHARGES: ((),),
    CLAIMS_EXPIRED: ((),),
    LATE_WRITES: ((),),
}
"""Figures whose first count matters, with the labels they may have beside their lane."""

OWN = (
    STEPS, STEP_SECONDS, REQUESTS, REQUEST_SECONDS, STORAGE_SECONDS, STORAGE_ERRORS, SLOTS, SLOT_WAIT,
    JOBS_ENDED, JOBS_REUSED, JOB_ERRORS, IMAGES, IMAGE_BYTES, COST, AT_RISK, DOUBLE_CHARGES, CLAIMS_EXPIRED,
    LATE_WRITES, CHUNKS, BATCHES_FINISHED, BROKEN, LEADER, THREADS, THREADS_BUSY,
)  # fmt: skip
FLEET = (
    BEATS, MANIFESTS_WAITING, NIGHT_FAILED,
    JOBS, OLDEST_WAITING, AGENDA_LAG, WINDOW_USED, WINDOW_LIMIT, RATE_USED, RATE_LIMIT, RATE_LEFT, BINDS,
    THREADS_WANTED, QUEUE, WORKERS, WORKER_THREADS, BATCHES_OPEN,
)  # fmt: skip

"""Every figure a beat exposes: of the nights that it fires and the manifests that it reads.

No batch and no manifest is ever a label; a schedule is one, as there are few.
"""

from __future__ import annotations

from schemas.figure import Figure

NIGHTS = Figure(
    "counter",
    "imagemill_schedule_nights_total",
    ("schedule", "outcome"),
    "Nights of schedules by what this beat did: fired, or missed.",
)
INTAKE_OUTCOMES = ("handed_in", "refused", "later", "broke")
INTAKES = Figure(
    "counter",
    "imagemill_intakes_total",
    ("outcome",),
    "Manifests read, by how it ended: handed_in, refused, later (it is tried again), or broke.",
)
INTAKE_SECONDS = Figure(
    "histogram", "imagemill_intake_seconds", (), "How long a manifest took to be read."
)
INTAKE_JOBS = Figure(
    "counter", "imagemill_intake_jobs_total", (), "Jobs of manifests that were handed in."
)
READING = Figure("gauge", "imagemill_intakes_reading", (), "Manifests being read.")
TROUBLE = Figure(
    "counter",
    "imagemill_beat_trouble_total",
    ("cause",),
    "Turns that came to nothing, one is made each second. cause: ledger, or broke.",
)

BEAT = (NIGHTS, INTAKES, INTAKE_SECONDS, INTAKE_JOBS, READING, TROUBLE)

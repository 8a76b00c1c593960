"""Alerts, dashboard and runbook speak of the metrics there are, and of each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from schemas.beat_figures import BEAT
from schemas.failure import ErrorClass
from schemas.figure import Figure
from schemas.lane import Limit
from schemas.states import JobState
from tests.docs.written_command import unknown_words
from worker.figures import FLEET, OWN
from worker.metrics_page import page

ROOT = Path(__file__).parents[2]
ALERTS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))
PROMETHEUS = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
DASHBOARD = json.loads((ROOT / "deploy/grafana/imagemill.json").read_text("utf-8"))
RUNBOOK = (ROOT / "deploy/runbook.md").read_text("utf-8")
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds."""
_ENDINGS = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
OURS: dict[str, Figure] = {
    f"{figure.name}{ending}": figure
    for figure in (*OWN, *FLEET, *BEAT)
    for ending in _ENDINGS[figure.kind]
}
OTHERS = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes"}
"""Prometheus' own, and its client's of each process: tests/system/test_metrics.py reads those."""
VALUES: dict[str, set[str]] = {
    "limit": {*map(str, Limit)},
    "state": {*map(str, JobState)},
    "error_class": {*map(str, ErrorClass)},
    "answer": {"ok", "not_sent", "unanswered", "granted", "too_far", *map(str, ErrorClass)},
    "calls": {"short", "long"},
    "phase": {"submit", "generate", "poll", "list", "cancel", "fetch"},
}
"""What labels may say, where a query asks for one value."""


def panels() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


SCALING = [
    (one["metadata"]["name"], one["spec"]["triggers"][0]["metadata"]["query"])
    for one in yaml.safe_load_all((ROOT / "deploy/kubernetes/base/scaling.yaml").read_text("utf-8"))
]
QUERIES = [*((rule["alert"], rule["expr"]) for rule in RULES), *panels(), *SCALING]


def parsed(query: str) -> promql.Expr:
    """A query as Prometheus gets it."""
    return promql.parse(query.replace("$__rate_interval", "1m").replace("$lane", ".*"))


class Query:
    """What a query reads, and how."""

    def __init__(self, text: str) -> None:
        self.selectors: list[promql.VectorSelector] = []
        self.functions: dict[str, set[str]] = {}
        """Metric -> functions that are given a range of it."""
        self.grouped: set[str] = set()
        promql.walk(parsed(text), self._visit)

    def _visit(self, expr: promql.Expr) -> bool:
        if isinstance(expr, promql.VectorSelector) and expr not in self.selectors:
            self.selectors.append(expr)
        if isinstance(expr, promql.AggregateExpr) and expr.modifier is not None:
            self.grouped |= set(expr.modifier.labels)
        if isinstance(expr, promql.Call):
            for given in expr.args:
                if isinstance(given, promql.MatrixSelector):
                    self.selectors.append(given.vector_selector)
                    name = str(given.vector_selector.name)
                    self.functions.setdefault(name, set()).add(expr.func.name)
        return True


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=lambda value: value[:40])
def test_a_query_reads_metrics_that_are_there(title: str, query: str) -> None:
    found = Query(query)
    assert found.selectors
    labels: set[str] = set()
    for selector in found.selectors:
        name = selector.name
        assert name in OURS or name in OTHERS, name
        known = {*OURS[name].labels, *SCRAPED} if name in OURS else SCRAPED
        known |= {"le"} if name is not None and name.endswith("_bucket") else set()
        for matcher in selector.matchers.matchers:
            assert matcher.name in known, f"{name} has no label {matcher.name}"
            asked = set(matcher.value.split("|")) - {".*"}
            assert asked <= VALUES.get(matcher.name, asked), f"{matcher.name} never says {asked}"
        labels |= known
    assert found.grouped <= labels


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=lambda value: value[:40])
def test_counters_are_read_as_rates_and_gauges_as_they_are(title: str, query: str) -> None:
    found = Query(query)
    for name in {str(selector.name) for selector in found.selectors} & set(OURS):
        used = found.functions.get(name, set())
        if OURS[name].kind == "gauge":
            assert used <= {"avg_over_time"}, name
        else:
            assert used, f"{name} begins anew with each process"
            assert used <= {"rate", "increase"}, name


def test_every_metric_is_shown() -> None:
    shown = {selector.name for _, query in QUERIES for selector in Query(query).selectors}
    silent = {
        figure.name
        for figure in (*OWN, *FLEET, *BEAT)
        if not shown & {f"{figure.name}{ending}" for ending in _ENDINGS[figure.kind]}
    }
    assert silent <= {
        "imagemill_steps_total",  # the log says more
        "imagemill_worker_threads",  # the sum of imagemill_threads, where not all are scraped
        "imagemill_possible_double_charges_total",  # where somebody chose "resubmit", it is no news
    }


def test_metrics_a_legend_or_a_message_names_are_labels_of_their_query() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert named <= Query(target["expr"]).grouped | SCRAPED | {"queue"}, panel["title"]
    for rule in RULES:
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert named <= Query(rule["expr"]).grouped | SCRAPED, rule["alert"]


def anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    sections = re.findall(r"^## (.+)\n\n(.+)", RUNBOOK, re.MULTILINE)
    assert [heading for heading, _ in sections] == [rule["alert"] for rule in RULES]
    for rule in RULES:
        where = rule["annotations"]["runbook"]
        assert where == f"deploy/runbook.md#{anchor(rule['alert'])}"
        assert rule["labels"]["severity"] in ("info", "warning", "critical")


COMMANDS = sorted(set(re.findall(r"`(imagemill [a-z][^`]*)`", RUNBOOK)))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_runbook_is_one(command: str) -> None:
    assert unknown_words(command) == set()


METRICS_NAMED = sorted(set(re.findall(r"`(imagemill_\w+)`", RUNBOOK)))


@pytest.mark.parametrize("name", METRICS_NAMED)
def test_a_metric_of_the_runbook_is_one(name: str) -> None:
    assert name in {figure.name for figure in (*OWN, *FLEET, *BEAT)}


def test_prometheus_reads_these_alerts_under_the_name_they_ask_for() -> None:
    assert PROMETHEUS["rule_files"] == ["alerts.yml"]
    jobs = {job["job_name"] for job in PROMETHEUS["scrape_configs"]}
    asked = {
        matcher.value
        for _, query in QUERIES
        for selector in Query(query).selectors
        for matcher in selector.matchers.matchers
        if matcher.name == "job"
    }
    assert asked == jobs == {"imagemill"}


def test_the_page_says_what_the_figures_say() -> None:
    words = "docs/metrics.md is stale: python -m worker.metrics_page > docs/metrics.md"
    assert (ROOT / "docs" / "metrics.md").read_text("utf-8") == page(), words


def test_no_figure_is_labelled_by_what_never_ends() -> None:
    labels = {label for figure in (*OWN, *FLEET, *BEAT) for label in figure.labels}
    assert not labels & {"batch", "job", "row", "ticket", "url", "prompt"}
    names = [figure.name for figure in (*OWN, *FLEET, *BEAT)]
    assert len(set(names)) == len(names)

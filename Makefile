# Everything a newcomer, a developer and CI call. `make demo` and `make test` need only Python 3.11+.

PYTHON ?= python3
BIN := .venv/bin

# Where it is set, each of hundreds of processes would compile everything for itself.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo test check compiled unit chaos bench bench-quick pictures clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch .venv/installed $@

install: .venv/installed ## Install imagemill into .venv

demo: .venv/installed ## Turn a small catalogue into pictures, without key or cost
	$(BIN)/imagemill run examples/catalog.csv --simulate

test: .venv/installed-dev ## Check and test everything
	@$(MAKE) --no-print-directory --jobs 2 check compiled
	@$(MAKE) --no-print-directory unit

check: .venv/installed-dev ## Format, lint, imports and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

compiled: .venv/installed-dev
	@# Once, beside the checks: else each of the test processes compiles all tests for itself.
	@$(BIN)/pytest --collect-only --quiet >/dev/null

unit: .venv/installed-dev ## Run all tests on real servers
	$(BIN)/pytest -n 6 --dist worksteal

chaos: .venv/installed-dev ## A seeded storm of kills, restarts and faults, with its verdict (STORM="--seed 1")
	$(BIN)/python -m tests.storm $(STORM)

bench: .venv/installed-dev ## Measure, and write bench/results.json and the table in bench/README.md
	$(BIN)/python -m bench

bench-quick: .venv/installed-dev ## The same in less than two minutes, written nowhere
	$(BIN)/python -m bench --quick

pictures: .venv/installed-dev ## Take the guides' pictures of the contact sheet anew, in Chromium
	$(BIN)/python -m tests.docs.guide_pictures

clean: ## Remove what was built and ordered here
	rm -rf .venv out

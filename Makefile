# One command a job; each sets up what it needs. `make demo` and `make test` are all a newcomer types.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test check fix bench accuracy acceptance acceptance-radio clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## a simulated person does a short plan: live counts, stored session, therapist's CSV
	$(BIN)/sensorhub demo

test: $(STAMP) ## every test
	$(BIN)/python -m pytest -n auto

check: $(STAMP) ## format, lint, types, import directions, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(STAMP) ## format and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## microseconds a sample, side by side with the bare filter
	$(BIN)/python -m benchmarks

accuracy: $(STAMP) ## how well everything counts, simulated and real: writes docs/accuracy.md
	$(BIN)/python -m benchmarks.accuracy

acceptance: $(STAMP) acceptance-radio ## the slow, most real runs: 30 kills, 20 disconnects on both kinds of link
	SENSORHUB_KILLS=30 $(BIN)/python -m pytest tests/integration

acceptance-radio: $(STAMP) ## the real BlueZ and serial driver in virtual machines (root): writes docs/acceptance.md
	$(BIN)/python -m acceptance

clean: ## remove the virtual environment and caches (never recorded sessions)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info

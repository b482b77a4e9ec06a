# One command a job; each sets up what it needs. `make demo` and `make test` are all a newcomer types.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SYSTEM := $(VENV)/.system-packages

.PHONY: help demo test check fix bench accuracy acceptance acceptance-radio acceptance-service long clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## a simulated person does a short plan, start to CSV; on a page: make demo ARGS=--web
	$(BIN)/sensorhub demo $(ARGS)

$(SYSTEM): tests/system-packages.txt tests/system-packages.sh
	sh tests/system-packages.sh
	@mkdir -p $(VENV) && touch $@

test: $(STAMP) $(SYSTEM) ## every test
	$(BIN)/python -m pytest -n 3 --dist worksteal

check: $(STAMP) ## format, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(STAMP) ## format and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## microseconds a sample beside the bare filter; the page with 20 viewers, and its latency
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.page

accuracy: $(STAMP) ## how well everything counts, simulated and real: writes docs/accuracy.md
	$(BIN)/python -m benchmarks.accuracy

acceptance: $(STAMP) acceptance-radio acceptance-service ## the most real runs: virtual machines, a fresh Debian root, 30 kills
	SENSORHUB_KILLS=30 PYTEST_TIMEOUT=0 $(BIN)/python -m pytest tests/integration/test_run_kill.py tests/integration/test_store_kill.py

acceptance-service: ## the service in a fresh Debian root: install, upgrade, backup, uninstall (root; a skip says why and is no pass)
	bash deploy/try-in-root.sh

long: $(STAMP) ## what takes hours: 100 lost links, ten minutes of soak, an hour of clocks, 10^5 examples a driver
	PYTEST_TIMEOUT=0 SENSORHUB_LOSSES=100 $(BIN)/python -m pytest tests/integration/test_run_disconnects.py
	PYTEST_TIMEOUT=0 SENSORHUB_SOAK_S=600 $(BIN)/python -m pytest -s tests/integration/test_soak.py
	PYTEST_TIMEOUT=0 SENSORHUB_CLOCK_S=3600 $(BIN)/python -m pytest -s tests/integration/test_one_clock.py
	HYPOTHESIS_PROFILE=search PYTEST_TIMEOUT=0 SENSORHUB_EXAMPLES=100000 $(BIN)/python -m pytest -n auto tests/contracts/test_device_bytes.py

acceptance-radio: $(STAMP) ## the real BlueZ and serial driver in virtual machines (root): writes docs/acceptance.md
	$(BIN)/python -m acceptance

clean: ## remove the virtual environment and caches (never recorded sessions)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info

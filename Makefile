# make demo and make test do all set-up. Python 3.11 or newer and make are enough.
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: help demo test test-long bench screenshots lint format clean

help:
	@echo "make demo         plan, apply and plan again: the four example campaigns, on the embedded sandbox"
	@echo "make test         lint, types, import contracts, the whole test suite"
	@echo "make test-long    the suites that take long"
	@echo "make bench        speed and memory, as ratios"
	@echo "make screenshots  the pictures in docs/images, of the running sandbox and a plan; needs chromium"

# A folder that never was installed into would look finished: the stamp is made last.
.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: .venv/installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/demo.sh

test: .venv/installed lint
	$(BIN)/python -m pytest -n auto

test-long: .venv/installed
	$(BIN)/python -m pytest -n auto -m "long or not long"

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

screenshots: .venv/installed
	$(BIN)/python docs/screenshots.py

bench: .venv/installed
	$(BIN)/python -m benchmarks

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .octoplan

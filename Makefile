# Each target does its own set-up: a virtual environment in .venv, the dependencies, MiniLM's weights.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check bench

demo: .venv/installed
	$(BIN)/loopscope demo --out demo

test: .venv/installed-for-development
	$(BIN)/pytest -n auto

check: .venv/installed-for-development
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-for-development
	$(BIN)/python benchmarks/run.py

.venv/installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Loopscope needs Python 3.11 or newer; found none on the PATH. Say which: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	$(BIN)/loopscope model install MiniLM
	@touch $@

.venv/installed-for-development: .venv/installed
	$(PIP) --editable '.[evoc,ocr,postgres,video,test,check]'
	@touch $@

# Everything a person or CI calls. Needs Python 3.11 or later with pip and venv; installs the rest into .venv.
PYTHON ?= python3
UV_VERSION = 0.13.9
VENV = .venv
BIN = $(VENV)/bin
UV = VIRTUAL_ENV=$(VENV) $(BIN)/uv

CORPUS ?= ../shared/corpus
HISTORIES ?= ../shared/histories

.PHONY: help setup lint types wheel test demo bench corpus clean

help:
	@echo "make demo   an agent's day with watchkeeper, played for real (about three minutes)"
	@echo "make test   lint, types, wheel, and the tests against the installed wheel"
	@echo "make bench  the budgets, each beside its reference"
	@echo "make corpus CORPUS=FOLDER HISTORIES=FOLDER   how labelled logs and curves are judged"

$(VENV)/uv-$(UV_VERSION):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	touch $@

# Everything that the lock names, but not the project itself: that is installed as a wheel, as a user gets it.
$(VENV)/locked: $(VENV)/uv-$(UV_VERSION) uv.lock
	$(UV) sync --quiet --active --frozen --inexact --no-install-project --all-extras --group dev
	touch $@

setup: $(VENV)/locked

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/pyright --warnings

wheel: setup
	rm -rf build dist
	$(UV) build --quiet --wheel
	$(UV) pip install --quiet --no-deps --reinstall dist/*.whl

test: lint types wheel
	$(BIN)/python -P -m pytest

demo: setup wheel
	$(BIN)/python -P examples/eight_schools/play.py

bench: setup wheel
	$(BIN)/python -P benchmarks/run_all.py

corpus: setup wheel
	@test -d $(CORPUS) && $(BIN)/python -P benchmarks/corpus_table.py $(CORPUS) || echo "skipped: no logs in $(CORPUS)"
	@test -d $(HISTORIES) && $(BIN)/python -P benchmarks/judge_table.py $(HISTORIES) || echo "skipped: no curves in $(HISTORIES)"

clean:
	rm -rf $(VENV) build dist *.egg-info

# Evergreen: what people type. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
UV := $(BIN)/uv

.PHONY: help setup retrain promote demo demo-github backtest site doctor ingest test test-faults test-flows lint format bench bench-verdicts lock docs clean

help:  ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "Python 3.11 is needed, this is " + sys.version.split()[0] + ": make PYTHON=/path/to/python3.11 ...")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/run: requirements.txt | $(UV)
	@echo "Installing the locked packages ..."
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt | $(UV)
	@echo "Installing the locked packages and the tools for tests ..."
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.txt
	@touch $@ .venv/run

setup: .venv/run  ## Virtual environment with the locked packages (the others do it when needed)

retrain: .venv/run  ## Bring the next batch, retrain if there is a reason, judge the candidate
	@$(BIN)/python -m scripts.retrain $(ARGS); code=$$?; $(BIN)/python -m scripts.ledger add >/dev/null; exit $$code

promote: .venv/run  ## Make a candidate that won production on this machine
	@$(BIN)/python -m scripts.promote $(ARGS)

demo: .venv/run  ## Live through the year in a scratch copy: a table and a picture
	@$(BIN)/python -m scripts.demo $(ARGS)

demo-github: .venv/dev  ## The same year as pull requests, releases and a rollback, on a stand-in for GitHub
	@$(BIN)/python -m tests.demo_github $(ARGS)

backtest: .venv/run  ## Try policies of retraining on the history: a table, a picture, the params that served best
	@$(BIN)/python -m scripts.backtest $(ARGS)

site: .venv/run  ## One page of the model's state, its history and every run, in site/
	@$(BIN)/python -m scripts.site $(ARGS)

doctor: .venv/run  ## Look at this clone and its repository: what is missing, and the cure
	@$(BIN)/python -m scripts.doctor $(ARGS)

ingest: .venv/run  ## Only bring the next batch
	@$(BIN)/python -m scripts.ingest $(ARGS)

test: .venv/dev  ## All tests but the two below
	@$(BIN)/python -m pytest $(ARGS)

test-faults: .venv/dev  ## Every fault at every request to GitHub, and a crash at every one; prints the counts
	@$(BIN)/python -m pytest -m faults -rP $(ARGS)

test-flows: .venv/dev  ## The slow ones: more of the workflows, clusters, browsers, second variants of slow cases
	@$(BIN)/python -m pytest -m flows $(ARGS)

lint: .venv/dev  ## Format, lint and types, checked
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: .venv/dev  ## Put the code in its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/dev  ## Measure speed, memory, the gate and drift; writes benchmarks/RESULTS.md (three quarters of an hour)
	@$(BIN)/python -m benchmarks.overhead --write $(ARGS)
	@$(BIN)/python -m benchmarks.resampling --write
	@$(BIN)/python -m benchmarks.false_alarms --write
	@$(BIN)/python -m benchmarks.backtest --write

bench-verdicts: .venv/dev  ## How often the gate is wrong, on hold-outs whose truth is known (half an hour)
	@$(BIN)/python -m benchmarks.verdicts --write $(ARGS)

docs: .venv/dev  ## Write params.schema.json and the generated parts of README.md
	@$(BIN)/python -m scripts.params --write
	@$(BIN)/python -m scripts.readme

lock: | $(UV)  ## Lock the packages anew, from requirements.in and requirements-dev.in
	@$(UV) pip compile --quiet --upgrade --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	@$(UV) pip compile --quiet --generate-hashes --python-version 3.11 requirements-dev.in -c requirements.txt -o requirements-dev.txt

clean:  ## Remove the virtual environment and what runs left behind
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache demo backtest site

# make demo    the main job, from a fresh clone
# make examples  the other examples, with their figures in docs/figures
# make test    linters, types, import contracts and the whole test suite
# make quick   the tests without the slow ones
# make bench   speed, side by side with Brian 2 (installed into an environment of its own)
# make bench-farm   the farm at size: 100,000 runs, the plan of a million
PYTHON ?= python3
VENV   ?= .venv
JOBS   ?= 2
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

EXAMPLES := $(filter-out demo,$(basename $(notdir $(wildcard examples/*.py))))

.PHONY: demo examples test quick lint bench bench-farm clean
.DELETE_ON_ERROR:

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade "pip>=24"

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(PIP) --editable ".[plot]"
	touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(PIP) --editable ".[test]"
	touch $@

demo: $(VENV)/.demo
	$(BIN)/python examples/demo.py

examples: $(VENV)/.demo
	set -e; for name in $(EXAMPLES); do echo "$$name"; $(BIN)/python examples/$$name.py docs/figures/$$name.png; done

# mypy and import-linter look a package up by its folder's name, which a clone is free to choose.
.lint/spikefarm:
	mkdir -p .lint
	ln -sfn .. $@

lint: $(VENV)/.test .lint/spikefarm
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd .lint && PYTHONPATH=. ../$(BIN)/lint-imports --config ../pyproject.toml --no-cache

test: lint
	$(BIN)/python -m pytest -n $(JOBS)

quick: $(VENV)/.test
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

bench: $(VENV)/.demo
	tests/benchmarks/run.sh $(BIN)/python

bench-farm: $(VENV)/.demo
	$(BIN)/python tests/benchmarks/farm.py

clean:
	rm -rf $(VENV) .lint build *.egg-info

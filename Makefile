# Two commands do everything: `make demo` (the comparison report of a real city) and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test slow peers cluster validate bench lint clean
demo: $(VENV)/.installed
	$(BIN)/city-audience compare comparison=toulouse_2019

test: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 -m "not slow"

slow: $(VENV)/.tested
	$(BIN)/pytest -q -n 2 -m slow --ignore tests/test_cluster.py

# Other authors' programs, where they install: one that does not is skipped by name.
peers: $(VENV)/.tested
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[peers]"
	$(BIN)/pytest -q -rs tests/test_peers.py

# A Dask scheduler with two workers, and a Slurm of two nodes where it is installed: else skipped by name.
cluster: $(VENV)/.tested
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dask,slurm]"
	$(BIN)/pytest -q -rs tests/test_cluster.py

validate: $(VENV)/.installed
	$(BIN)/city-audience validate reduced=true

bench: $(VENV)/.installed
	$(BIN)/python tests/benchmarks/month.py

lint: $(VENV)/.tested
	$(BIN)/ruff check . && $(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache

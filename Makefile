# Two commands do everything: `make demo` (the comparison report of a real city) and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test slow peers cluster validate bench bench-month bench-peers bench-luck lint clean
demo: $(VENV)/.installed
	$(BIN)/city-audience compare comparison=toulouse_2019

test: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 -m "not slow"

slow: $(VENV)/.tested
	$(BIN)/pytest -q -n 2 -m slow --ignore tests/test_cluster.py

# Other authors' programs, where they install: one that does not is skipped by name.
peers: $(VENV)/.benched
	$(BIN)/pytest -q -rs tests/test_peers.py

# A Dask scheduler with two workers, and a Slurm of two nodes where it is installed: else skipped by name.
cluster: $(VENV)/.tested
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dask,slurm]"
	$(BIN)/pytest -q -rs tests/test_cluster.py

validate: $(VENV)/.installed
	$(BIN)/city-audience validate reduced=true

# Times for reading: a month of Toulouse, one cascade beside other authors' tools, what shared draws save.
bench:
	$(MAKE) bench-month
	$(MAKE) bench-peers
	$(MAKE) bench-luck

bench-month: $(VENV)/.benched
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/month.py

bench-peers: $(VENV)/.benched
	PYTHONPATH=tests $(BIN)/python -W ignore tests/benchmarks/peers.py

bench-luck: $(VENV)/.benched
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/luck.py

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

# The tests' packages and the peers, those that install: one that does not is told and done without.
$(VENV)/.benched: $(VENV)/.tested
	$(BIN)/python tests/benchmarks/install_peers.py
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache

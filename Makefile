# On a fresh machine with Python and make: `make demo` and `make test` set up what they need.
PYTHON ?= python3
VENV ?= .venv
IN := $(VENV)/bin/python

.PHONY: demo test model lint bench soak wheel clean

demo: $(VENV)/demo-is-installed
	$(IN) -m zuki demo

test: $(VENV)/test-is-installed
	$(IN) -m pytest --numprocesses=auto --max-worker-restart=0 --dist=loadfile --cov --cov-report= --ignore=tests/model
	$(IN) -m pytest --numprocesses=auto --max-worker-restart=0 tests/model -k "not needed" -m "not slow"  # the rest: make model

model: $(VENV)/test-is-installed
	$(IN) -m tests.model

lint: $(VENV)/test-is-installed
	$(IN) -m ruff check .
	$(IN) -m ruff format --check .

bench: $(VENV)/bench-is-installed
	$(IN) -m benchmarks

soak: $(VENV)/test-is-installed
	$(IN) -m benchmarks.soak

wheel: $(VENV)/demo-is-installed
	$(IN) -m pip wheel --quiet --no-deps --wheel-dir dist .

$(IN):
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo-is-installed: $(IN) pyproject.toml
	$(IN) -m pip install --quiet --editable .
	touch $@

$(VENV)/test-is-installed: $(IN) pyproject.toml
	$(IN) -m pip install --quiet --editable '.[test]'
	touch $@

$(VENV)/bench-is-installed: $(IN) pyproject.toml
	$(IN) -m pip install --quiet --editable '.[test,bench]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .coverage*

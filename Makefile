# make train: install into .venv, train the default network, print two tunes. make test: install what is missing, test.
# Anything typed behind ARGS= goes to the program: make train ARGS="model=lstm seed=1".
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DATA

.PHONY: train test test-slow lint bench clean

train: $(VENV)/installed
	$(BIN)/python train.py $(ARGS)

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not slow" --numprocesses 2 --dist worksteal $(ARGS)

test-slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow $(ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Every statement on speed as a ratio; DATA=course_tunes.txt adds those that were measured on the course's tunes.
bench: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The stamps follow the two files that say what is installed, so a pulled change reinstalls by itself.
$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@ $(VENV)/installed

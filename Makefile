# make train: install into .venv, train a network that composes tunes with form, print two. make test: install what is missing, test.
# Anything typed behind ARGS= goes to the program: make train ARGS="model.hidden=256 seed=1".
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DATA

# make reproduce: seeds=1 for a quick look; data="file data.path=tunes.txt data.split=contiguous" for other tunes.
seeds ?= 5
data ?= ryan
name ?= $(if $(filter ryan,$(data)),paper,paper-$(firstword $(data)))
second ?= $(if $(findstring split=contiguous,$(data)),tunes,contiguous)
EACH := $(BIN)/python train.py data=$(data) runs_dir=runs/$(name) trainer.scores=false hydra/launcher=cores
SEEDS = seed=$$(seq -s, 0 $$(($(seeds) - 1)))
PAPER := $(BIN)/python analyze.py analysis=paper runs=runs/$(name) name=$(name)

.PHONY: train test test-slow test-ray lint bench reproduce reproduce-long clean

train: $(VENV)/installed
	$(BIN)/python train.py experiment=compose $(ARGS)

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not slow and not ray" --numprocesses 2 --dist worksteal $(ARGS)

test-slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow $(ARGS)

# In an environment of its own: hydra-ray-launcher wants older packages than the four that are left out here.
test-ray: $(VENV)-ray/installed
	$(VENV)-ray/bin/python -m pytest -m ray $(ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Every statement on speed as a ratio; DATA=course_tunes.txt adds those that were measured on the course's tunes,
# ARGS="step rnn 32 100" chooses one.
bench: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks $(ARGS)

# Train the paper's experiments, time their epochs, write report/$(name)/index.html. What is finished is not done again;
# a run that fails (-) is named on the page.
reproduce: $(VENV)/installed
	-$(EACH) experiment=hidden $(SEEDS)
	-$(EACH) experiment=dropout $(SEEDS)
	-$(EACH) experiment=optimizers $(SEEDS)
	-$(BIN)/python -m charrnn.cli.epoch_time runs/$(name)/hidden
	-$(BIN)/python -m charrnn.cli.epoch_time runs/$(name)/dropout
	$(PAPER) $(ARGS)

# Also what some statements need: the sweep of learning rates, 100 epochs, the LSTM, the second split.
reproduce-long: reproduce
	-$(EACH) experiment=optimizers_lr
	-$(EACH) experiment=hidden trainer.max_epochs=100 $(SEEDS)
	-$(EACH) experiment=optimizers trainer.max_epochs=100 $(SEEDS)
	-$(EACH) experiment=hidden model=lstm $(SEEDS)
	-$(EACH) experiment=hidden data.split=$(second) $(SEEDS)
	$(PAPER) $(ARGS)

clean:
	rm -rf $(VENV) $(VENV)-ray .mypy_cache .pytest_cache .ruff_cache .hypothesis dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The stamps follow the two files that say what is installed, so a pulled change reinstalls by itself.
$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@ $(VENV)/installed

$(VENV)-ray/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)-ray
	grep -vE "^(cloudpickle|joblib|python-dateutil|urllib3)==" constraints.txt > $(VENV)-ray/constraints.txt
	$(VENV)-ray/bin/python -m pip install --quiet --disable-pip-version-check -c $(VENV)-ray/constraints.txt -e ".[dev,ray]"
	touch $@

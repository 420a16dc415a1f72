# Each target makes what it needs; there is nothing to install first but Python >= 3.11, a C compiler and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
# Exported rather than given as -c, so that it also holds where pip builds the package; relative, because pip would split
# the path of a folder with a space in its name.
CONSTRAINED := PIP_CONSTRAINT=constraints.txt
LOWEST := .venv-lowest
# What is compiled when the package is installed.
BUILT := setup.py $(wildcard src/dsa110_contimg/doctor/recorder/*.[ch] src/dsa110_contimg/images/native/*.[ch])

# Where CASA is at home PYTHONPATH often names packages of another Python.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
# An environment that could not be finished is begun anew by the next run.
.DELETE_ON_ERROR:
.PHONY: help demo test test-all test-lowest check bench docs clean

help:  ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.report  ## simulate a night, report on it, and examine an import that crashes
	rm -rf demo-output
	$(BIN)/dsa110-qa simulate demo-output --bad-epoch 7
	@$(BIN)/dsa110-qa report demo-output/epoch_*.fits --ms demo-output/simulated.ms --sources demo-output/catalogue.csv \
		--reference demo-output/catalogue.csv -o demo-output/report || test $$? -eq 1
	@echo
	@echo "Look at demo-output/report/index.html: the bad epoch, the dead antenna, and every source with its light curve"
	@echo "and its stamps. The truth stands in demo-output/truth.json."
	@echo
	@echo "And the crash that this project began with: an import that kills Python, examined by import-doctor."
	@echo
	$(BIN)/python tests/victims/build.py original demo-output/original
	@$(BIN)/import-doctor 'from contimg.qa import create_cutout' --env PYTHONPATH=demo-output/original \
		--html demo-output/crash.html || test $$? -eq 1
	@echo "The same as a page: demo-output/crash.html"

test: $(VENV)/.dev  ## run the tests
	$(PYTEST) -n 2 -m "not slow"

test-all: $(VENV)/.dev test-lowest  ## run the long batteries too, and the tests with the lowest allowed versions
	$(PYTEST) -n 2

test-lowest: $(LOWEST)/.dev
	$(LOWEST)/bin/python -m pytest -n 2 -m "not slow"

check: $(VENV)/.dev  ## style, types, import contracts, and the examples in the documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -q --doctest-modules --doctest-glob='*.md' src README.md docs

bench: $(VENV)/.bench  ## measure us and the peers side by side
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m benchmarks

docs: $(VENV)/.dev  ## draw the pictures of the documentation anew
	$(BIN)/python docs/draw_pictures.py

clean:  ## remove the environments, what the demo wrote, and every cache
	rm -rf $(VENV) $(LOWEST) demo-output .benchmarks .hypothesis .*_cache build

$(VENV)/pyvenv.cfg $(LOWEST)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; found: $$($(PYTHON) --version 2>&1). Run: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv --clear $(@D)

$(VENV)/.base: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt $(BUILT)
	$(CONSTRAINED) $(PIP) install --quiet -e .
	@touch $@

$(VENV)/.report: $(VENV)/.base
	$(CONSTRAINED) $(PIP) install --quiet -e '.[report]'
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(CONSTRAINED) $(PIP) install --quiet -e '.[dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(CONSTRAINED) $(PIP) install --quiet -e '.[bench]'
	@touch $@

$(LOWEST)/.dev: $(LOWEST)/pyvenv.cfg pyproject.toml constraints-lowest.txt $(BUILT)
	$(LOWEST)/bin/python -m pip --disable-pip-version-check install --quiet -c constraints-lowest.txt -e '.[test]'
	@touch $@

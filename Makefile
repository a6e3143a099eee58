# make lecture [ARGS="..."]   run the lecture's examples
# make notebooks              open the notebooks in JupyterLab
# make test                   check and test everything
# make coverage              test, and show which lines ran
# make bench [ARGS="..."]     measure against other libraries and hand-written NumPy (ARGS="--help" shows what there is)
# make test-all               test with each Python that is found, and the oldest and the newest NumPy
# PYTHON=... chooses the interpreter that .venv is made from.

VENV    := .venv
BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip install -qq --disable-pip-version-check
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
ARGS    ?=
# PyTorch, the tests' independent reference, may be a download of gigabytes: only CI insists on it.
EXTRAS  ?= dev$(if $(CI),$(comma)torch)
comma   := ,

.PHONY: lecture notebooks test test-all coverage bench lint format clean

lecture: $(VENV)/lecture.stamp
	@$(BIN)/python -m autograd_mini lecture $(ARGS)

notebooks: $(VENV)/notebook.stamp
	@$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/01-backprop-step-by-step.ipynb $(ARGS)

test: lint
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

# By itself: tracing every line doubles the time, and interrupt and mutation tests trace themselves.
coverage: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n auto --dist loadgroup --ignore=tests/trust/test_mutations.py --cov --cov-report=term $(ARGS)

bench: $(VENV)/bench.stamp
	$(BIN)/python -m benchmarks $(ARGS)

test-all: $(VENV)/lecture.stamp
	$(BIN)/python -m tests.trust.versions $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .*_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Asking each candidate is the only sure test: a version manager may offer names that do not run, and
# Debian's Python comes without ensurepip unless python3-venv is installed.
define set_up_venv
@$(BIN)/python -m pip --version >/dev/null 2>&1 && exit 0; \
for python in $(PYTHONS); do \
    if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
        echo "Setting up $(VENV) with $$($$python --version)"; \
        exec $$python -m venv --clear $(VENV); \
    fi; \
done; \
echo "Needed: Python 3.11 or later with its venv module (on Debian: apt install python3-venv)." >&2; \
echo "Tried: $(PYTHONS). Name another one with: make PYTHON=/path/to/python" >&2; \
exit 1
endef

# An upgrade may take away the interpreter that .venv links to: its stamps then vouch for nothing.
$(shell test -x $(BIN)/python || rm -f $(VENV)/*.stamp)

$(VENV)/lecture.stamp: pyproject.toml
	$(set_up_venv)
	@echo "Installing autograd-mini and what the lecture needs"
	@$(PIP) -e '.[lecture]'
	@touch $@

$(VENV)/notebook.stamp: pyproject.toml
	$(set_up_venv)
	@echo "Installing autograd-mini and JupyterLab"
	@$(PIP) -e '.[notebook]'
	@touch $@

$(VENV)/bench.stamp: pyproject.toml
	$(set_up_venv)
	@echo "Installing autograd-mini and what it is measured against (PyTorch among it)"
	@$(PIP) -e '.[bench]'
	@touch $@

# dev holds notebook, which holds lecture.
$(VENV)/dev.stamp: pyproject.toml
	$(set_up_venv)
	@echo "Installing autograd-mini and its development tools"
	@$(PIP) -e '.[$(EXTRAS)]'
	@touch $@ $(VENV)/lecture.stamp $(VENV)/notebook.stamp

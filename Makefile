# `make demo` sets up and segments a phantom; `make test` sets up and runs every check.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
# Python compiles the modules that it needs, a quarter of those of all packages, and must keep them.
INSTALL := $(PIP) install --no-compile -c constraints.txt
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test lint docs format wheel-check image-check weights setup setup-dev extras clean

CODE := src tests benchmarks tools docs

demo: $(VENV)/demo.stamp
	$(BIN)/panodent phantom --output demo/phantom --count 1 --seed 7 --overwrite
	$(BIN)/panodent predict demo/phantom/images --output demo/teeth --chart --overwrite
	$(BIN)/panodent evaluate demo/teeth demo/phantom --output demo/scores --overwrite
	@echo
	@echo "Pictures of what was found (research use only, not a medical device):"
	@ls demo/teeth/*/overlay.png demo/teeth/*/odontogram.png demo/scores/index.html

# Each worker computes with one thread: more would only wait for those of the others.
test: export OPENBLAS_NUM_THREADS ?= 1
test: export TF_NUM_INTRAOP_THREADS ?= 1
test: export TF_NUM_INTEROP_THREADS ?= 1
# More workers than two cores, for a fifth of the time a test waits for a browser, a database or a
# timer; each may take 2 GB. Files in the order of collection, the quick doctests last, so that all
# workers end at the same time.
test: WORKERS ?= 4
# Documentation and linters take a core each.
test: $(VENV)/dev.stamp
	$(MAKE) --no-print-directory --jobs 2 docs lint
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder \
		--durations 20 --durations-min 1

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema -q --builtin-schema vendor.compose-spec packaging/docker/compose.yaml
	$(BIN)/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/*.yml

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

# The site in build/docs; a warning, such as a dead link, is an error. Needs no network.
docs: $(VENV)/dev.stamp
	$(BIN)/python -m sphinx -W --keep-going -E -q -d build/doctrees docs build/docs

# Builds the wheel and uses it outside the repository; `make wheel-check KEEP=dist` keeps the files.
wheel-check: $(VENV)/bin/python
	$(BIN)/python tools/wheel_check.py $(if $(KEEP),--keep $(KEEP))

# Builds the container image without a container engine, and uses it. Needs root and debootstrap.
image-check: $(VENV)/dev.stamp
	$(BIN)/python tools/image_check.py $(if $(PLACE),--place $(PLACE))

# A bundle as it ships, from both data sets as published: `make weights UFBA=... HITL=...`. Hours.
# FROM=scratch begins with random weights, FROM=teacher needs a GPU; OUTPUT names the folder; the same command continues.
weights: $(VENV)/dev.stamp
	$(BIN)/python tools/weights.py --ufba "$(UFBA)" --hitl "$(HITL)" --output "$(or $(OUTPUT),weights)" --from $(or $(FROM),default)

setup: $(VENV)/demo.stamp
setup-dev: $(VENV)/dev.stamp
# JAX, Ray, MLflow and Weights & Biases: 900 MB; Datumaro and Label Studio's SDK: 70 MB, in a folder
# of their own, since they pin other versions. Without them their tests are skipped.
extras: $(VENV)/dev.stamp
	$(INSTALL) -e '.[dev-extras]'
	$(PIP) install --no-compile --no-deps --upgrade --target $(VENV)/oracles -r tests/oracles.requirements.txt

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Say which: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/demo.stamp

clean:
	rm -rf $(VENV) demo build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

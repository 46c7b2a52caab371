# make demo: a small study from nothing · make test, test-all, test-slurm · lint · docs · bench · setup
# make torture: faults, kills and two at once (part of make test-all) · envs: after each `uv lock`
# Each sets up .venv from uv.lock by itself, and does nothing twice.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
BIN := .venv/bin
# The minor of the conda environments where it is installed (pyenv's lie beside PATH), else any
MINOR := $(shell sed -n 's/.*python=//p' envs/tensorflow.yaml)
PYENV := $(lastword $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/$(MINOR).*/bin))
FOUND = $(shell PATH="$(PYENV:%=%:)$$PATH" $(UV) python find --system --no-python-downloads $(MINOR) 2>/dev/null)
SYNC = $(UV) sync --frozen --compile-bytecode $(FOUND:%=--python %)
DEMO := results/demo

.PHONY: demo test test-all test-slurm lint setup docs bench torture envs
.DEFAULT_GOAL := demo

demo: .venv/ready
	@echo "== A small study on built-in data (both models, 3 to 7 minutes on 2 cores)"
	$(BIN)/snakemake --workflow-profile profiles/demo
	@echo "== The report: $(CURDIR)/$(DEMO)/report.html"

test: .venv/ready
	@echo "== Unit tests, and real runs of a tiny study (4 to 11 minutes on 2 cores)"
	$(BIN)/pytest

test-all: .venv/ready
	@echo "== The rest: damage to every file, interrupts, wide studies, faults and kills"
	$(BIN)/pytest -m long --dist worksteal

test-slurm: .cluster-venv/ready
	@echo "== The tiny study on a Slurm of its own (root, Debian or Ubuntu; some 10 minutes)"
	.cluster-venv/bin/pytest -n 0 -s tests/slurm

lint: .venv/ready | $(UV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/mypy
	PYTHONPATH=workflow/scripts $(BIN)/lint-imports --no-cache
	$(BIN)/python .ci/audit.py $(UV)

# make torture SEED=18 for other moments than those of 17
torture: .venv/ready
	@echo "== Faults, kills and two at once (about 15 minutes on 2 cores)"
	$(BIN)/pytest -m long --dist worksteal tests/workflow/torture

# make bench ONLY="overhead loadgen" STUDY=folder STUDY2=folder APPEND=1, every one optional
bench: .bench-venv/ready .bench-extrap/ready
	@echo "== Benches of measuring (on a finished study) and of the pipeline (up to 10,000 made-up"
	@echo "   cells); about 45 minutes on a quiet machine, ONLY=\"planning merging\" for some of them"
	.bench-venv/bin/python -m bench $(ONLY) $(if $(STUDY),--study $(STUDY)) \
		$(if $(STUDY2),--study2 $(STUDY2)) $(if $(APPEND),--append)

docs: .venv/ready
	@echo "== The documentation: its generated pages, then the site; a warning is an error"
	$(BIN)/python docs/reference.py
	$(BIN)/sphinx-build -q -E -W --keep-going docs docs/_site
	@echo "Open: $(CURDIR)/docs/_site/index.html"

setup: .venv/ready

# What --use-conda installs is what .venv has: a file's pins are those of its group in uv.lock
envs: | $(UV)
	@for env in analysis tensorflow onnxruntime litert openvino; do \
		head=$$(sed '/- pip:/q' envs/$$env.yaml) && \
		pins=$$($(UV) export --frozen --quiet --only-group $$env \
			--no-hashes --no-header --no-annotate) && \
		printf '%s\n' "$$head" "$$pins" | sed '/==/s/^/      - /' > envs/$$env.yaml || exit 1; \
	done

.venv/ready: pyproject.toml uv.lock | $(UV)
	@echo "== Setting up .venv from uv.lock (TensorFlow is large: a few minutes at first)"
	$(SYNC)
	@touch $@

.cluster-venv/ready: pyproject.toml uv.lock | $(UV)
	@echo "== Setting up .cluster-venv from uv.lock (adds Slurm's executor plugin)"
	UV_PROJECT_ENVIRONMENT=.cluster-venv $(SYNC) --group cluster
	@touch $@

.bench-venv/ready: pyproject.toml uv.lock | $(UV)
	@echo "== Setting up .bench-venv from uv.lock (adds the load generator to be compared with)"
	UV_PROJECT_ENVIRONMENT=.bench-venv $(SYNC) --no-dev --group bench
	@touch $@

# Extra-P asks for an older NumPy, so it gets an environment of its own
.bench-extrap/ready: | $(UV)
	@echo "== Setting up .bench-extrap (the tool that predictions are compared with)"
	$(UV) venv --quiet --clear .bench-extrap
	$(UV) pip install --quiet --python .bench-extrap/bin/python extrap==4.2.5
	@touch $@

.uv/bin/uv:
	@echo "== Installing uv with pip into .uv"
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet uv

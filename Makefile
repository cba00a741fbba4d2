# Every target sets up what it needs: Python 3.11 or newer with venv and pip is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Using equisweep takes less than working on it: `make demo` waits for the former alone.
DEV := $(VENV)/.ready-to-work
# Nor do tests wait for linters.
LINT := $(VENV)/.ready-to-lint

# JAX with its support of GPUs, and several processes on one card.
WITH_GPU := $(BIN)/python -c 'import jax_cuda13_plugin' 2>/dev/null || \
    $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cuda13]'
TAKING_TURNS := XLA_PYTHON_CLIENT_PREALLOCATE=false

# `make` alone is `make demo`; `make help` lists the targets.
.PHONY: demo help test test-products test-slowest test-browser test-cluster test-gpu kernels faults lint docs bench bench-quick bench-sweep bench-gpu gallery notebooks clean

demo: $(READY)  ## sweep the published parameters into a cube, say where it lies, draw it
	mkdir -p demo
	$(BIN)/equisweep run sweeps/presets/external.toml -o demo/external.zarr
	$(BIN)/equisweep info demo/external.zarr
	$(BIN)/equisweep query demo/external.zarr --var investment --sel n=3 --sel beta=0.1 \
	    --sel alpha=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9
	$(BIN)/equisweep plot demo/external.zarr --var investment --x alpha --y beta --facet mechanism \
	    --sel n=3 -o demo/external.png
	@echo
	@echo "The cube lies in demo/external.zarr, its picture in demo/external.png. What to type next:"
	@echo "  $(BIN)/equisweep query demo/external.zarr --var investment --reduce max:alpha,beta"
	@echo "  $(BIN)/equisweep explore demo/external.zarr   # look at it in the browser"
	@echo "  $(BIN)/equisweep models             # what else there is; then docs/tutorial.md"

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

test: $(DEV)  ## the suite: every test but what make test-products tries
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	@echo "The command is $(BIN)/equisweep. What to type next: make demo, or"
	@echo "  $(BIN)/equisweep --help             # and docs/tutorial.md leads from nothing to a figure"

test-products: $(DEV)  ## laws of every pair and triple, of which the suite tries a part that covers each one, and laws that cost seconds
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "whole_product or costs_seconds"

test-slowest: $(DEV)  ## the suite, then its twenty slowest tests: look here first when it takes too long
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=20

test-browser: $(DEV)  ## the explorer in a headless chromium, alone and in JupyterLab; pictures in build/browser. It installs what it needs
	@for name in $(CHROMIUM) chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get install -y -q chromium || { apt-get update -q && apt-get install -y -q chromium; }; \
	else \
	    echo "make test-browser needs a chromium: install it (on Debian apt-get install chromium), or name it: make test-browser CHROMIUM=/path/to/it"; exit 1; \
	fi
	$(BIN)/python -c 'import jupyterlab, playwright' 2>/dev/null || \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest -n 0 tests/browser/check_*.py

test-cluster: $(DEV)  ## servers of S3, Google's and Azure's storage (npm), SLURM and SSH on loopback (Debian, root); 100 kills of Dask workers, cut links (iproute2). It gets what it needs
	$(BIN)/python -c 'import asyncssh, dask_jobqueue, obstore, moto.server, distributed, icechunk' 2>/dev/null || \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cluster]'
	@command -v ip >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    { apt-get install -y -q iproute2 || { apt-get update -q && apt-get install -y -q iproute2; }; }; } || \
	    echo "make test-cluster: no iproute2 here, and it could not be installed: no link of a worker will be cut"
	$(BIN)/python -m pytest -n 0 -rs tests/cluster/check_*.py

kernels: $(DEV)  ## every orbit on a GPU's threads, without one: assembled for three cards, bits compared; a table in build/kernels.md
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/gpu/check_kernels.py tests/gpu/check_single_precision.py

# What needs a GPU, then tests of the engine with it as JAX's device, as many as are left of four minutes hold.
test-gpu: $(DEV)  ## four minutes on a machine with an NVIDIA GPU: bits, memory, two sweeps at once, Ctrl-C. It installs what it needs
	@$(WITH_GPU)
	@began=$$(date +%s); \
	$(TAKING_TURNS) timeout --signal=INT 180 $(BIN)/python -m pytest -n 0 -rs tests/gpu/check_card.py || exit 1; \
	$(TAKING_TURNS) timeout --signal=INT $$((235 - $$(date +%s) + began)) $(BIN)/python -m pytest -n 4 --dist loadfile -q tests/engine/grid tests/engine/codegen/test_grid_loop.py \
	    tests/engine/codegen/test_lane_loop.py tests/engine/ode/test_trajectory.py || { [ $$? = 124 ] && echo "not all of them: the time was over"; }

faults: $(DEV)  ## 20 minutes of kills, failing disks, power cuts, damage and signals; docs/design/faults.md has the table
	cd tests && ../$(BIN)/python -m faults --table ../build/faults.md
	$(BIN)/python -m pytest -n 2 tests/faults/check_planted.py

lint: $(LINT)  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

# Beside the site stand the pictures of its notebooks, which the next site would be made from were they not in _build.
docs: $(DEV)  ## the documentation site; a warning is an error
	$(BIN)/python -m sphinx --builder html --jobs auto --fresh-env --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "The first page is docs/_build/html/index.html: open it in a browser."

bench: $(DEV)  ## every benchmark against its peers (pip install '.[bench]' for those); docs/benchmarks/index.md
	$(BIN)/python benchmarks/run_all.py --note "$(NOTE)"

bench-quick: $(DEV)  ## the same code on smaller sizes, in minutes
	$(BIN)/python benchmarks/run_all.py --quick --note "$(NOTE)"

bench-sweep: $(DEV)  ## a sweep into a store, against writing the same bytes alone
	$(BIN)/python benchmarks/grid_to_zarr.py

bench-gpu: $(DEV)  ## four minutes on a machine with an NVIDIA GPU: the goals of docs/howto/gpu.md, into build/gpu.md
	@$(WITH_GPU)
	$(TAKING_TURNS) timeout --signal=INT 235 $(BIN)/python benchmarks/on_a_gpu.py

gallery: $(READY)  ## the pictures of docs/gallery/index.md
	$(BIN)/python docs/gallery/draw.py

notebooks: $(DEV)  ## execute the notebooks of docs/notebooks and keep what they show
	$(BIN)/python docs/notebooks/execute.py

clean:  ## the environment, what tests compiled, the demo's cube and the site
	rm -rf $(VENV) .cache demo build docs/_build *.egg-info

# The pip that Python brings takes twice the time of the processor that a newer one takes (34 and 16 s).
# It would compile to bytecode on one core, tests of packages too: all cores do it, and what is no Python is passed over,
# as is what is hardly ever imported.
QUIETLY := --quiet --quiet --disable-pip-version-check
define setup
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
    { echo "equisweep needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
$(PYTHON) -m venv $(VENV)
$(BIN)/python -m pip install $(QUIETLY) 'pip>=25'
$(BIN)/python -m pip install $(QUIETLY) --no-compile --editable '.[$(1)]'
$(BIN)/python -m compileall -qq -j 0 -x '/(tests?|debugpy|fontTools|pip)/' $(VENV)/lib entry engine kernels sweeps || true
endef

$(READY): pyproject.toml
	$(call setup,explore)
	touch $(READY)

$(DEV): pyproject.toml
	$(call setup,dev)
	touch $(READY) $(DEV)

$(LINT): $(DEV)
	$(BIN)/python -m pip install $(QUIETLY) --no-compile --editable '.[lint]'
	touch $(LINT)

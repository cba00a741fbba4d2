# Every target sets up what it needs: Python 3.11 or newer with venv and pip is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint docs bench bench-quick bench-sweep gallery clean

demo: $(READY)  ## sweep the published parameters into a cube, say where it lies, draw it
	mkdir -p demo
	$(BIN)/equisweep run sweeps/presets/external.toml -o demo/external.zarr
	$(BIN)/equisweep info demo/external.zarr
	$(BIN)/equisweep query demo/external.zarr --var investment --sel n=3 --sel beta=0.1 \
	    --sel alpha=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9
	$(BIN)/equisweep plot demo/external.zarr --var investment --x alpha --y beta --facet mechanism \
	    --sel n=3 -o demo/external.png
	@echo
	@echo "The cube lies in demo/external.zarr, its picture in demo/external.png."

test: $(READY)  ## the whole suite
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY)  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

docs: $(READY)  ## the documentation site; a warning is an error
	$(BIN)/python -m sphinx --builder html --jobs auto --fresh-env --fail-on-warning --keep-going --quiet docs docs/_build
	@echo "The first page is docs/_build/index.html."

bench: $(READY)  ## every benchmark against its peers (pip install '.[bench]' for those); docs/benchmarks/index.md
	$(BIN)/python benchmarks/run_all.py --note "$(NOTE)"

bench-quick: $(READY)  ## the same code on smaller sizes, in minutes
	$(BIN)/python benchmarks/run_all.py --quick --note "$(NOTE)"

bench-sweep: $(READY)  ## a sweep into a store, against writing the same bytes alone
	$(BIN)/python benchmarks/grid_to_zarr.py

gallery: $(READY)  ## the pictures of docs/gallery/index.md
	$(BIN)/python docs/gallery/draw.py

clean:  ## the environment and the demo's cube
	rm -rf $(VENV) demo build *.egg-info

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "equisweep needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

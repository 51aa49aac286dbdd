# demo   the main job on a real service        test   the test suite
# check  format, lint, types, layers           bench  beside the peers, in one run
# Each makes .venv itself. PYTHON chooses the interpreter: make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
NATIVE := $(wildcard src/surgeline/_native/*.pyx src/surgeline/_native/*.pxd src/surgeline/_native/*.h) \
          $(wildcard src/surgeline/_native/core/*)
SOURCES := pyproject.toml setup.py $(NATIVE)

.PHONY: demo test check bench clean

demo: .venv/installed-demo
	@$(BIN)/surgeline demo coupons

test: .venv/installed-dev
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: .venv/installed-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/installed-bench
	@$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build src/*.egg-info
	find src -name '*.so' -delete

# One recipe for all: a venv, and the package in it with the extras that the target needs.
.venv/installed-demo: EXTRAS := systems,embedded
.venv/installed-dev: EXTRAS := dev
.venv/installed-bench: EXTRAS := dev,peers
.venv/installed-%: $(SOURCES) | .venv/made
	@echo "Installing surgeline[$(EXTRAS)] into .venv ..." >&2
	@$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]'
	@touch $@

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'surgeline needs Python 3.11 or later; choose one with: make PYTHON=python3.12 ...' >&2; exit 1; }
	@command -v "$${CC:-cc}" >/dev/null || \
		{ echo 'surgeline builds its core and needs a C compiler: install gcc or clang' >&2; exit 1; }
	@$(PYTHON) -c 'import os, sysconfig; sys_h = sysconfig.get_path("include") + "/Python.h"; raise SystemExit(not os.path.exists(sys_h))' || \
		{ echo 'surgeline builds its core and needs the headers of Python: install python3-dev' >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo 'the virtual environment could not be made: install python3-venv' >&2; exit 1; }
	@touch $@

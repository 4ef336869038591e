"""The files for contributors (Makefile, workflow, hooks) agree with each other and with the package."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.checkout
ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yaml"
HOOKS = ROOT / ".pre-commit-config.yaml"


def phony() -> list[str]:
    """The targets of the Makefile that are commands."""
    (line,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    return str(line).split()


def steps() -> list[dict[str, Any]]:
    """The steps of all jobs of both workflows."""
    workflows = [yaml.safe_load(path.read_text()) for path in WORKFLOW.parent.iterdir()]
    return [step for workflow in workflows for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("words", [["make"], ["make", "help"]])
def test_make_alone_lists_the_targets(words: list[str]) -> None:
    """`make` prints one line for each target, in the order of the Makefile, and does nothing else."""
    # As in a terminal: the tests themselves may be run by a make, whose flags another one inherits.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    listed = re.findall(r"^make ([a-z-]+) +(\S.*)$", done.stdout, re.MULTILINE)
    assert [target for target, _ in listed] == phony()
    assert len(done.stdout.splitlines()) == len(listed)


def test_actions_are_pinned_by_hash() -> None:
    """A tag can be moved to other code; a commit cannot."""
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in used)


def test_the_workflow_runs_what_is_there() -> None:
    """Its steps are `.ci/run` or targets of the Makefile."""
    for step in steps():
        if command := step.get("run"):
            assert command == ".ci/run" or command.split()[:1] == ["make"], command
            assert command == ".ci/run" or command.split()[1] in phony(), command


def test_the_workflow_tries_the_oldest_python() -> None:
    """The first version of the matrix is what the package requires."""
    versions = yaml.safe_load(WORKFLOW.read_text())["jobs"]["versions"]["strategy"]["matrix"]["python"]
    assert f">={versions[0]}" == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert versions == sorted(versions, key=lambda version: int(version.partition(".")[2]))


def test_the_wheel_is_tried_on_every_python() -> None:
    """Each night, on those that the source is tried on with each change."""
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    assert jobs["wheel"]["strategy"]["matrix"]["python"] == jobs["versions"]["strategy"]["matrix"]["python"]
    assert [step["run"] for step in jobs["wheel"]["steps"] if "run" in step][-1].startswith("make test-wheel ")


def test_the_hooks_run_the_programs_of_make_check() -> None:
    """Each hook of pre-commit is a program of .venv, and `make check` runs the same tools."""
    hooks = yaml.safe_load(HOOKS.read_text())["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["ruff-format", "ruff", "mypy", "documents"]
    for hook in hooks:
        program, *words = hook["entry"].split()
        assert program in (".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/pytest")
        assert all((ROOT / word).exists() for word in words if "/" in word)
        assert "pytest" in program or program.replace(".venv/bin", "$(BIN)") in MAKEFILE

"""What the layers in pyproject.toml do not say: no circles, each outside package in one room, who prints, small files.

`make check` holds the layers themselves, and who may import the sandbox (import-linter).
"""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.helpers.support import PACKAGE

ROOMS = {
    "boto3": {"aws", "api"},
    "botocore": {"aws", "api"},
    "keyring": {"stores"},
    "jeepney": {"stores", "desktop"},
    "prompt_toolkit": {"codes"},
    "tomllib": {"files"},
    "segno": {"terminal"},
    "joserfc": {"setup"},
    "cryptography": {"setup", "stores"},
    "tomli_w": {"config", "sessions", "stores"},
    "yaml": {"policy"},
    "argparse": {"cli", "commands"},
    "fcntl": {"files"},
    "marshal": {"config"},
    "moto": set[str](),
    "werkzeug": set[str](),
}
"""The rooms that may import each outside package or system module."""
PRINTING = {"cli", "commands"}
"""The rooms that may write to stdout."""
BY_NAME = {
    "mfasession": "mfasession.api",
    "mfasession.cli": "mfasession.commands.",
    "mfasession.cli.registry": "mfasession.commands.",
    "mfasession.commands.config": "mfasession.commands.config.",
    "mfasession.commands.keys": "mfasession.commands.keys.",
    "mfasession.commands.mfa": "mfasession.commands.mfa.",
    "mfasession.commands.policy": "mfasession.commands.policy.",
    "mfasession.commands.policy.audit_outputs": "mfasession.admin.reports.",
    "mfasession.policy": "mfasession.policy.",
}
"""Modules that import others by a string, and how the names of those begin."""


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str:
    """The room that a module belongs to, or its own name at the root."""
    return [*module.split("."), ""][1]


def imports_of(path: Path) -> set[str]:
    """The dotted names that a module imports at run time, in functions too; those for types alone are left out."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for statement in node.orelse:
                visit(statement)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text()))
    return found


def graph() -> dict[str, set[str]]:
    """The modules that each module imports, by a string too.

    A module may import the front door of its own room, which Python has loaded before it.
    """
    found: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        names = {name if name in MODULES else name.rpartition(".")[0] for name in imports_of(path)}
        if module in BY_NAME:
            names |= {name for name in MODULES if name.startswith(BY_NAME[module])}
        found[module] = {name for name in names & MODULES.keys() if not f"{module}.".startswith(f"{name}.")}
    return found


def circle(modules: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of one circle in the order of their imports; empty without one."""
    left = {module: set(wanted) for module, wanted in modules.items()}
    while free := [module for module, wanted in left.items() if not wanted & left.keys()]:
        for module in free:
            del left[module]
    walked: list[str] = []
    module = min(left, default="")
    while module and module not in walked:
        walked.append(module)
        module = min(left[module] & left.keys())
    return walked[walked.index(module) :] if module else []


def outside() -> Iterator[str]:
    """The modules outside the sandbox, which starts servers of its own and prints what they do."""
    return (module for module in MODULES if room_of(module) != "sandbox")


def test_no_circles_among_modules() -> None:
    """A module can be read when one has read what it imports."""
    assert circle(graph()) == []


def test_a_circle_is_found() -> None:
    """The test above can fail."""
    assert circle({"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": set()}) == ["b", "c"]


def test_modules_that_import_by_a_string_are_listed() -> None:
    """Such an import is seen by no tool; `plugins` does it for the files that lie in a room."""
    users = {
        module
        for module in outside()
        for node in ast.walk(ast.parse(MODULES[module].read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("__import__", "import_module")
        and not isinstance(node.args[0], ast.Constant)
    }
    rooms = ("plugins", "codes", "shells", "shells.hooks", "stores", "stores.keys", "setup.checks", "setup.importers")
    finders = {f"mfasession.{room}" for room in rooms}
    assert users - finders <= BY_NAME.keys()


@pytest.mark.parametrize("package", ROOMS)
def test_each_outside_package_is_imported_in_one_room(package: str) -> None:
    """boto3 in aws, keyring in stores, prompt_toolkit in codes."""
    users = {
        room_of(module)
        for module in outside()
        if any(name.split(".")[0] == package for name in imports_of(MODULES[module]))
    }
    assert users <= ROOMS[package]


def test_others_use_the_functions_of_the_policy_folder_alone() -> None:
    """Its modules are internal, for types too, which import-linter leaves out."""
    users = {
        f"{module}: {node.module}"
        for module, path in MODULES.items()
        if room_of(module) != "policy"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        if name.startswith("mfasession.policy.") and name in MODULES
    }
    assert users == set()


def test_only_commands_print() -> None:
    """Data goes to stdout from the commands alone: what lies below returns it."""
    writers = {room_of(module) for module in outside() if "sys.stdout" in MODULES[module].read_text()}
    assert writers <= PRINTING


def test_files_and_functions_are_small() -> None:
    """No file over 400 lines, no function over 50."""
    for path in MODULES.values():
        text = path.read_text()
        assert text.count("\n") <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 50, f"{path}: {node.name}"


def test_importing_the_package_costs_nothing() -> None:
    """`import mfasession` alone loads no other module of ours and nothing heavy."""
    code = "import sys; before = set(sys.modules); import mfasession; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mfasession"]

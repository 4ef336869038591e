"""The house stands: lower floors import no higher ones, each outside thing is touched in one room, hits stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "mfasession"

FLOORS = (
    ("words", ("errors", "causes", "system_errors", "values", "model", "device", "ini", "ini_edits", "totp",
               "durations",
               "timestamps", "text", "toml", "redaction", "key_shapes", "options", "hints", "roles",
               "account", "credential_report", "__init__")),
    (
        "edges",
        (
            "files", "trust", "attributes", "writing", "in_place", "hardening", "locks", "editing", "paths", "config",
            "config_file", "awsfiles", "aws_config", "profile_headers", "nested_values", "endpoints", "aws",
            "aws_answers", "aws_errors", "deadline", "aws_keys", "aws_policies", "aws_simulation", "aws_devices",
            "aws_account", "aws_rollout", "aws_signin", "spool", "installation", "terminal", "remembered", "messages",
            "stores", "codes", "server", "inputs",
        ),
    ),
    ("decisions", ("profiles", "profile_faults", "destination", "devices", "supply", "policy", "signin")),
    ("making", ("context", "renewal", "fleet", "exchange", "asking", "caller", "keeper", "keys", "mfa", "auditing",
                "audits", "rollout")),
    ("outlets", ("outlets",)),
    ("program", ("cli", "reporting", "arguments", "completion", "commands", "__main__")),
)  # fmt: skip
FLOOR_OF = {room: number for number, (_, rooms) in enumerate(FLOORS) for room in rooms}

ROOMS = {
    "boto3": {"aws", "outlets"},
    "botocore": {"aws", "aws_policies", "deadline", "outlets"},
    "keyring": {"stores"},
    "jeepney": {"stores"},
    "prompt_toolkit": {"codes", "terminal"},
    "tomllib": {"toml"},
    "segno": {"mfa"},
    "tomli_w": {"remembered", "stores"},
    "argparse": {"arguments"},
    "fcntl": {"locks", "attributes"},
    "moto": set[str](),
    "werkzeug": set[str](),
}
"""The rooms that may import each outside thing."""


def modules() -> list[Path]:
    """Every module of the package but the sandbox, which is a house of its own."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "sandbox" not in path.relative_to(PACKAGE).parts]


def room_of(path: Path) -> str:
    """The room that a file belongs to: its own name, or its folder's."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


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


def own_rooms(path: Path) -> set[str]:
    """The rooms of the house that a module imports from."""
    dotted = [name.split(".") for name in imports_of(path)]
    rooms = {parts[1] if (PACKAGE / parts[1]).exists() or (PACKAGE / f"{parts[1]}.py").exists() else "__init__"
             for parts in dotted if parts[0] == "mfasession" and len(parts) > 1}  # fmt: skip
    return rooms - {room_of(path)}


def test_every_room_has_a_floor() -> None:
    """Somebody who adds a module says where it belongs."""
    assert {room_of(path) for path in modules()} == set(FLOOR_OF)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_floor_imports_a_higher_one(path: Path) -> None:
    """Upwards: errors < files < profiles < renewal < outlets < cli."""
    own = FLOOR_OF[room_of(path)]
    climbing = {room for room in own_rooms(path) - {"sandbox"} if FLOOR_OF[room] > own}
    assert not climbing


def test_no_circles() -> None:
    """Rooms import each other in one direction only."""
    graph: dict[str, set[str]] = {}
    for path in modules():
        graph.setdefault(room_of(path), set()).update(own_rooms(path) - {"sandbox"})
    while free := [room for room, wanted in graph.items() if not wanted & set(graph)]:
        for room in free:
            del graph[room]
    assert not graph


@pytest.mark.parametrize("outside", ROOMS)
def test_each_outside_thing_is_touched_in_one_room(outside: str) -> None:
    """boto3 in aws, keyring in stores, prompt_toolkit at the terminal."""
    users = {room_of(path) for path in modules() if any(name.split(".")[0] == outside for name in imports_of(path))}
    assert users <= ROOMS[outside]


def test_only_the_two_commands_import_the_sandbox() -> None:
    """The sandbox is an extra: the product runs without moto."""
    users = {path.stem for path in modules() if any(name.startswith("mfasession.sandbox") for name in imports_of(path))}
    assert users <= {"sandbox", "demo"}


def test_the_sizes_of_the_house() -> None:
    """No file over 400 lines, no function over 50."""
    for path in sorted(PACKAGE.rglob("*.py")):
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

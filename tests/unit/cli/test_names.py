"""The names of the commands, which the Tab key asks for."""

import subprocess
import sys

from mfasession.cli import registry
from tests.helpers.patience import scaled

PROGRAM = """
import sys
from mfasession.cli import registry
print(*registry.names())
print(*(name.removeprefix("mfasession.commands.") for name in sys.modules))
"""


def test_no_command_is_imported_for_its_name() -> None:
    """They are those of the modules with a summary, in the same order."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=scaled(30)
    )
    names, imported = done.stdout.splitlines()
    assert names.split() == list(registry.commands())
    assert not set(registry.ORDER) & set(imported.split())

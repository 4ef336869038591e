"""`mfasession config list`: every setting that is in force, and where it comes from."""

import json
import sys
from typing import TYPE_CHECKING, Any

from mfasession.commands import tables
from mfasession.commands.config import settings
from mfasession.redaction import redacted
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands.config import ConfigContext

SUMMARY = "List all settings, their values, and where each comes from"
EXAMPLES = (
    ("mfasession config list", "show what counts for all profiles, and what is set for single ones"),
    ("mfasession config list -p work", "show what counts for one profile"),
    ("mfasession config list --json", "print it for scripts"),
)


class Flags(Value):
    """The flags of `config list`."""

    json: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--json", action="store_true", help="print a JSON array, for scripts")


def run(context: "ConfigContext", flags: Flags) -> int:
    """Print the settings."""
    found = settings.read(context)
    profile = context.options.profile
    shown = settings.in_force(context, found, profile)
    if not profile:
        shown += [each for each in found if len(each.path) > 1]
    if flags.json:
        path = settings.file_of(context)
        sys.stdout.write(json.dumps([_record(each, path) for each in shown], indent=2) + "\n")
    else:
        cells = [(each.name, each.text or "-", each.origin) for each in shown]
        sys.stdout.write(tables.fitting(("setting", "value", "from"), cells))
    return 0


def _record(setting: settings.Setting, path: str) -> dict[str, object]:
    is_in_file = setting.source == settings.FILE
    return {
        "setting": setting.name,
        "value": _shown(setting.value),
        "source": setting.source,
        "file": path if is_in_file else None,
        "line": setting.line or None,
        "variable": setting.variable or None,
    }


def _shown(value: Any) -> Any:
    """Return a value without what looks like a secret."""
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    return redacted(value) if isinstance(value, str) else value

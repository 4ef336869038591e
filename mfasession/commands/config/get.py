"""`mfasession config get KEY`: the value that is in force."""

import sys
from typing import TYPE_CHECKING

from mfasession.commands.config import settings
from mfasession.messages import say
from mfasession.text import printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands.config import ConfigContext

SUMMARY = "Print the value of a setting: of a variable, the file, or the default"
EXAMPLES = (
    ("mfasession config get store", "print where sessions are kept"),
    ("mfasession config get -p work mfa_serial", "print a setting of one profile"),
)
complete = settings.complete_key


class Flags(Value):
    """The flags of `config get`."""

    key: str


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    parser.add_argument("key", metavar="KEY", help="the name of the setting, such as store")


def run(context: "ConfigContext", flags: Flags) -> int:
    """Print the value; 1 when there is none."""
    path = settings.path_of(flags.key, context)
    profile = path[1] if len(path) > 1 else ""
    found = settings.in_force(context, settings.read(context), profile)
    setting = next(each for each in found if each.path[-1] == path[-1])
    if setting.value is None:
        say(f"{path[-1]} is not set")
        return 1
    sys.stdout.write(printable(setting.text) + "\n")
    return 0

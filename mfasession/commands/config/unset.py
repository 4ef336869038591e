"""`mfasession config unset KEY`: the default again."""

from typing import TYPE_CHECKING

from mfasession.commands.config import settings
from mfasession.config import edit
from mfasession.messages import say
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands.config import ConfigContext

SUMMARY = "Remove a setting from the file, so that the default counts"
EXAMPLES = (
    ("mfasession config unset duration", "take the default again"),
    ("mfasession config unset -p work store", "take what is set for all profiles"),
)
complete = settings.complete_key


class Flags(Value):
    """The flags of `config unset`."""

    key: str


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    parser.add_argument("key", metavar="KEY", help="the name of the setting, such as store")


def run(context: "ConfigContext", flags: Flags) -> int:
    """Remove the key's lines; without any, nothing is done."""
    path = settings.path_of(flags.key, context)
    name = settings.Setting(path=path).name
    if edit.unset(context.environ, path):
        say(f"removed {name} from {settings.file_of(context)}")
    else:
        say(f"{name} is not set in {settings.file_of(context)}")
    return 0

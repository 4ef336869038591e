"""`mfasession config set KEY VALUE`: one setting, checked; the rest of the file stays."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mfasession.awsfiles import AwsFiles
from mfasession.commands.config import settings
from mfasession.config import edit, schema
from mfasession.errors import ConfigurationError
from mfasession.messages import complain, say
from mfasession.profiles import faults
from mfasession.redaction import redacted
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands.config import ConfigContext

SUMMARY = "Change a setting; comments and all else in the file stay"
EXAMPLES = (
    ("mfasession config set duration 8h", "set it for all profiles"),
    ("mfasession config set -p work store keyring", "set it for one profile"),
    ('mfasession config set code \'{ command = ["my-codes", "aws"] }\'', "set a value that is no plain word"),
)


class Flags(Value):
    """The flags of `config set`."""

    key: str
    value: str


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    parser.add_argument("key", metavar="KEY", help="the name of the setting, such as store")
    parser.add_argument("value", metavar="VALUE", help="a word, or a list or a table as in config.toml")


def complete(given: Sequence[str]) -> Sequence[str]:
    """Return the keys, and behind one its values, where it has some."""
    return schema.choices(given[0]) if len(given) == 1 else settings.complete_key(given)


def run(context: "ConfigContext", flags: Flags) -> int:
    """Change the file. Raises UsageError for a key or a value that cannot be; the file is as it was then."""
    path = settings.path_of(flags.key, context)
    value = settings.value_of(path, flags.value)
    _warn_of_profile(context, path, value)
    was_changed = edit.set_value(context.environ, path, value)
    shown = settings.Setting(path=path, value=value)
    already = "" if was_changed else " already"
    say(f"{shown.name} is{already} {shown.text} in {settings.file_of(context)}")
    return 0


def _warn_of_profile(context: "ConfigContext", path: Sequence[str], value: object) -> None:
    """Warn of a profile that is in no AWS file; its key may be in the keyring alone."""
    name = path[1] if len(path) > 1 else str(value) if path[0] == "default_profile" else ""
    aws_files = AwsFiles(context.environ)
    try:
        if name and aws_files.profile(name) is None:
            fault = faults.no_such_profile(name, aws_files)
            complain(redacted(fault.message), redacted(fault.hint))
    except ConfigurationError:
        # It is reported by the commands that read the AWS files.
        return

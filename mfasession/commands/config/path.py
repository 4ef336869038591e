"""`mfasession config path`: where the configuration is."""

import os
import sys
from typing import TYPE_CHECKING

from mfasession.commands.config import settings
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.commands.config import ConfigContext

SUMMARY = "Print the path of the configuration file, which need not exist"


class Flags(Value):
    """The flags of `config path`: none."""


def run(context: "ConfigContext", _flags: Flags) -> int:
    """Print it as the file system has it, whatever the terminal can show."""
    sys.stdout.buffer.write(os.fsencode(settings.file_of(context)) + b"\n")
    return 0

"""toysh, a made-up shell: `tests/contracts/test_one_file_to_add.py` adds it to a copy of the package."""

import os

from mfasession.shells import STOP, Dialect


class Toysh(Dialect):
    """Each value is written in hexadecimal digits, so that nothing has to be quoted."""

    programs = ("toyshell",)
    guard = "rem " + STOP.format(name="toysh") + " #"
    end = "rem"
    failure = "fail {exit_code}"
    how_to = "load COMMAND"

    def line(self, name: str, value: str | None) -> str:
        """Return one command."""
        return f"drop {name}" if value is None else f"put {name} {os.fsencode(value).hex()}"


DIALECT = Toysh()

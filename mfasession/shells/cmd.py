"""cmd.exe. Not run by the tests: the rules are those of Microsoft's pages about `set` and `for`."""

from mfasession.errors import ConfigurationError
from mfasession.shells import STOP, Dialect, refuse

CONTROL_CHARACTERS = "".join(map(chr, range(32))).replace("\t", "") + "\x7f"


class Cmd(Dialect):
    """Its lines mean something in a Bourne shell, where nothing of them fails: the last one does."""

    guard = "rem " + STOP.format(name="cmd") + " #"
    end = "rem"
    failure = "cmd /c exit {exit_code}"
    how_to = "for /f \"delims=\" %i in ('COMMAND') do @%i"

    def line(self, name: str, value: str | None) -> str:
        """Quote the assignment, which makes `& | < > ^` literal; nothing makes `% ! "` literal everywhere.

        Control characters are refused too, and the empty value, which would unset the variable.
        """
        if value is None:
            return f'set "{name}="'
        refuse("cmd", name, value, '%!"' + CONTROL_CHARACTERS)
        if not value:
            raise ConfigurationError(f"{name} is empty, which cannot be written for cmd")
        return f'set "{name}={value}"'


DIALECT = Cmd()

"""xonsh: a value is a Python literal in ASCII, so that no decoding or newline translation touches it."""

from mfasession.shells import STOP, Dialect


class Xonsh(Dialect):
    """A shell that is a Python program."""

    guard = r'r"\q' + STOP.format(name="xonsh") + r'" r"\" <#" #'
    failure = "raise RuntimeError('mfasession env failed with exit code {exit_code}')"
    how_to = "execx($(COMMAND))"

    def line(self, name: str, value: str | None) -> str:
        """Return one statement."""
        if value is None:
            return f"${{...}}.pop('{name}', None)"
        return f"${name} = {value!a}"


DIALECT = Xonsh()

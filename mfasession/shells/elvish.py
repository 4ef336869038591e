"""Elvish: between single quotes only `'` is special, and doubled (language reference, Single-quoted string)."""

from mfasession.shells import STOP, Dialect


class Elvish(Dialect):
    """Elvish 0.18 and later."""

    guard = 'nop "' + STOP.format(name="Elvish") + r'" "\" <#" #'
    failure = "fail 'mfasession env failed with exit code {exit_code}'"
    how_to = "eval (COMMAND | slurp)"

    def line(self, name: str, value: str | None) -> str:
        """Return one command."""
        if value is None:
            return f"unset-env {name}"
        return f"set-env {name} '" + value.replace("'", "''") + "'"


DIALECT = Elvish()

r"""fish: between single quotes `\` and `'` are escaped by `\` (fish manual, Quotes)."""

from mfasession.shells import STOP, Dialect


class Fish(Dialect):
    """fish 3 and later."""

    guard = r""": '\' "\" <#" """ + STOP.format(name="fish") + " #';"
    failure = "false"
    how_to = "COMMAND | source"

    def line(self, name: str, value: str | None) -> str:
        """Return one command. The semicolons are for those who type `eval (...)`, where newlines become spaces.

        A universal variable outlives the session and belongs to all shells: it is not erased, and stderr says so.
        """
        if value is None:
            notice = f"mfasession: {name} is a universal variable of fish and stays set: set -eU {name} erases it"
            return f"set -eg {name}; set -qUx {name}; and echo '{notice}' >&2; or :;"
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"set -gx {name} '{quoted}';"


DIALECT = Fish()

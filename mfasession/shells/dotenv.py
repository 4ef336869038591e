r"""The .env file: what python-dotenv and Node.js read alike, and by its manual Docker Compose (not run).

AWS's values stay bare, for `docker run --env-file` keeps quotes (docker/cli#4665).
"""

from mfasession.shells import Dialect, refuse
from mfasession.shells.cmd import CONTROL_CHARACTERS

BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+=:@,")


class Dotenv(Dialect):
    """A file of settings, which cannot unset: None becomes a comment."""

    is_file_format = True
    how_to = "docker run --env-file <(COMMAND) IMAGE"

    def line(self, name: str, value: str | None) -> str:
        r"""Return one setting, quoted where it must be by `'` or, when it holds one, by `"`.

        Refused is what readers disagree about: `\`, `${`, control characters, and with `'` also `"`, `$` and the
        backquote.
        """
        if value is None:
            return f"# {name} must not be set"
        if BARE.issuperset(value):
            return f"{name}={value}"
        refuse("dotenv", name, value, "\\" + CONTROL_CHARACTERS)
        quote = "'"
        if quote in value:
            quote = '"'
            refuse("dotenv", name, value, '"$`')
        if "${" in value:
            refuse("dotenv", name, value, "$")
        return f"{name}={quote}{value}{quote}"


DIALECT = Dotenv()

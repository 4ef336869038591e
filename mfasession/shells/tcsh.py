"""tcsh and csh."""

from mfasession.shells import Dialect, refuse


class Tcsh(Dialect):
    """It has no quotes of its own to hide a guard in: only fish is stopped, and a Bourne shell finds no `setenv`."""

    programs = ("csh",)
    guard = (
        'test -n "$cwd" || test -z "$FISH_VERSION"'
        ' || not echo "mfasession: these lines are for tcsh: add --shell fish" >&2 || return 1;'
    )
    failure = "(exit {exit_code})"
    how_to = 'eval "`COMMAND`"'

    def line(self, name: str, value: str | None) -> str:
        r"""Write each of `'`, `\` and `!` outside the quotes, behind a backslash: the same with `set backslash_quote`.

        No backslash before the command, as it would hide the builtin. A line break is refused: the backquotes of
        `how_to` turn it into a space (tcsh(1), Command substitution).
        """
        if value is None:
            return f"unsetenv {name};"
        refuse("tcsh", name, value, "\n")
        quoted = "".join(f"'\\{character}'" if character in "'\\!" else character for character in value)
        return f"setenv {name} '{quoted}';"


DIALECT = Tcsh()

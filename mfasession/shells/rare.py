"""The dialects outside the Bourne family, imported only when one is asked for.

Run by the tests with the real programs: fish, tcsh, elvish, nushell, xonsh; dotenv with python-dotenv and Node.js.
PowerShell and cmd have not been run: their rules come from Microsoft's pages about_Quoting_Rules,
about_Environment_Variables, `set` and `for`. Only the errors are imported: cache hits pass through here too.
"""

from mfasession.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINE_BREAKS = "\n\r"
CONTROL_CHARACTERS = "".join(map(chr, range(32))).replace("\t", "") + "\x7f"
POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"
DOTENV_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+=:@,")


def render(shell: str, values: "Mapping[str, str | None]") -> str:
    """Return what `shells.render` promises. `shell` is known and the names are valid: the caller has looked."""
    guard = [GUARDS[shell]] if shell in GUARDS else []
    if shell in ("json", "nu"):
        return "\n".join((*guard, json_object(values)))
    line = LINES[shell]
    # cmd's lines mean something in a Bourne shell, and nothing fails there: the last one does.
    end = ["rem"] if shell == "cmd" else []
    lines = [*guard, *(line(name, value) for name, value in values.items()), *end]
    return "\n".join(lines) + "\n"


def failure(shell: str, exit_code: int) -> str:
    """Return what `shells.failure` promises."""
    line = FAILURES[shell].format(exit_code=exit_code)
    return line and line + "\n"


def how_to(shell: str, command: str) -> str:
    """Return what `shells.how_to` promises."""
    return HOW_TO[shell].replace("COMMAND", f"{command} --shell {shell}")


def refuse(shell: str, name: str, value: str, forbidden: str) -> None:
    """Raise `ConfigurationError` when the value holds one of the forbidden characters; it names them, not the value."""
    found = [character for character in forbidden if character in value]
    if found:
        raise ConfigurationError(
            f"{name} holds {found[0]!a}, which cannot be written for {shell}",
            "run the command with exec instead, which needs no quoting",
        )


def fish_line(name: str, value: str | None) -> str:
    r"""Between single quotes `\` and `'` are escaped by `\` (fish manual, Quotes).

    A universal variable outlives the session and is everybody's: it is not erased, the person is told. The semicolons
    are for those who type `eval (...)`, where newlines become spaces.
    """
    if value is None:
        told = f"mfasession: {name} is a universal variable of fish and stays set: set -eU {name} erases it"
        return f"set -eg {name}; set -qUx {name}; and echo '{told}' >&2; or :;"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}';"


def tcsh_line(name: str, value: str | None) -> str:
    r"""Each of `'`, `\` and `!` stands outside the quotes, behind a backslash: the same with `set backslash_quote`.

    No backslash before the command, as it would hide the builtin. A line break is refused: the backquotes that
    `how_to` needs turn it into a space (tcsh(1), Command substitution).
    """
    if value is None:
        return f"unsetenv {name};"
    refuse("tcsh", name, value, "\n")
    quoted = "".join(f"'\\{character}'" if character in "'\\!" else character for character in value)
    return f"setenv {name} '{quoted}';"


def powershell_line(name: str, value: str | None) -> str:
    """Five characters quote, typographic ones too, and are doubled (PowerShell-Docs#11401). Not run.

    An empty value unsets the variable before PowerShell 7.5. Line breaks are refused, as the pipeline may change them.
    """
    if value is None:
        return f"$env:{name} = $null"
    refuse("powershell", name, value, LINE_BREAKS)
    for quote in POWERSHELL_QUOTES:
        value = value.replace(quote, quote * 2)
    return f"$env:{name} = '{value}'"


def cmd_line(name: str, value: str | None) -> str:
    """Quotes around the assignment make `& | < > ^` literal; nothing makes these literal everywhere: `% ! "`. Not run.

    Control characters are refused too, and the empty value, which would unset the variable.
    """
    if value is None:
        return f'set "{name}="'
    refuse("cmd", name, value, '%!"' + CONTROL_CHARACTERS)
    if not value:
        raise ConfigurationError(f"{name} is empty, which cannot be written for cmd")
    return f'set "{name}={value}"'


def elvish_line(name: str, value: str | None) -> str:
    """Between single quotes only `'` is special, and doubled (Elvish language reference, Single-quoted string)."""
    if value is None:
        return f"unset-env {name}"
    return f"set-env {name} '" + value.replace("'", "''") + "'"


def xonsh_line(name: str, value: str | None) -> str:
    """Write a Python literal in ASCII, so that no decoding or newline translation touches it."""
    if value is None:
        return f"${{...}}.pop('{name}', None)"
    return f"${name} = {value!a}"


def dotenv_line(name: str, value: str | None) -> str:
    r"""Write what python-dotenv and Node.js read alike, and by its manual Docker Compose (not run).

    AWS's values stay bare, for `docker run --env-file` keeps quotes (docker/cli#4665). Others are quoted, by `'` or,
    when they hold one, by `"`. Refused is what readers disagree about: `\`, `${`, control characters, and with `'` also
    `"`, `$` and the backquote. A file of settings cannot unset, so None becomes a comment.
    """
    if value is None:
        return f"# {name} must not be set"
    if DOTENV_BARE.issuperset(value):
        return f"{name}={value}"
    refuse("dotenv", name, value, "\\" + CONTROL_CHARACTERS)
    quote = "'"
    if quote in value:
        quote = '"'
        refuse("dotenv", name, value, '"$`')
    if "${" in value:
        refuse("dotenv", name, value, "$")
    return f"{name}={quote}{value}{quote}"


def json_object(values: "Mapping[str, str | None]") -> str:
    """Return one JSON object (RFC 8259), null for unset. Importing `json` costs half a bare interpreter's start."""
    pairs = (
        f"  {json_string(name)}: {'null' if value is None else json_string(value)}" for name, value in values.items()
    )
    return "{\n" + ",\n".join(pairs) + "\n}\n"


def json_string(text: str) -> str:
    """Return a JSON string; only what RFC 8259, section 7, requires is escaped."""
    return '"' + text.translate(JSON_ESCAPES) + '"'


JSON_ESCAPES = {code: f"\\u{code:04x}" for code in range(32)} | {ord('"'): '\\"', ord("\\"): "\\\\"}

_STOP = "${{mfasession_env?these lines are for {name}: name yours with --shell}}"
"""Makes a Bourne shell fail (POSIX.1-2017, XCU 2.6.2), and fish, tcsh, Elvish and xonsh refuse the line."""

GUARDS = {
    "cmd": "rem " + _STOP.format(name="cmd") + " #",
    "elvish": 'nop "' + _STOP.format(name="Elvish") + r'" "\" <#" #',
    "fish": r""": '\' "\" <#" """ + _STOP.format(name="fish") + " #';",
    "nu": r'// "\" <#" ' + _STOP.format(name="nushell") + " #",
    "powershell": "$null = {" + _STOP.format(name="PowerShell") + "} #",
    "tcsh": (
        'test -n "$cwd" || test -z "$FISH_VERSION"'
        ' || not echo "mfasession: these lines are for tcsh: add --shell fish" >&2 || return 1;'
    ),
    "xonsh": r'r"\q' + _STOP.format(name="xonsh") + r'" r"\" <#" #',
}
"""The first line of each dialect, which does nothing in its own shell and stops the others, as `shells.BOURNE_GUARD`.

Each keeps `_STOP` from its own shell's eyes: in quotes that are quotes there alone, or in a comment. `"\" <#"` begins a
comment in PowerShell, which does not know the backslash. tcsh has no such quotes: there only fish is stopped, and a
Bourne shell finds no command `setenv`.
"""

LINES: "dict[str, Callable[[str, str | None], str]]" = {
    "cmd": cmd_line,
    "dotenv": dotenv_line,
    "elvish": elvish_line,
    "fish": fish_line,
    "powershell": powershell_line,
    "tcsh": tcsh_line,
    "xonsh": xonsh_line,
}

FAILURES = {
    "cmd": "cmd /c exit {exit_code}",
    "dotenv": "",
    "elvish": "fail 'mfasession env failed with exit code {exit_code}'",
    "fish": "false",
    "json": "",
    # nushell stops at what is no JSON object.
    "nu": "mfasession env failed with exit code {exit_code}",
    "powershell": "throw 'mfasession env failed with exit code {exit_code}'",
    "tcsh": "(exit {exit_code})",
    "xonsh": "raise RuntimeError('mfasession env failed with exit code {exit_code}')",
}

HOW_TO = {
    "cmd": "for /f \"delims=\" %i in ('COMMAND') do @%i",
    "dotenv": "docker run --env-file <(COMMAND) IMAGE",
    "elvish": "eval (COMMAND | slurp)",
    "fish": "COMMAND | source",
    "json": "COMMAND | jq .",
    "nu": "COMMAND | from json | load-env",
    "powershell": "COMMAND | Out-String | Invoke-Expression",
    "tcsh": 'eval "`COMMAND`"',
    "xonsh": "execx($(COMMAND))",
}

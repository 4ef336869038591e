"""Dialects as text: what no program here can run, what is refused, and which shell is meant."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import shells
from mfasession.errors import ConfigurationError, UsageError
from mfasession.shells import detection

environment_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@pytest.mark.parametrize(
    ("shell_path", "dialect"),
    [
        ("", "sh"),
        ("/bin/sh", "sh"),
        ("/bin/bash", "bash"),
        ("/bin/rbash", "bash"),
        ("/usr/local/bin/bash-5.2", "bash"),
        ("-zsh", "zsh"),
        ("/usr/bin/zsh-5.9", "zsh"),
        ("/bin/zsh5", "zsh"),
        ("/bin/dash", "dash"),
        ("/bin/ksh93", "ksh"),
        ("/bin/mksh-static", "ksh"),
        ("/usr/bin/fish", "fish"),
        ("/bin/csh", "tcsh"),
        ("/bin/tcsh", "tcsh"),
        ("/usr/bin/pwsh", "powershell"),
        ("/opt/microsoft/powershell/7-preview/pwsh-preview", "powershell"),
        ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\PowerShell.EXE", "powershell"),
        ("C:\\Windows\\System32\\cmd.exe", "cmd"),
        ("C:/Program Files/Git/usr/bin/bash.exe", "bash"),
        ("/home/user/.cargo/bin/nu", "nu"),
        ("nushell", "nu"),
        ("/usr/bin/elvish", "elvish"),
        ("/usr/bin/xonsh", "xonsh"),
        ("/nix/store/abc-fish-3.7/bin/.fish-wrapped", "fish"),
        ("/bin/ash", "sh"),
        ("/usr/bin/bash-language-server", "sh"),
        ("/usr/bin/json", "sh"),
        ("/usr/bin/dotenv", "sh"),
        ("/usr/sbin/nologin", "sh"),
        ("/bin/", "sh"),
    ],
)
def test_detect_knows_the_program(shell_path: str, dialect: str) -> None:
    """Paths, login shells, versions and Windows names lead to a dialect, all else to sh."""
    assert detection.detect(shell_path) == dialect


@given(st.text())
def test_detect_always_answers(shell_path: str) -> None:
    """Whatever $SHELL holds, the answer is a dialect that can be evaluated."""
    assert detection.detect(shell_path) in set(shells.names()) - {"dotenv", "json"}


def test_bourne_text() -> None:
    """The text that users see when they look: one command a line, in the order given."""
    text = shells.render("sh", {"B": "it's", "A": "", "C": None})
    assert text == f"{shells.Bourne.guard}\n\\export B='it'\\''s';\n\\export A='';\n\\unset C;\n"


def test_powershell_text() -> None:
    """Five quotation marks are doubled (PowerShell-Docs#11405), $null removes."""
    text = shells.render("powershell", {"K": "a'b\u2018c\u2019d\u201ae\u201bf$x`y\"\u201c", "GONE": None})
    doubled = "a''b\u2018\u2018c\u2019\u2019d\u201a\u201ae\u201b\u201bf$x`y\"\u201c"
    assert text == f"{shells.dialect('powershell').guard}\n$env:K = '{doubled}'\n$env:GONE = $null\n"


def test_cmd_text() -> None:
    """Quotes around the whole assignment; nothing after the equals sign unsets."""
    text = shells.render("cmd", {"K": "a&b|c<d>e^f g/=+", "GONE": None})
    assert text == shells.dialect("cmd").guard + '\nset "K=a&b|c<d>e^f g/=+"\nset "GONE="\nrem\n'


def test_dotenv_text() -> None:
    """Credentials stay bare, for `docker run --env-file` keeps quotes (docker/cli#4665)."""
    text = shells.render("dotenv", {"K": "ab/+=", "P": "two words", "Q": "bob's", "R": '"#', "E": "", "GONE": None})
    assert text == "K=ab/+=\nP='two words'\nQ=\"bob's\"\nR='\"#'\nE=\n# GONE must not be set\n"


@pytest.mark.parametrize("shell", ["json", "nu"])
@given(values=st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]*", fullmatch=True), st.none() | environment_text))
def test_json_is_json(shell: str, values: dict[str, str | None]) -> None:
    """Any JSON reader gets the same values in the same order, null for unset."""
    text = shells.render(shell, values)
    if shell == "nu":
        # nushell reads comments; tests/contracts runs it.
        text = text.removeprefix(shells.dialect("nu").guard)
    assert list(json.loads(text).items()) == list(values.items())
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    ("shell", "value"),
    [
        *(("cmd", value) for value in ("secret%PATH%", "secret!", 'secret"', "secret\n", "secret\r", "secret\x1a", "")),
        *(("powershell", value) for value in ("secret\nx", "secret\rx")),
        ("tcsh", "secret\nx"),
        *(
            ("dotenv", value)
            for value in ("secret\nx", "secret\\", "secret ${HOME}", "secret'\"", "secret'$", "secret'`")
        ),
        *((shell, "secret\0") for shell in shells.names()),
    ],
)
def test_values_that_cannot_be_written_are_refused(shell: str, value: str) -> None:
    """The error names the variable and the shell's trouble, never the value."""
    with pytest.raises(ConfigurationError, match="AWS_SESSION_TOKEN") as caught:
        shells.render(shell, {"AWS_SESSION_TOKEN": value})
    assert "secret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("name", ["", "A B", "A;id", "1A", "É", "A=B", "A\n"])
@pytest.mark.parametrize("shell", shells.names())
def test_a_name_cannot_smuggle_commands(shell: str, name: str) -> None:
    """Only ASCII letters, digits and underscores come through."""
    with pytest.raises(ValueError, match="not the name of an environment variable"):
        shells.render(shell, {name: "x"})


def test_an_unknown_shell_is_a_usage_error() -> None:
    """Each function says which shells there are."""
    with pytest.raises(UsageError, match="unknown shell 'vi'") as caught:
        shells.render("vi", {})
    assert "sh bash zsh" in caught.value.hint
    with pytest.raises(UsageError, match="unknown shell 'vi'"):
        shells.failure("vi", 6)
    with pytest.raises(UsageError, match="unknown shell 'vi'"):
        shells.how_to("vi", "mfasession env")


@pytest.mark.parametrize("shell", shells.names())
def test_every_text_ends_its_last_line(shell: str) -> None:
    """Nothing at all is still text that ends with a newline, and so is each failure that there is."""
    assert shells.render(shell, {}).endswith("\n")
    assert shells.failure(shell, 6) == "" or shells.failure(shell, 6).endswith("\n")


def test_failures_that_cannot_run_here() -> None:
    """The texts for PowerShell and cmd; files of settings have no way to fail."""
    assert shells.failure("powershell", 6) == "throw 'mfasession env failed with exit code 6'\n"
    assert shells.failure("cmd", 6) == "cmd /c exit 6\n"
    assert shells.failure("json", 6) == shells.failure("dotenv", 6) == ""


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", 'eval "$(mfasession env -p work)"'),
        ("ksh", 'eval "$(mfasession env -p work)"'),
        ("fish", "mfasession env -p work --shell fish | source"),
        ("tcsh", 'eval "`mfasession env -p work --shell tcsh`"'),
        ("powershell", "mfasession env -p work --shell powershell | Out-String | Invoke-Expression"),
        ("cmd", "for /f \"delims=\" %i in ('mfasession env -p work --shell cmd') do @%i"),
        ("nu", "mfasession env -p work --shell nu | from json | load-env"),
        ("elvish", "eval (mfasession env -p work --shell elvish | slurp)"),
        ("xonsh", "execx($(mfasession env -p work --shell xonsh))"),
        ("dotenv", "docker run --env-file <(mfasession env -p work --shell dotenv) IMAGE"),
        ("json", "mfasession env -p work --shell json | jq ."),
    ],
)
def test_how_to_is_the_line_to_type(shell: str, line: str) -> None:
    """The line for each shell, with --shell where the default would not do."""
    assert shells.how_to(shell, "mfasession env -p work") == line


def test_the_common_dialect_imports_little() -> None:
    """`env` in bash loads neither the other dialects nor anything slow from the standard library."""
    program = (
        "import sys; before = set(sys.modules); from mfasession import shells; "
        "shells.render('bash', {'A': 'b', 'C': None}); "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mfasession", "mfasession.errors", "mfasession.shells"]

"""Work grows with what is read and not with its square: counted in lines of Python that run, not in seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from mfasession.awsfiles import headers, ini, ini_edit
from mfasession.codes import CodeRequest
from mfasession.codes.command import Command
from mfasession.config.schema import read
from mfasession.errors import ConfigurationError
from mfasession.files import toml
from mfasession.profiles import process_line
from tests.helpers.checks import complaint
from tests.helpers.support import Home, key_pair, session_section

SIZE = 300
GROWTH = 2.5
"""Twice as much may take so many times the work."""


def edited(text: str) -> str:
    """Write a session into a file, and take another one out of it."""
    return ini_edit.remove_section(ini_edit.set_section(text, "s7", {"manager": "mfasession", "region": None}), "s8")


INI: dict[str, Callable[[int], str]] = {
    "sections": lambda size: "".join(f"[s{n}]\nk = v\n" for n in range(size)),
    "keys": lambda size: "[s7]\n" + "".join(f"k{n} = v\n" for n in range(size)),
    "one value": lambda size: "[s7]\nk =\n" + "  more\n" * size,
    "blank lines": lambda size: "[s7]\nk = v\n" + "\n" * size + "[s8]\n",
    "comments": lambda size: "# [s7]\n" * size + "[s7]\n" + "; c\r" * size,
    "indented": lambda size: " [s7]\n" + "".join(f"{' ' * (n % 9)}[s{n + 9}]\n" for n in range(size)),
    "marks": lambda size: "[s7]\nk = " + "[s7]" * size + "\n",
    "white space": lambda size: "[s7]\nk = v\n" + " " * size + "[s8]\n" + "\x0b" * size,
    "brackets": lambda size: "[" * size + "s7" + "]" * size + "\n[s7]\n",
}


def work(function: Callable[[Any], object], value: object) -> int:
    """Count the lines of Python that run."""
    lines = 0

    def tracer(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        function(value)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("kind", INI)
@pytest.mark.parametrize(
    "function",
    [
        ini.parse,
        edited,
        lambda text: ini.read_section(text, "s7"),
        lambda text: headers.headers(text.split("\n")),
    ],
    ids=["parse", "edit", "one section", "headers"],
)
def test_twice_the_file_is_twice_the_work(kind: str, function: Callable[[str], object]) -> None:
    """Files of any shape that `configparser` reads."""
    small, large = (work(function, INI[kind](size)) for size in (SIZE, 2 * SIZE))
    assert large <= GROWTH * small + 100


def test_default_keys_in_every_section(home: Home) -> None:
    """A key of `[DEFAULT]` is one of every section: thousands of both would be millions, and are refused."""
    defaults = "".join(f"k{number} =\n" for number in range(3000))
    sections = "".join(f"[s{number}]\n" for number in range(3000))
    home.write_credentials(f"{key_pair()}[DEFAULT]\n{defaults}{sections}{session_section()}")
    before = home.credentials.read_bytes()
    fault = "[DEFAULT] has too many keys for so many sections"
    for words in (("status",), ("logout", "--all")):
        done = home.run(*words)
        assert (done.returncode, done.stderr) == (
            3,
            complaint(f"{home.credentials}, line 4: {fault}", "fix line 4"),
        )
    assert home.run("process").returncode == 0
    assert home.credentials.read_bytes() == before


def test_a_long_line_in_quotes() -> None:
    """What shlex reads it copies once a character: no such line is a profile's or one of ours."""
    long = "x" * 1_000_000
    assert work(process_line.served_by, {"credential_process": f"mfasession '{long}' -p a"}) < 1000
    assert work(headers.headers, [f'profile "{long}"']) < 1000
    assert process_line.served_by({"credential_process": f"mfasession process -p '{'x' * 100}'"}) == "x" * 100


def refused(text: str) -> None:
    """Read TOML that is refused."""
    with pytest.raises(ValueError, match=r"endless|longer"):
        toml.read(text)


@pytest.mark.parametrize("text", ["a." * 200 + "a = 1", f"x = {{{'a.' * 200}a = 1}}", "#" * 1_000_001])
def test_toml_of_any_size_is_refused_before_it_is_read(text: str) -> None:
    """A key of n parts costs n * n / 2 pieces: a file of 100 kB would fill any memory."""
    assert work(refused, text) < 5000
    with pytest.raises(ConfigurationError):
        read("config.toml", text)


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("123456", "123456"),
        ("\\377\\000 code: 123456\\n\\033[0m", "123456"),
        ("1234567", None),
        ("123456 123456", None),
        ("\\357\\274\\221" * 6, None),
        ("\\342\\200\\256123456\\342\\200\\254", "123456"),
        ("", None),
    ],
)
def test_output_of_a_code_command(printed: str, code: str | None) -> None:
    """Six digits of ASCII stand in it once, amid whatever bytes; else it is refused, and never quoted."""
    command = Command(("printf", "%b", printed))
    if code is not None:
        assert command.ask(CodeRequest()) == code
        return
    with pytest.raises(ConfigurationError) as refusal:
        command.ask(CodeRequest())
    assert "123456" not in f"{refusal.value.message}{refusal.value.hint}"


def test_a_command_that_prints_for_ever() -> None:
    """Ended after 64 kB."""
    with pytest.raises(ConfigurationError, match="yes printed more than a code"):
        Command(("yes", "123456")).ask(CodeRequest())

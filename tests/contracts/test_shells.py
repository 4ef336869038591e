"""Every dialect against the real program that evaluates it, on exactly the line that `how_to` gives users to type.

The subjects are the files in mfasession/shells: a new dialect is tested by being there, with the program of its name.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfasession import shells
from mfasession.errors import ConfigurationError
from mfasession.values import Value
from tests.helpers.patience import scaled
from tests.helpers.support import need

TOKEN = "IQoJb3JpZ2luX2VjE" + "Ab+/9=" * 1400


class Program(Value):
    """One real shell: how it is started on a script, and how it differs from the others."""

    dialect: str
    argv: tuple[str, ...]
    strict: str = ""
    """A line that makes the shell stop at errors, where it does not do so by itself."""
    dump: str = "env -0"
    unheld: str = ""
    """Characters that `how_to` cannot carry into this shell."""
    failed: int = 1
    """Exit status of a script that stops at `failure(dialect, 6)`."""

    def path(self) -> str:
        """Return the absolute path of the program."""
        return need(self.argv[0])


BOURNE = {
    "sh": Program(dialect="sh", argv=("sh",), strict="set -eu", failed=6),
    "bash": Program(dialect="bash", argv=("bash", "--norc", "--noprofile"), strict="set -eu", failed=6),
    "zsh": Program(dialect="zsh", argv=("zsh", "-f"), strict="set -eu", failed=6),
    "dash": Program(dialect="dash", argv=("dash",), strict="set -eu", failed=6),
    "ksh93": Program(dialect="ksh", argv=("ksh93",), strict="set -eu", failed=6),
    "mksh": Program(dialect="ksh", argv=("mksh",), strict="set -eu", failed=6),
}
OTHERS = {
    "fish": Program(dialect="fish", argv=("fish", "--no-config")),
    "tcsh": Program(dialect="tcsh", argv=("tcsh", "-ef"), unheld="\n", failed=6),
    "elvish": Program(dialect="elvish", argv=("elvish", "-norc"), failed=2),
    "xonsh": Program(dialect="xonsh", argv=("xonsh", "--no-rc")),
    "nu": Program(dialect="nu", argv=("nu", "--no-config-file"), dump="^env -0"),
}
NOT_RUN = ("cmd", "powershell")
"""Their programs are not there on every system: tests/unit/shells reads their lines as text."""
PROGRAMS = BOURNE | {
    name: OTHERS.get(name, Program(dialect=name, argv=(name,)))
    for name in shells.names()
    if shells.is_shell(name) and name not in (*shells.BOURNE_FAMILY, *NOT_RUN)
}
every_program = pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
every_bourne_shell = pytest.mark.parametrize("program", BOURNE.values(), ids=BOURNE.keys())

hostile_text = st.text(
    st.one_of(
        st.sampled_from("'\"`$!\\*?[]{}()<>|&;#~^%=-+ \t\n\r\x01\x07\x1b\x7f\x85\u00a0\u2018\u2019\u2028é😀aZ0"),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    max_size=10,
)
hostile_values = st.lists(hostile_text, min_size=20, max_size=40).map(
    lambda texts: {f"V{number}": text for number, text in enumerate(texts)}
)
AWKWARD_WORDS = r"""
-n -- -e ~ ~root =ls * ? [a-z] {a,b} # a#b %PATH% ' '' ''' " "" it's \ \\ \' '\ \n a\ ! !! !$ \! '!' ^a^b
$HOME ${HOME} $(id) `id` $((1+1)) $'x' $ a;b a&b a|b a>b null None true 1 0x10 a:b /bin:/usr é 日本 😀 “x”
""".split()  # noqa: SIM905 - a list would bury these quotes in escapes
AWKWARD_SPACES = (
    "",
    " ",
    "  two  spaces ",
    "\t",
    "a\tb",
    "\n",
    "a\nb",
    "\na\n",
    "\\\n",
    "\r",
    "a\r",
    "a\r\nb",
    "\u2028",
)
AWKWARD_CODES = ("e\u0301", "\u200b", "\ufeff", "\u2018x\u2019", "\x01", "\x1b[31m", "\x7f", "\x80", "\x85", "\uf600")
AWKWARD = {f"A{n}": text for n, text in enumerate((*AWKWARD_SPACES, *AWKWARD_WORDS, *AWKWARD_CODES, TOKEN))}


class Outcome(Value):
    """How a script ended and what its last line, a dump of the environment, said."""

    status: int
    environment: dict[str, str]
    stdout: bytes
    stderr: str


def typed(program: Program) -> str:
    """Return the line that a user types into this shell."""
    return shells.how_to(program.dialect, "mfasession env")


def evaluate(
    program: Program, text: str, script: str = "", *, before: Mapping[str, str] | None = None, status: int = 0
) -> Outcome:
    """Run a script (by default the line to type), then a dump; `mfasession` prints `text` and ends with `status`."""
    with tempfile.TemporaryDirectory() as folder:
        stub = Path(folder, "mfasession")
        stub.write_text(f'#!/bin/sh\n/bin/cat "{folder}/text"\nexit {status}\n')
        stub.chmod(0o755)
        Path(folder, "text").write_bytes(os.fsencode(text))
        file = Path(folder, "script")
        file.write_text(f"{program.strict}\n{script or typed(program)}\n{program.dump}\n")
        environment = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        done = subprocess.run(
            [program.path(), *program.argv[1:], str(file)],
            env=environment | dict(before or {}),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=scaled(30),
            check=False,
        )
    pairs = (os.fsdecode(entry).partition("=") for entry in done.stdout.split(b"\0") if entry)
    return Outcome(
        status=done.returncode,
        environment={name: value for name, _, value in pairs},
        stdout=done.stdout,
        stderr=done.stderr.decode(errors="replace"),
    )


def read_back(program: Program, values: Mapping[str, str], script: str = "") -> dict[str, str]:
    """Return those of the variables that a child of the shell sees after evaluating them."""
    outcome = evaluate(program, shells.render(program.dialect, values), script)
    assert outcome.status == 0, outcome.stderr
    return {name: outcome.environment[name] for name in values if name in outcome.environment}


def held(program: Program, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that this shell can hold at all."""
    return {name: value for name, value in values.items() if not set(program.unheld) & set(value)}


@pytest.mark.parametrize("name", [name for name in shells.names() if name not in shells.BOURNE_FAMILY])
def test_a_dialect_describes_itself(name: str) -> None:
    """Its capabilities fit each other, and other names of its program can be recognized."""
    dialect = shells.dialect(name)
    assert isinstance(dialect, shells.Dialect), f"mfasession/shells/{name}.py has no Dialect called DIALECT"
    assert bool(dialect.guard) is bool(dialect.failure) is shells.is_shell(name)
    assert "\n" not in dialect.guard + dialect.failure + dialect.how_to
    assert "COMMAND" in dialect.how_to
    assert all(program.endswith(shells.PROGRAM_ENDS) for program in dialect.programs)


@every_program
def test_awkward_values_arrive_unchanged(program: Program) -> None:
    """Quotes, expansions, globs, control characters, line ends and an 8 KB token reach a child as they were."""
    values = held(program, AWKWARD)
    assert read_back(program, values) == values


@pytest.mark.parametrize(("name", "examples"), [*((name, 30) for name in PROGRAMS if name != "xonsh"), ("xonsh", 6)])
def test_any_value_arrives_unchanged(name: str, examples: int) -> None:
    """Whatever hypothesis finds reaches a child as it was."""
    program = PROGRAMS[name]

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(hostile_values)
    def check(values: dict[str, str]) -> None:
        expected = held(program, values)
        assert read_back(program, expected) == expected

    check()


@every_program
def test_unset_takes_away_and_forgives_what_is_not_set(program: Program) -> None:
    """None removes an inherited variable; a variable that was never set is not an error, even under `set -eu`."""
    text = shells.render(program.dialect, {"GONE": None, "NEVER_SET": None, "KEPT": "new", "NEVER_SET_EITHER": None})
    outcome = evaluate(program, text, before={"GONE": "old", "KEPT": "old", "OTHER": "same"})
    assert outcome.status == 0, outcome.stderr
    assert outcome.stderr == ""
    seen = {name: outcome.environment.get(name) for name in ("GONE", "NEVER_SET", "KEPT", "OTHER")}
    assert seen == {"GONE": None, "NEVER_SET": None, "KEPT": "new", "OTHER": "same"}


@every_program
@pytest.mark.parametrize("status", [0, 6], ids=["text alone", "command fails too"])
def test_failure_fails_the_evaluation(program: Program, status: int) -> None:
    """After `failure` a strict script stops and says so; `eval "$(false)"` alone would go on."""
    survivor = "and echo survived; or exit 1" if program.dialect == "fish" else "echo survived"
    outcome = evaluate(program, shells.failure(program.dialect, 6), f"{typed(program)}\n{survivor}", status=status)
    assert b"survived" not in outcome.stdout
    assert outcome.status == program.failed


@every_bourne_shell
def test_failure_is_the_status_of_eval(program: Program) -> None:
    """The exit code is there to look at, for those who do not stop at errors."""
    outcome = evaluate(program, shells.failure(program.dialect, 6), f"{typed(program)} || echo failed with $?")
    assert outcome.stdout.startswith(b"failed with 6\n")


@every_bourne_shell
def test_aliases_of_the_user_are_kept_out(program: Program) -> None:
    """`alias export=...` in a startup file changes nothing."""
    aliases = "alias export='echo hijacked' unset='echo hijacked'"
    if program.dialect == "bash":
        aliases = f"shopt -s expand_aliases; {aliases}"
    text = shells.render(program.dialect, {"SET": "it's", "GONE": None})
    outcome = evaluate(program, text, f"{aliases}\n{typed(program)}", before={"GONE": "old"})
    assert b"hijacked" not in outcome.stdout
    assert (outcome.environment.get("SET"), outcome.environment.get("GONE")) == ("it's", None)


@every_bourne_shell
def test_forgotten_quotes_still_work_for_credentials(program: Program) -> None:
    """`eval $(mfasession env)`, as many users type it, turns newlines into spaces and nothing else."""
    values = {
        "KEY": "ASIAEXAMPLE",
        "SECRET": "a/b+c=",
        "TOKEN": TOKEN,
        "EXPIRATION": "2026-11-24T07:24:00Z",
        "GONE": None,
    }
    text = shells.render(program.dialect, values)
    outcome = evaluate(program, text, "eval $(mfasession env)", before={"GONE": "old"})
    assert outcome.status == 0, outcome.stderr
    assert {name: outcome.environment.get(name) for name in values} == values


def test_fish_eval_instead_of_source() -> None:
    """`eval (mfasession env --shell fish)` turns newlines into spaces too."""
    values = {"KEY": "ASIAEXAMPLE", "GONE": None, "TOKEN": TOKEN}
    text = shells.render("fish", values)
    outcome = evaluate(PROGRAMS["fish"], text, "eval (mfasession env --shell fish)", before={"GONE": "old"})
    assert {name: outcome.environment.get(name) for name in values} == values


def test_zsh_options_that_change_quoting() -> None:
    """RC_QUOTES makes two quotes one, inside quotes: never two in a row there."""
    values = {name: value for name, value in AWKWARD.items() if "'" in value}
    options = "setopt rc_quotes ksh_arrays sh_word_split glob_subst"
    assert read_back(PROGRAMS["zsh"], values, f"{options}\n{typed(PROGRAMS['zsh'])}") == values


def test_tcsh_backslash_quote_changes_nothing() -> None:
    """`set backslash_quote` makes backslashes quote inside quotes: none stands there."""
    values = held(PROGRAMS["tcsh"], AWKWARD)
    assert read_back(PROGRAMS["tcsh"], values, f"set backslash_quote\n{typed(PROGRAMS['tcsh'])}") == values


@pytest.mark.parametrize("shadow", ["", "; set -gx AWS_PROFILE other"], ids=["alone", "shadowed"])
def test_fish_reports_a_universal_variable_and_keeps_it(shadow: str) -> None:
    """A universal variable belongs to every session of the user: it stays, and stderr says so."""
    fish = PROGRAMS["fish"].replace(argv=("fish",))
    text = shells.render("fish", {"AWS_PROFILE": None})
    outcome = evaluate(fish, text, f"set -Ux AWS_PROFILE work{shadow}\n{typed(fish)}")
    assert outcome.environment["AWS_PROFILE"] == "work"
    assert "AWS_PROFILE is a universal variable of fish and stays set: set -eU AWS_PROFILE erases it" in outcome.stderr


def test_undecodable_bytes_survive() -> None:
    """A byte that is not UTF-8 (PEP 383) goes through the Bourne family."""
    values = {"RAW": os.fsdecode(b"caf\xe9")}
    assert read_back(PROGRAMS["bash"], values) == values


dotenv_text = (
    st.text(st.sampled_from("'\"`$\\{}# =\n\r\t\x01\x7fA0é")) | st.sampled_from(["'${HOME}'", "${HOME}"]) | hostile_text
)
dotenv_or_refused = st.lists(dotenv_text, min_size=10, max_size=30).map(
    lambda texts: {f"V{number}": text for number, text in enumerate(texts)}
)


def written_for_dotenv(values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that `render` accepts for dotenv."""
    accepted = {}
    for name, value in values.items():
        try:
            shells.render("dotenv", {name: value})
        except ConfigurationError:
            continue
        accepted[name] = value
    return accepted


@settings(max_examples=150, deadline=None, database=None)
@given(dotenv_or_refused)
def test_dotenv_is_read_back_by_python_dotenv(values: dict[str, str]) -> None:
    """What is not refused python-dotenv reads as it was, and comments are not variables."""
    accepted = written_for_dotenv(values)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, ".env")
        path.write_bytes(os.fsencode(shells.render("dotenv", {**accepted, "GONE": None})))
        assert dict(dotenv_values(path)) == accepted


@settings(max_examples=8, deadline=None, database=None)
@given(dotenv_or_refused)
def test_dotenv_is_read_back_by_node(values: dict[str, str]) -> None:
    """What is not refused Node.js reads as it was (`node --env-file`)."""
    node = need("node")
    accepted = written_for_dotenv(values | AWKWARD)
    assert accepted["A0"] == ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, ".env")
        path.write_bytes(os.fsencode(shells.render("dotenv", {**accepted, "GONE": None})))
        done = subprocess.run(
            [node, f"--env-file={path}", "-e", "process.stdout.write(JSON.stringify(process.env))"],
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            timeout=scaled(30),
            check=True,
        )
    seen = json.loads(done.stdout)
    assert {name: seen.get(name) for name in accepted} == accepted
    assert "GONE" not in seen

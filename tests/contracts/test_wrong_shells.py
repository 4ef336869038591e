"""Lines for one shell read by another: which shell asks is found out, and what it reads wrongly shows no secret.

ocaml/opam#3275, rbenv/rbenv#453, astral-sh/uv#2781: `$SHELL` is the login shell, not the one that asks.
"""

import os
from pathlib import Path

import pytest

from mfasession import shells
from mfasession.values import Value
from tests.helpers.support import MFASESSION, SECRET, SESSION_ID, Home, key_pair, missing, need

TOKEN = "FwoGZXIvYXdzEXAMPLE"
SECRETS = (SECRET, TOKEN)


class Reader(Value):
    """One real shell: how it runs a script, and its words for going on, for its last status and for a variable."""

    dialect: str
    argv: tuple[str, ...]
    ended: str = 'echo "WENT ON WITH $?"'
    key: str = 'echo "KEY=$AWS_ACCESS_KEY_ID"'
    stops: bool = False
    """Whether a failure ends the script, so that what stands behind it is never reached."""


BOURNE = {
    "bash": Reader(dialect="bash", argv=("bash", "--norc", "--noprofile")),
    "zsh": Reader(dialect="zsh", argv=("zsh", "-f")),
    "dash": Reader(dialect="dash", argv=("dash",)),
    "ksh93": Reader(dialect="ksh", argv=("ksh93",)),
    "mksh": Reader(dialect="ksh", argv=("mksh",)),
    "busybox": Reader(dialect="sh", argv=("busybox", "sh")),
}
READERS = {
    **BOURNE,
    "fish": Reader(dialect="fish", argv=("fish", "--no-config"), ended='echo "WENT ON WITH $status"'),
    "tcsh": Reader(
        dialect="tcsh",
        argv=("tcsh", "-f"),
        ended='echo "WENT ON WITH $status"',
        key='if ($?AWS_ACCESS_KEY_ID) printenv AWS_ACCESS_KEY_ID | sed "s/^/KEY=/"',
    ),
    "elvish": Reader(
        dialect="elvish", argv=("elvish", "-norc"), ended="", key="echo KEY=$E:AWS_ACCESS_KEY_ID", stops=True
    ),
    "nu": Reader(
        dialect="nu",
        argv=("nu", "--no-config-file"),
        ended="",
        key="print $'KEY=($env.AWS_ACCESS_KEY_ID)'",
        stops=True,
    ),
    "xonsh": Reader(
        dialect="xonsh", argv=("xonsh", "--no-rc"), ended="", key="echo @('KEY=' + $AWS_ACCESS_KEY_ID)", stops=True
    ),
}
DIALECTS = tuple(name for name in shells.names() if shells.is_shell(name) and name not in shells.BOURNE_FAMILY)


def is_foreign(reader: Reader, dialect: str) -> bool:
    """Whether lines of this dialect are not for this shell."""
    return dialect != reader.dialect and not (dialect == "sh" and reader in BOURNE.values())


every_reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
every_bourne_shell = pytest.mark.parametrize("reader", BOURNE.values(), ids=BOURNE.keys())


def line(reader: Reader, command: str = MFASESSION) -> str:
    """The line that users type at this shell, with nothing that names the shell."""
    return shells.how_to(reader.dialect, f"{command} env").replace(f" --shell {reader.dialect}", "")


def read(home: Home, reader: Reader, script: str, **environ: str) -> tuple[str, str]:
    """What a script of this shell writes to stdout and to stderr."""
    path = home.folder / "script"
    path.write_text(f"{script}\n")
    done = home.run_program(need(reader.argv[0]), *reader.argv[1:], str(path), environ=environ)
    return done.stdout, done.stderr


@pytest.mark.parametrize("login_shell", READERS)
@every_reader
def test_the_calling_shell_wins_over_the_login_shell(live: Home, reader: Reader, login_shell: str) -> None:
    """A shell, or a script with `#!`, gets its own words though `$SHELL` names another one."""
    script = "\n".join((line(reader), reader.key))
    out, err = read(live, reader, script, SHELL=f"/usr/bin/{login_shell}")
    assert (out, err) == (f"KEY={SESSION_ID}\n", "")


@pytest.mark.parametrize(
    ("reader", "dialect"),
    [(reader, name) for reader in READERS.values() for name in (*DIALECTS, "sh") if is_foreign(reader, name)],
    ids=lambda given: given.argv[0] if isinstance(given, Reader) else given,
)
def test_lines_for_another_shell_show_no_secret(live: Home, reader: Reader, dialect: str) -> None:
    """`--shell WRONG`: it fails, nothing is set, and neither output has a secret in it."""
    script = "\n".join((line(reader).replace(" env", f" env --shell {dialect}"), reader.ended, reader.key))
    out, err = read(live, reader, script)
    assert not [secret for secret in SECRETS if secret in out + err]
    assert f"KEY={SESSION_ID}" not in out
    assert "WENT ON WITH 0" not in out
    if reader.stops:
        assert "KEY=" not in out
    assert err


@every_bourne_shell
@pytest.mark.parametrize("dialect", DIALECTS)
def test_forgotten_quotes_show_no_secret_either(live: Home, reader: Reader, dialect: str) -> None:
    """`eval $(…)` makes one line of all, which bash would show whole in a syntax error."""
    out, err = read(live, reader, f"eval $({MFASESSION} env --shell {dialect})\n{reader.ended}")
    assert not [secret for secret in SECRETS if secret in out + err]
    assert "WENT ON WITH 0" not in out


@pytest.mark.parametrize("dialect", ["sh", "tcsh"])
def test_fish_evaluates_instead_of_sourcing(live: Home, dialect: str) -> None:
    """`eval (…)`: newlines become spaces, and fish shows a whole line in which it finds an error."""
    out, err = read(live, READERS["fish"], f"eval ({MFASESSION} env --shell {dialect})")
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("mfasession: these lines are for ")


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "tcsh"])
def test_a_careless_script_goes_no_further(live: Home, dialect: str) -> None:
    """Without `set -e` it would go on with the bare long-term key: what the first line does ends a script in POSIX."""
    for name in ("bash", "zsh", "dash", "mksh", "busybox"):
        out, err = read(live, BOURNE[name], f'eval "$({MFASESSION} env --shell {dialect})"\necho went on')
        assert (out, "these lines are for" in err) == ("", True), name


WRAPPERS = (
    "env A=b",
    "timeout 60",
    "nice",
    'sh -c \'"$0" "$@"; exit\'',
    'sh -c \'exec "$0" "$@"\'',
    'bash -c \'"$0" "$@" | cat\'',
    "python3 -c 'import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))'",
    "make -s -f makefile env #",
)


@pytest.mark.parametrize(
    ("name", "wrapper"),
    # What a bash script in fish reads itself, and hands on by another program, cannot be known.
    [(name, wrapper) for name in ("bash", "fish") for wrapper in WRAPPERS if not (name == "fish" and "cat" in wrapper)],
)
def test_behind_a_wrapper(live: Home, name: str, wrapper: str) -> None:
    """What stands between the shell and us, in whatever language, only hands our lines on."""
    (live.folder / "makefile").write_text(f"env:\n\t@{MFASESSION} env\n")
    other = "/usr/bin/fish" if name == "bash" else "/bin/bash"
    typed = f"{wrapper} {MFASESSION} env" if "#" not in wrapper else wrapper.removesuffix(" #")
    reader = READERS[name]
    script = f'eval "$({typed})"' if name == "bash" else f"{typed} | source"
    assert read(live, reader, f"{script}\n{reader.key}", SHELL=other) == (f"KEY={SESSION_ID}\n", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_under_another_user(live: Home) -> None:
    """As under `sudo -u`: the kernel does not show us the parent's program, but its words."""
    code = "from mfasession import shells; print(shells.calling({}))"
    typed = f"{need('setpriv')} --reuid=65534 --clear-groups {need('python')} -c '{code}'"
    for name in ("bash", "fish", "tcsh"):
        assert read(live, READERS[name], f"{typed} >out") == ("", "")
        assert (live.folder / "out").read_text() == f"{name}\n"


def test_a_script_that_hands_on_what_it_gets(live: Home) -> None:
    """A wrapper script in sh, called from fish as from any other shell."""
    script = live.folder / "my-env"
    script.write_text(f'#!/bin/sh\necho called >&2\n{MFASESSION} env "$@"\n')
    script.chmod(0o755)
    out, err = read(live, READERS["fish"], f"{script} | source\necho KEY=$AWS_ACCESS_KEY_ID", SHELL="/bin/bash")
    assert (out, err) == (f"KEY={SESSION_ID}\n", "called\n")


def test_without_a_calling_shell(live: Home) -> None:
    """An IDE or cron: `$SHELL` says it, else it is sh."""
    # The first process of a namespace has no ancestors to see.
    alone = [need("unshare"), "--pid", "--fork", "--mount-proc", MFASESSION, "env"]
    for login_shell, start in (("/usr/bin/fish", "set -"), ("/bin/tcsh", "unsetenv "), ("", "\\unset ")):
        done = live.run_program(*alone, environ={"SHELL": login_shell})
        if "unshare" in done.stderr:
            missing("unshare with process namespaces")
        assert done.stdout.splitlines()[1].startswith(start), done.stderr


def test_the_process_table_says_the_same(live: Home) -> None:
    """Where there is no /proc, ps(1) is asked: here it is asked beside it."""
    code = (
        "from mfasession.shells import detection; from mfasession.shells.detection import process_table as table; "
        "print(detection.nearest(), table.nearest(), table.PS)"
    )
    for name in ("bash", "zsh", "dash", "mksh", "fish", "tcsh", "elvish"):
        reader = READERS[name]
        _, err = read(live, reader, f"{need('python')} -c '{code}' >out\n{reader.ended or 'nop'}")
        said = (live.folder / "out").read_text()
        assert (said, err) == (f"{reader.dialect} {reader.dialect} /bin/ps\n", ""), name


@every_reader
def test_a_failure_is_one_clean_message(home: Home, reader: Reader) -> None:
    """With no session, what the shell says besides our two lines is at most that it stopped; it does not go on."""
    home.write_credentials(key_pair())
    out, err = read(home, reader, "\n".join((line(reader), reader.ended, reader.key)), SHELL="/bin/bash")
    assert err.startswith("mfasession: there is no session for profile default")
    assert "WENT ON WITH 0" not in out
    if not reader.stops:
        assert err.count("\n") == 2


def test_an_upgraded_shell_is_still_known(live: Home, tmp_path: Path) -> None:
    """A package upgrade replaces the program of a running shell: /proc says `(deleted)` behind its name."""
    copy = tmp_path / "fish"
    copy.write_bytes(Path(need("fish")).read_bytes())
    copy.chmod(0o755)
    script = f"rm {copy}\n{MFASESSION} env | source\necho KEY=$AWS_ACCESS_KEY_ID"
    (live.folder / "script").write_text(script)
    done = live.run_program(str(copy), "--no-config", str(live.folder / "script"))
    assert (done.stdout, done.stderr) == (f"KEY={SESSION_ID}\n", "")

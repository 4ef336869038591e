"""A script that does not say what runs it (no `#!`): run by `sh`, as execvp(3) and every shell do it."""

import pytest

from tests.helpers.support import Home, key_pair, session_section

WAYS = (("exec",), ("exec", "--server"), ("exec", "-p", "default", "-p", "other"))


@pytest.fixture
def live(home: Home) -> Home:
    """A home with two sessions that live until 2099, and a folder on the PATH."""
    home.write_credentials(key_pair() + session_section() + key_pair("other") + session_section("other-mfa"))
    (home.folder / "bin").mkdir()
    home.environ["PATH"] = f"{home.folder / 'bin'}:{home.environ['PATH']}"
    return home


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("word", ["bin/greet", "greet"])
def test_a_script_without_a_first_line(live: Home, way: tuple[str, ...], word: str) -> None:
    """By its path or through the PATH, with its words and its own name."""
    script = live.folder / "bin" / "greet"
    script.write_text("echo ${0##*/}: $1\n")
    script.chmod(0o755)
    done = live.run(*way, "--", word, "a b")
    assert done.returncode == 0, done.stderr
    assert {line.rpartition("greet: ")[2] for line in done.stdout.splitlines()} == {"a b"}


@pytest.mark.parametrize("way", WAYS[:2])
def test_an_empty_script(live: Home, way: tuple[str, ...]) -> None:
    """It does nothing, and does it well, as in a shell."""
    (live.folder / "empty").touch(mode=0o755)
    done = live.run(*way, "--", "./empty")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("way", WAYS)
def test_a_program_for_another_machine(live: Home, way: tuple[str, ...]) -> None:
    """It is not a script: a shell would print what it cannot read as commands."""
    program = live.folder / "bin" / "foreign"
    program.write_bytes(b"\x7fELF\2\1\1\0" + bytes(100))
    program.chmod(0o755)
    done = live.run(*way, "--", "foreign")
    assert done.returncode == (1 if len(way) == 5 else 126)
    assert "exec format error" in done.stderr

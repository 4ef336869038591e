"""Names that want to be more than names: none reaches the terminal raw, and none injects into what others read."""

import json
import re
from pathlib import Path

import pytest

from mfasession import shells
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, have_session, keys_of
from tests.helpers.support import KEY_ID, SECRET, Home, key_pair, need, session_section

ESCAPES = ["\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "a\u202eb", "a\u200bb", "a\u2028b", "a\rb", "a\x7fb"]
QUOTES = ["a'b", 'a"b', "$(touch evil)", "`touch evil`", "a;touch evil", "a\\b", "a|b", "%s%n", "-p", "!!", "~", "*"]
LONG = "n" * 20_000


def check_plain(text: str) -> None:
    """What is shown holds no character that a terminal would obey."""
    assert all(char.isprintable() for char in text.replace("\n", "")), text


def with_session(home: Home, name: str, extra: str = "") -> None:
    """Keep a key and a live session of a profile of that name."""
    home.write_credentials(key_pair(name) + session_section(f"{name}-mfa", extra=extra))


@pytest.mark.parametrize("name", [*ESCAPES, LONG])
@pytest.mark.parametrize("words", [("login",), ("status",), ("logout",), ("process",), ("login", "--debug")])
def test_a_name_that_is_not_there(home: Home, name: str, words: tuple[str, ...]) -> None:
    """On the command line and in the environment, where anything may stand."""
    home.write_credentials(key_pair())
    for more, environ in ((["-p", name], {}), ([], {"AWS_PROFILE": name}), ([], {"MFASESSION_PROFILE": name})):
        done = home.run(*words, *more, environ=environ)
        # `status` alone is about every profile.
        assert done.returncode in ((0,) if words == ("status",) and not more else (1, 3))
        check_plain(done.stderr)
        if "--debug" not in words:
            assert done.stderr.count("\n") <= 2
        assert len(done.stderr) < 50_000 + 30_000 * ("--debug" in words)


@pytest.mark.parametrize("name", [escape for escape in ESCAPES if "\r" not in escape])
def test_a_name_in_the_files(home: Home, name: str) -> None:
    """A profile may be called so, and works; its name is shown without what a terminal would obey."""
    with_session(home, name)
    for words in (("login",), ("status",), ("logout",), ("status",), ("login", "--no-input")):
        done = home.run(*words, "-p", name)
        check_plain(done.stderr)
        check_plain(done.stdout)
    shown = home.run("status").stdout + home.run("shell", "complete", "--", "-p", "").stdout
    check_plain(shown)


@pytest.mark.parametrize("name", [*QUOTES, "a b", "caf\u00e9"])
@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "dash"])
def test_a_name_in_a_shell(home: Home, name: str, shell: str) -> None:
    """The shell takes it for a text and runs nothing."""
    need(shell)
    home.write_settings(f"[profiles.{json.dumps(name)}]\nsource = 'key'\nsession_profile = 'kept'\n")
    home.write_credentials(key_pair("key") + session_section("kept"))
    done = home.run("env", "--shell", shell, environ={"MFASESSION_PROFILE": name})
    assert done.returncode == 0, done.stderr
    script = f'{done.stdout}\nprintf %s "$MFASESSION_PROFILE"'
    assert home.run_program(shell, "-c", script).stdout == name
    assert not (home.folder / "evil").exists()


@pytest.mark.parametrize("shell", shells.names())
def test_a_token_in_every_dialect(home: Home, shell: str) -> None:
    """Values of several lines or with quotes are written as they are, or refused without being quoted."""
    text = key_pair() + session_section().replace("FwoGZXIvYXdzEXAMPLE", "a'b\n \"c`$(id)")
    home.write_credentials(text)
    done = home.run("env", "--shell", shell)
    assert done.returncode in (0, 3)
    if done.returncode:
        assert "c`$(id)" not in done.stderr
        assert SECRET not in done.stderr


def test_a_kept_identity(home: Home) -> None:
    """Whoever edits the file cannot break the table, nor the JSON."""
    identity = "arn:aws:iam::123456789012:user/\x1b[2J\u202eevil\n [x]"
    with_session(home, "default", f"mfasession_identity = {identity}\nregion = a\n  b\n")
    table = home.run("status").stdout
    check_plain(table)
    assert table.count("\n") == 2
    (record,) = json.loads(home.run("status", "--json").stdout)
    assert record["identity"] == identity.replace("\n ", "\n")
    assert home.run("status", "--json").stdout.isascii()


def test_process_is_one_json_object(home: Home) -> None:
    """Quotes in a kept secret end no text."""
    home.write_credentials(key_pair() + session_section().replace("FwoGZXIvYXdzEXAMPLE", '","Version":2,"x":"\x1b\\'))
    done = home.run("process")
    answer = json.loads(done.stdout)
    assert (answer["Version"], answer["SessionToken"]) == (1, '","Version":2,"x":"\x1b\\')
    check_plain(done.stdout)


@pytest.mark.parametrize("key", ["region", "mfa_serial"])
def test_a_setting_of_several_lines(aws: Sandbox, alices_home: Home, alice: SandboxUser, key: str) -> None:
    """It would be kept with the session: reported before a code is spent, whatever the command line says instead."""
    device = alice.devices[0]
    alices_home.config.write_text(f"[default]\n{key} = eu-west-1\n  [evil]\n  aws_access_key_id = AKIAEVIL\n")
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", "--serial", device.serial, "--code", device.code())
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"profile default: {key} holds a line break or another character that cannot be shown",
            "fix it in the AWS files",
        ),
    )
    assert asked(aws, alice) == []
    assert alices_home.credentials.read_bytes() == before


def test_a_role_of_several_lines(alices_home: Home) -> None:
    """The role's ARN is kept too."""
    alices_home.config.write_text("[profile r]\nrole_arn = arn:aws:iam::1:role/x\n  y\nsource_profile = default\n")
    done = alices_home.run("login", "-p", "r", "--code", "123456")
    assert done.returncode == 3
    assert done.stderr.startswith("mfasession: profile r: role_arn holds a line break")


@pytest.mark.parametrize("place", ["credentials", "config", "source"])
def test_a_session_never_hides_its_key(aws: Sandbox, alices_home: Home, alice: SandboxUser, place: str) -> None:
    """session_profile names the section of the long-term key, in either file: refused before a code is spent."""
    section = "work" if place == "source" else "default"
    home = alices_home
    home.write_credentials(keys_of(alice, section))
    if place == "config":
        home.credentials.rename(home.config)
    source = "source = 'work'\n" if place == "source" else ""
    home.write_settings(f"[profiles.default]\n{source}session_profile = '{section}'\n")
    before = {path: path.read_bytes() for path in home.aws.iterdir()}
    done = home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 3
    assert "choose another section" in done.stderr or "is not ours" in done.stderr
    assert asked(aws, alice) == []
    assert {path: path.read_bytes() for path in home.aws.iterdir()} == before


def test_a_session_called_default(alices_home: Home, alice: SandboxUser) -> None:
    """Every tool then takes it by default; its key is in another section."""
    home = alices_home
    home.write_credentials(keys_of(alice, "work"))
    home.write_settings("[profiles.work]\nsession_profile = 'default'\n")
    have_session(home, alice.devices[0], "-p", "work")
    assert home.credentials.read_text().startswith(keys_of(alice, "work"))
    assert "[default]\nmanager = mfasession\n" in home.credentials.read_text()
    for name in ("work", "default"):
        assert home.run("process", "-p", name).returncode == 0


@pytest.mark.parametrize("name", ["DEFAULT", "a]b", "]", "a] ; x"])
def test_a_section_that_nothing_can_be_kept_in(aws: Sandbox, alices_home: Home, alice: SandboxUser, name: str) -> None:
    """`[DEFAULT]` is every section's, and a bracket ends a name: reported before a code is spent."""
    alices_home.write_settings(f"[profiles.default]\nsession_profile = '{name}'\n")
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert (done.returncode, done.stderr) == (
        7,
        complaint(f"a session cannot be written to section [{name}]", "choose another session_profile"),
    )
    assert asked(aws, alice) == []
    assert alices_home.credentials.read_bytes() == before


@pytest.mark.parametrize("name", ["$(touch evil)", "`touch evil`", "a;touch evil", "a'b", "a b"])
def test_completions_are_words(home: Home, name: str, tmp_path: Path) -> None:
    """What Tab puts into the line is one word of bash, whatever a profile is called."""
    need("bash")
    home.write_credentials(key_pair(name))
    script = (
        'eval "$(mfasession shell init bash)"\nCOMP_WORDS=(mfasession login -p "") COMP_CWORD=3\n'
        '__mfasession_complete\nprintf "%s\\n" "${COMPREPLY[@]}"; eval "printf %s ${COMPREPLY[0]}"'
    )
    done = home.run_program("bash", "-c", script)
    assert done.stdout.split("\n")[-1] == name, done.stderr
    assert not (tmp_path / "evil").exists()


def test_a_debug_traceback_is_plain(home: Home) -> None:
    """What a traceback quotes is shown as safely as the rest."""
    done = home.run("login", "--debug", "-p", "\x1b[31m\u202e")
    assert "Traceback" in done.stderr
    check_plain(done.stderr)
    assert not re.search(rf"{SECRET}|{KEY_ID}", done.stderr)

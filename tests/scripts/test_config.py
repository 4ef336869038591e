"""`mfasession config`: our own configuration, read and changed without a terminal."""

import json
from typing import Any

import pytest

from tests.helpers.checks import complaint
from tests.helpers.support import Home, key_pair

TEXT = """\
# how I work
store   =   "file"  # SDKs read it

# the office
[profiles.work]
duration = "8h"
# the end"""


def records(home: Home, *words: str, environ: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The records of `config list --json` by setting."""
    done = home.run("config", "list", "--json", *words, environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    return {record["setting"]: record for record in json.loads(done.stdout)}


def test_a_new_file(home: Home) -> None:
    """It is made with the first setting, for the user alone; `path` names it before that."""
    done = home.run("config", "path")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{home.settings}\n", "")
    assert not home.settings.exists()
    done = home.run("config", "set", "store", "keyring")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"mfasession: store is keyring in {home.settings}\n"
    assert home.settings.read_text() == 'store = "keyring"\n'
    assert home.settings.stat().st_mode & 0o777 == 0o600
    assert home.settings.parent.stat().st_mode & 0o777 == 0o700


def test_all_else_in_the_file_stays(home: Home) -> None:
    """Comments, spaces and the missing line end."""
    home.write_credentials(key_pair("work"))
    home.write_settings(TEXT)
    home.settings.chmod(0o644)
    assert home.run("config", "set", "store", "keyring").returncode == 0
    assert home.settings.read_text() == TEXT.replace('"file"', '"keyring"')
    done = home.run("config", "set", "-p", "work", "code", '{ command = ["my-codes", "aws"] }')
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    added = 'duration = "8h"\ncode = { command = ["my-codes", "aws"] }\n'
    assert home.settings.read_text() == TEXT.replace('"file"', '"keyring"').replace('duration = "8h"\n', added)
    for words in (("unset", "-p", "work", "code"), ("set", "store", "file")):
        assert home.run("config", *words).returncode == 0
    assert home.settings.read_text() == TEXT
    assert home.settings.stat().st_mode & 0o777 == 0o644


def test_a_link_stays_one(home: Home) -> None:
    """A configuration that is kept elsewhere is changed there."""
    kept = home.folder / "dotfiles.toml"
    kept.write_text(TEXT)
    home.settings.parent.mkdir(parents=True)
    home.settings.symlink_to(kept)
    assert home.run("config", "set", "duration", "9h").returncode == 0
    assert home.settings.is_symlink()
    assert 'duration = "9h"' in kept.read_text()


def test_what_is_so_already(home: Home) -> None:
    """It is said, and the file is not written."""
    home.write_settings(TEXT)
    before = home.settings.stat()
    done = home.run("config", "set", "store", "file")
    assert (done.returncode, done.stderr) == (0, f"mfasession: store is already file in {home.settings}\n")
    done = home.run("config", "unset", "duration")
    assert (done.returncode, done.stderr) == (0, f"mfasession: duration is not set in {home.settings}\n")
    after = home.settings.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_where_values_come_from(home: Home) -> None:
    """The default, a line of the file, a variable."""
    home.write_settings(TEXT)
    done = home.run("config", "list", environ={"AWS_PROFILE": "work"})
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["SETTING", "VALUE", "FROM"],
        ["default_profile", "work", "AWS_PROFILE"],
        ["store", "file", "config.toml:2"],
        ["keys_in", "-", "default"],
        ["duration", "12h", "default"],
        ["code", "prompt", "default"],
        ["refresh_margin", "15m", "default"],
        ["browser", "-", "default"],
        ["allow_http_endpoint", "-", "default"],
        ["profiles.work.duration", "8h", "config.toml:6"],
    ]
    found = records(home, "-p", "work")
    assert (found["store"]["value"], found["store"]["line"]) == ("file", 2)
    assert (found["profiles.work.duration"]["value"], found["profiles.work.duration"]["source"]) == ("8h", "file")
    assert "default_profile" not in found
    assert records(home)["duration"] == {
        "setting": "duration",
        "value": "12h",
        "source": "default",
        "file": None,
        "line": None,
        "variable": None,
    }


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (("duration",), 0, "12h\n", ""),
        (("store",), 0, "file\n", ""),
        (("-p", "work", "duration"), 0, "8h\n", ""),
        (("profiles.work.duration",), 0, "8h\n", ""),
        (("-p", "work", "store"), 0, "file\n", ""),
        (("-p", "work", "mfa_serial"), 1, "", "mfasession: mfa_serial is not set\n"),
        (("allow_http_endpoint",), 1, "", "mfasession: allow_http_endpoint is not set\n"),
        (("stor",), 2, "", complaint("unknown key stor", "did you mean store?")),
        (("mfa_serial",), 2, "", complaint("mfa_serial belongs to one profile", "name the profile: -p NAME")),
        (("-p", "work", "default_profile"), 2, "", complaint("default_profile is for all profiles", "leave -p out")),
    ],
)
def test_get(home: Home, words: tuple[str, ...], code: int, out: str, err: str) -> None:
    """The value alone on stdout, of the profile's own table, of all, or the default."""
    home.write_settings(TEXT)
    done = home.run("config", "get", *words)
    assert (done.returncode, done.stdout, done.stderr) == (code, out, err)


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        (("store", "keyrin"), "store: must be one of file, kernel, keyring (did you mean keyring?)", "store keyring"),
        (("duration", "14m"), "duration: must be from 15 min to 36 h", "duration 8h"),
        (("-p", "work", "duration", "soon"), "duration: 'soon' is not a duration", "duration 8h -p work"),
        (("default_profile", ""), "default_profile: must be a text", "default_profile work"),
        (("code", "{ command = [] }"), "code: command must be a list of words", "code pinentry"),
        (("code", "{ command"), "code: ", "code pinentry"),
        (("code", '{ preset = "ykman" }\nstore = "file"'), "code: must be one value", "code pinentry"),
        (
            ("allow_http_endpoint", "ftp://x"),
            "allow_http_endpoint: must be as in http://HOST:PORT",
            "http://localstack",
        ),
    ],
)
def test_a_wrong_value(home: Home, words: tuple[str, ...], what: str, hint: str) -> None:
    """In the words of a wrong file, exit code 2, and the file stays."""
    home.write_settings(TEXT)
    done = home.run("config", "set", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"mfasession: {what}")
    assert "\n  hint: as in: mfasession config set" in done.stderr
    assert hint in done.stderr
    assert home.settings.read_text() == TEXT


def test_a_code_or_a_seed_is_not_repeated(home: Home) -> None:
    """Given as a value by mistake, or standing in the file."""
    seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    for words in (("code", "123456"), ("code", seed), ("duration", "492039x"), (seed, "x"), ("default_profile", seed)):
        done = home.run("config", "set", *words)
        assert not any(secret in done.stdout + done.stderr for secret in (seed, "123456"))
    home.write_settings(f'code = {{ command = ["oathtool", "{seed}"] }}\n')
    for line in ("get code", "list", "list --json"):
        done = home.run("config", *line.split())
        assert done.returncode == 0
        assert "***" in done.stdout
        assert seed not in done.stdout


def test_a_wrong_file_can_be_put_right(home: Home) -> None:
    """A wrong value is replaced; another fault is reported, and the file stays."""
    home.write_settings('duration = "14m"\n')
    assert home.run("config", "path").returncode == 0
    assert home.run("config", "set", "duration", "1h").returncode == 0
    assert home.settings.read_text() == 'duration = "1h"\n'
    home.write_settings('durration = "1h"\n')
    done = home.run("config", "set", "store", "file")
    assert done.returncode == 3
    assert done.stderr == complaint(f"{home.settings}: unknown key durration", "did you mean duration?")
    assert home.settings.read_text() == 'durration = "1h"\n'
    home.write_settings("not TOML\n")
    done = home.run("config", "set", "store", "file")
    assert done.returncode == 3
    assert "is not TOML" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('profiles = { work = { store = "file" } }\n', ("-p", "work", "store", "keyring")),
        ('code = "prompt"\n[profiles]\nwork = { store = "file" }\n', ("-p", "work", "duration", "8h")),
        ('[code]\npreset = "ykman"\n', ("code", "prompt")),
    ],
)
def test_a_form_that_is_left_to_the_editor(home: Home, text: str, words: tuple[str, ...]) -> None:
    """Inline tables are valid and rare: nothing is guessed."""
    home.write_credentials(key_pair("work"))
    home.write_settings(text)
    done = home.run("config", "set", *words)
    assert (done.returncode, done.stdout) == (3, "")
    hint = f"mfasession config edit{' -p work' * (words[0] == '-p')}"
    assert done.stderr == complaint(f"{home.settings} has this setting in a form that cannot be changed here", hint)
    assert home.settings.read_text() == text


def test_a_profile_that_is_in_no_aws_file(home: Home) -> None:
    """It may be a slip of the pen, or its key in the keyring: reported and done."""
    home.write_credentials(key_pair("work"))
    for words in (("-p", "wrok", "store", "file"), ("default_profile", "wrok")):
        done = home.run("config", "set", *words)
        assert done.returncode == 0
        assert complaint("there is no profile wrok", "did you mean work?") in done.stderr


def test_a_file_that_the_environment_names(home: Home) -> None:
    """MFASESSION_CONFIG, which need not exist yet; and a read-only file is not replaced."""
    other = home.folder / "other.toml"
    environ = {"MFASESSION_CONFIG": str(other)}
    assert home.run("config", "set", "store", "file", environ=environ).returncode == 0
    assert other.read_text() == 'store = "file"\n'
    other.chmod(0o400)
    done = home.run("config", "set", "store", "keyring", environ=environ)
    assert (done.returncode, done.stderr) == (3, complaint(f"{other} is read-only", f"chmod u+w {other}"))


def test_no_editor_without_a_terminal(home: Home) -> None:
    """Exit code 6, whichever is missing; an editor with a window needs no terminal."""
    hint = complaint("there is no terminal for an editor", "mfasession config set KEY VALUE")
    for words, environ in (((), {}), (("--no-input",), {"EDITOR": "true"})):
        done = home.run("config", "edit", *words, environ=environ)
        assert (done.returncode, done.stderr) == (6, hint)
    script = home.folder / "window"
    script.write_text('#!/bin/sh\necho \'store = "keyring"\' >>"$1"\n')
    script.chmod(0o755)
    done = home.run("config", "edit", environ={"VISUAL": str(script), "EDITOR": "false"})
    assert (done.returncode, done.stderr) == (0, f"mfasession: changed {home.settings}\n")
    assert home.settings.read_text() == 'store = "keyring"\n'
    done = home.run("config", "edit", environ={"EDITOR": str(script)})
    assert done.returncode == 3
    assert "is not TOML" in done.stderr
    assert home.settings.read_text() == 'store = "keyring"\n'
    assert [each.name for each in home.settings.parent.iterdir()] == ["config.toml"]

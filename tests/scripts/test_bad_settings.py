"""Faults of config.toml: which key, what is wrong, how to fix it; exit code 3 whatever the command."""

import pytest

from tests.helpers.checks import complaint
from tests.helpers.support import Home, key_pair

CODES = (
    "must be one of 1password, bitwarden, gopass, kdialog, keepassxc, oathtool, osascript, pass, pinentry, prompt, "
    'totp, ykman, zenity or { command = ["…"] }'
)
KNOWN_KEYS = (
    "known keys: allow_http_endpoint, browser, code, default_profile, duration, keys_in, profiles, refresh_margin, "
    "store"
)


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ('storr = "file"', "unknown key storr", "did you mean store?"),
        (
            'zzz = "file"',
            "unknown key zzz",
            KNOWN_KEYS,
        ),
        ("[profile.work]", "unknown key profile", "did you mean profiles?"),
        ('[profiles.work]\nmfa_seral = "x"', "unknown key profiles.work.mfa_seral", "did you mean mfa_serial?"),
        (
            'mfa_serial = "x"',
            "unknown key mfa_serial",
            "mfa_serial belongs to one profile: put it below [profiles.NAME]",
        ),
        ('keys_in = "disk"', "keys_in: must be one of encrypted-file, file, keyring", "fix keys_in in {}"),
        ('store = "disk"', "store: must be one of file, kernel, keyring", "fix store in {}"),
        ('store = "keyrin"', "store: must be one of file, kernel, keyring (did you mean keyring?)", "fix store in {}"),
        ("store = true", "store: must be one of file, kernel, keyring", "fix store in {}"),
        ('duration = "14m"', "duration: must be from 15 min to 36 h", "fix duration in {}"),
        ("duration = 129601", "duration: must be from 15 min to 36 h", "fix duration in {}"),
        ('duration = "soon"', "duration: 'soon' is not a duration", "fix duration in {}"),
        ("duration = 1.5", 'duration: must be a duration such as "12h"', "fix duration in {}"),
        ("duration = true", 'duration: must be a duration such as "12h"', "fix duration in {}"),
        ('refresh_margin = "13h"', "refresh_margin: must be from 0 s to 12 h", "fix refresh_margin in {}"),
        ('code = "phone"', f"code: {CODES}", "fix code in {}"),
        ('code = "yubikman"', f"code: {CODES} (did you mean ykman?)", "fix code in {}"),
        ('code = { preset = "keepass" }', f"code: {CODES} (did you mean keepassxc?)", "fix code in {}"),
        ('code = { account = "aws" }', f"code: {CODES}", "fix code in {}"),
        ("code = 5", f"code: {CODES}", "fix code in {}"),
        ("default_profile = 7", "default_profile: must be a text", "fix default_profile in {}"),
        ('default_profile = ""', "default_profile: must be a text", "fix default_profile in {}"),
        ("profiles = 3", "profiles must be a table a profile", "write [profiles.NAME] and its keys below"),
        ('[profiles]\nwork = "x"', "profiles must be a table a profile", "write [profiles.NAME] and its keys below"),
        ('[profiles.work]\nsource = ["x"]', "profiles.work.source: must be a text", "fix profiles.work.source in {}"),
    ],
)
def test_a_wrong_setting(live: Home, text: str, what: str, hint: str) -> None:
    """Never ignored: a setting that does nothing would surprise on the day it matters."""
    live.write_settings(text + "\n")
    done = live.run("process")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == complaint(f"{live.settings}: {what}", hint.format(live.settings))
    assert live.settings.read_text() == text + "\n"


@pytest.mark.parametrize(
    "words", [("login",), ("env",), ("exec", "--", "true"), ("status",), ("logout",)], ids=" ".join
)
def test_no_command_goes_on_with_it(live: Home, words: tuple[str, ...]) -> None:
    """Not TOML: the line and column, and the session stays."""
    before = live.credentials.read_bytes()
    live.write_settings('store = "file"\nduration = 12h\n')
    done = live.run(*words)
    assert done.returncode == 3
    assert done.stderr.startswith(f"mfasession: {live.settings} is not TOML: ")
    assert "line 2" in done.stderr
    assert done.stderr.endswith(f"\n  hint: fix that line of {live.settings}\n")
    assert live.credentials.read_bytes() == before


def test_a_fault_is_reported_each_time_until_it_is_fixed(live: Home) -> None:
    """The kept result of reading it never stands in for what the file says now."""
    live.write_settings('duration = "8h"\n')
    assert live.run("process").returncode == 0
    live.write_settings('duration = "8x"\n')
    assert [live.run("process").returncode for _ in range(2)] == [3, 3]
    live.write_settings('duration = "9h"\n')
    assert live.run("process").returncode == 0


def test_the_file_that_the_environment_names(live: Home) -> None:
    """MFASESSION_CONFIG instead of the platform's folder; one that is not there is a mistake."""
    live.write_settings("broken\n")
    other = live.folder / "other.toml"
    environ = {"MFASESSION_CONFIG": str(other)}
    done = live.run("process", environ=environ)
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"no configuration at {other}", "create that file, or unset MFASESSION_CONFIG"),
    )
    other.write_text('default_profile = "default"\n')
    assert live.run("process", environ=environ).returncode == 0


def test_a_folder_in_its_place(live: Home) -> None:
    """Reported, not passed over."""
    live.settings.mkdir(parents=True)
    done = live.run("process")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{live.settings} is a directory", f"move it away: mv {live.settings} {live.settings}.old"),
    )


def test_xdg_config_home(live: Home) -> None:
    """The XDG Base Directory Specification: an absolute path counts, a relative one is ignored."""
    folder = live.folder / "xdg" / "mfasession"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("broken\n")
    assert live.run("process", environ={"XDG_CONFIG_HOME": str(folder.parent)}).returncode == 3
    assert live.run("process", environ={"XDG_CONFIG_HOME": "xdg"}).returncode == 0


@pytest.mark.parametrize(
    ("line", "environ"),
    [
        ("retry_mode = bananas", {}),
        ("sts_regional_endpoints = bananas", {}),
        ("defaults_mode = bananas", {}),
        ("", {"AWS_RETRY_MODE": "bananas"}),
        ("", {"AWS_STS_REGIONAL_ENDPOINTS": "bananas"}),
    ],
)
def test_a_wrong_setting_of_the_aws_tools(home: Home, line: str, environ: dict[str, str]) -> None:
    """What botocore does not know is reported as a setting, with its value, and not as an unexpected failure."""
    home.write_credentials(key_pair())
    home.config.write_text(f"[default]\n{line}\n")
    done = home.run("login", "--code", "123456", environ=environ)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("mfasession: an AWS setting is wrong: ")
    assert "bananas" in done.stderr
    assert done.stderr.endswith("\n  hint: fix it in the AWS configuration file or in the AWS_* variables\n")

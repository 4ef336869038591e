"""Sources of codes that are well-known programs: their words, their failures, and the real ones that are installed."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mfasession import codes, totp
from mfasession.errors import ConfigurationError
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers import code_programs as fakes
from tests.helpers.patience import scaled
from tests.helpers.prompt_driver import PromptDriver, driver
from tests.helpers.support import Home, need

KEEPASS_XML = f"""<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<KeePassFile><Meta><Generator>test</Generator></Meta><Root><Group><UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID>
<Name>Root</Name><Entry><UUID>AAAAAAAAAAAAAAAAAAAAAg==</UUID>
<String><Key>Title</Key><Value>phone</Value></String>
<String><Key>otp</Key><Value>otpauth://totp/x?secret={fakes.SEED}&amp;period=30&amp;digits=6</Value></String>
</Entry></Group></Root></KeePassFile>
"""


def ask(folder: Path, *preset: str, **more: Any) -> str:
    """Ask the source without a terminal, and return what the driver says."""
    done = subprocess.run(
        driver({"preset": preset, **more}), stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder,
        start_new_session=True, check=False,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("ykman", "ykman oath accounts code --single phone"),
        ("ykman account AWS:alice", "ykman oath accounts code --single AWS:alice"),
        ("1password", "op item get phone --otp"),
        ("1password account AWS vault Work", "op item get AWS --otp --vault=Work"),
        ("bitwarden account 6f2a", "bw get totp 6f2a"),
        ("pass account aws/phone", "pass otp aws/phone"),
        ("gopass", "gopass otp -o phone"),
        ("keepassxc database /db.kdbx", "keepassxc-cli show --totp /db.kdbx phone"),
        (
            "keepassxc database ~/db.kdbx key_file ~/key no_password yes account AWS",
            "keepassxc-cli show --totp --key-file HOME/key --no-password HOME/db.kdbx AWS",
        ),
    ],
)
def test_the_words_of_each_program(tmp_path: Path, preset: str, expected: str) -> None:
    """As its documentation has them; without an account it is the name of the device."""
    name, *options = preset.split()
    assert ask(tmp_path, name, *options, environ=fakes.fake(name, tmp_path)) == "code 123456 in time\n"
    (program, *words), *others = fakes.words(tmp_path)
    assert others == []
    assert [os.path.basename(program), *words] == expected.replace("HOME", os.path.expanduser("~")).split()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (("keepassxc",), "needs database"),
        (("oathtool",), "needs file"),
        (("ykman", "acount", "x"), "takes no acount"),
        (("prompt", "account", "x"), "takes no account"),
    ],
)
def test_options_are_checked(code: tuple[str, ...], says: str) -> None:
    """Before anything runs."""
    with pytest.raises(ConfigurationError, match=says) as failure:
        codes.source_for(code if len(code) > 1 else code[0], seed_reader=lambda _: None)
    assert failure.value.hint


def test_an_account_that_looks_like_a_flag(tmp_path: Path) -> None:
    """It is refused, and the program is not run."""
    out = ask(tmp_path, "ykman", "account", "--help", environ=fakes.fake("ykman", tmp_path))
    assert out.startswith("ConfigurationError ykman would take the account --help for a flag / ")
    assert not (tmp_path / "words").exists()


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"status": 1, "errors": "no YubiKey"}, "ykman failed (exit code 1) and gave no code"),
        ({"prints": "AWS:a 123456\nAWS:b 654321\n"}, "ykman printed 2 six-digit numbers"),
        ({"prints": ""}, "ykman printed no six-digit code"),
    ],
)
def test_a_program_that_fails(tmp_path: Path, how: dict[str, Any], says: str) -> None:
    """The hint is the line to try."""
    out = ask(tmp_path, "ykman", environ=fakes.fake("ykman", tmp_path, **how))
    assert out.startswith(f"ConfigurationError {says} / see what it prints by itself: ykman oath accounts code")


def test_a_program_that_is_not_installed(tmp_path: Path) -> None:
    """It is named."""
    out = ask(tmp_path, "ykman", environ={"PATH": str(tmp_path)})
    assert out.startswith("ConfigurationError there is no program ykman / install ykman")


# The real ones


def now() -> str:
    """Return the code of the seed."""
    return totp.code_at(totp.secret_of(fakes.SEED), int(subprocess.check_output(["date", "+%s"])))


def test_pass(tmp_path: Path) -> None:
    """With pass-otp and a GnuPG key of its own."""
    need("pass")
    environ = {"GNUPGHOME": str(tmp_path / "g"), "PASSWORD_STORE_DIR": str(tmp_path / "store")}
    (tmp_path / "g").mkdir(mode=0o700)

    def run(*words: str, stdin: str = "") -> None:
        subprocess.run(words, input=stdin, text=True, check=True, capture_output=True, env={**os.environ, **environ})

    try:
        run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "t@example.invalid", "default", "default", "never")
        run("pass", "init", "t@example.invalid")
        run("pass", "otp", "insert", "aws/phone", stdin=f"otpauth://totp/x?secret={fakes.SEED}\n")
        before = now()
        out = ask(tmp_path, "pass", "account", "aws/phone", environ=environ)
    finally:
        run("gpgconf", "--kill", "all")
    assert out in {f"code {code} in time\n" for code in (before, now())}


def test_keepassxc_asks_for_its_password_on_the_terminal(tmp_path: Path) -> None:
    """The question is seen, and the password is not."""
    need("keepassxc-cli")
    (tmp_path / "x.xml").write_text(KEEPASS_XML)
    database = str(tmp_path / "x.kdbx")
    words = ["keepassxc-cli", "import", "-p", str(tmp_path / "x.xml"), database]
    subprocess.run(words, input="long secret\n" * 2, text=True, check=True, capture_output=True)
    before = now()
    dialog = PromptDriver(tmp_path, {"preset": ["keepassxc", "database", database]})
    dialog.see("Enter password to unlock")
    dialog.tty.waitnoecho(scaled(10))
    assert not dialog.tty.getecho()
    dialog.type("long secret\r")
    assert dialog.leave() in {f"code {code} in time\n" for code in (before, now())}
    assert "long secret" not in dialog.seen


def test_oathtool_gets_the_seed_on_stdin(tmp_path: Path) -> None:
    """A seed in its words could be read by every user of the machine."""
    need("oathtool")
    path = fakes.seed_file(tmp_path)
    before = now()
    assert ask(tmp_path, "oathtool", "file", path) in {f"code {code} in time\n" for code in (before, now())}
    ask(tmp_path, "oathtool", "file", path, environ=fakes.fake("oathtool", tmp_path))
    assert fakes.words(tmp_path)[0][1:] == ["--totp", "--base32", "-"]


@pytest.mark.parametrize(
    ("seed", "mode", "says"),
    [
        (fakes.SEED, 0o644, "seed"),
        ("not-a-seed!", 0o600, "does not hold a seed in base32"),
        ("", 0o600, "does not hold a seed in base32"),
        ("A" * 2000, 0o600, "does not hold a seed in base32"),
    ],
)
def test_a_seed_file_that_is_wrong(tmp_path: Path, seed: str, mode: int, says: str) -> None:
    """It is named, and what it holds is not shown."""
    out = ask(tmp_path, "oathtool", "file", fakes.seed_file(tmp_path, seed, mode))
    assert out.startswith("ConfigurationError ")
    assert says in out
    assert not seed or seed not in out
    missing = ask(tmp_path, "oathtool", "file", str(tmp_path / "none"))
    assert missing.startswith("ConfigurationError there is no file ")


def test_a_used_code_is_not_sent_again(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Two logins, two codes: the second waits for the next one by itself."""
    need("oathtool")
    path = fakes.seed_file(alices_home.folder, alice.devices[0].seed)
    alices_home.write_settings(f'code = {{ preset = "oathtool", file = "{path}" }}\n')
    for words in (("login",), ("login", "--force")):
        done = alices_home.run(*words)
        assert done.returncode == 0, done.stderr
    key = alice.key.access_key_id
    assert [call.outcome for call in aws.calls("GetSessionToken") if call.access_key_id == key] == ["ok", "ok"]


# Windows


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"prints": "123 456\n"}, "code 123456 in time"),
        ({"prints": "12345\n"}, "ConfigurationError no code was given: a code is six digits"),
        ({"status": 1, "prints": ""}, "Cancelled cancelled"),
        ({"status": 1, "errors": "cannot open display: :9"}, "InputNeeded zenity could not ask (exit code 1)"),
        ({"status": 5, "prints": ""}, "InputNeeded zenity could not ask (exit code 5)"),
    ],
)
def test_answers_of_a_window(tmp_path: Path, how: dict[str, Any], says: str) -> None:
    """Every way to end is one of ours, and a wrong code is asked for three times."""
    out = ask(tmp_path, "zenity", environ=fakes.fake("zenity", tmp_path, **how))
    assert out.startswith(says)
    runs = fakes.words(tmp_path)
    assert len(runs) == (3 if "no code" in says else 1)
    assert ["a code is six digits" in run[-1] for run in runs] == [number > 0 for number in range(len(runs))]


def test_a_window_shows_names_as_they_are(tmp_path: Path) -> None:
    """Zenity takes `_` for the mark of a shortcut; osascript gets the text as an argument, not as a script."""
    user = 'a_b" & "c'
    for name in ("zenity", "kdialog", "osascript"):
        more = {"platform": "darwin"} if name == "osascript" else {}
        ask(tmp_path, name, user=user, environ=fakes.fake(name, tmp_path), **more)
    shown = [run[-1] for run in fakes.words(tmp_path)]
    asked = f"MFA code for {user} in 123456789012 (device phone)"
    assert shown == [f"--text={asked.replace('_', '__')}", asked, asked]


def test_trouble_found_meanwhile_closes_the_window(tmp_path: Path) -> None:
    """A code would be of no use then."""
    environ = fakes.fake("zenity", tmp_path, delay=60)
    out = ask(tmp_path, "zenity", environ=environ, refused="AWS does not know the key")
    assert out == "AwsRefused AWS does not know the key / a hint\n"


def test_a_window_that_is_not_installed(tmp_path: Path) -> None:
    """It is unavailable, and asked all the same it says what to install."""
    out = ask(tmp_path, "zenity", environ={"PATH": str(tmp_path), "DISPLAY": ":nowhere"})
    assert out.startswith("unavailable\nConfigurationError there is no program zenity / install zenity")

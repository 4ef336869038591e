"""`mfasession init` in scripts: what it finds, what it changes, and that a second run changes nothing."""

import os
import re
import signal
import subprocess
import time

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.setup import shell_hook
from tests.helpers.checks import complaint, keys_of, valid
from tests.helpers.enrolling import bare_user
from tests.helpers.kept_keys import NO_KEYRING, Files, foreign, places, two_lines, without_key
from tests.helpers.other_tools import GIVEN, add_to_vault, left_by
from tests.helpers.support import KEY_ID, MFASESSION, Home, key_pair, need

FULL = r"(12 h|11 h 59 min)"
HOOK = f'{shell_hook.BEGIN}\nif command -v mfasession >/dev/null; then eval "$(mfasession shell init bash)"; fi\n'
HOOK += f"{shell_hook.END}\n"
CHANGE = ("init", "--no-login", "--yes")
OWN = "alias ll='ls -l'\nexport GITHUB_TOKEN=ghp_neverShown\n"


def bashrc(home: Home) -> str:
    """The start-up file of bash."""
    return (home.folder / ".bashrc").read_text()


def snapshot(home: Home) -> dict[str, bytes]:
    """Every file that users see in a home."""
    paths = (home.credentials, home.config, home.settings, home.folder / ".bashrc")
    return {str(path): path.read_bytes() for path in paths if path.exists()}


def line_in_config(name: str = "default") -> str:
    """What lets AWS tools ask us for the session."""
    return f"credential_process = {MFASESSION} process -p {name}\n"


def test_a_key_in_plain_text(keyring_home: Home, alice: SandboxUser) -> None:
    """Key to the keyring, one line for SDKs, the hook, a session, and then plain `aws` works. Secrets are not shown."""
    need("aws")
    home = keyring_home
    home.write_credentials(foreign(alice))
    home.config.write_text("# mine\n[default]\nregion = eu-west-1\n")
    (home.folder / ".bashrc").write_text(OWN)
    done = home.run("init", "--yes", "--code", alice.devices[0].code())
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert home.credentials.read_text().startswith(without_key(foreign(alice), alice))
    assert home.config.read_text() == f"# mine\n[default]\nregion = eu-west-1\n{line_in_config()}"
    assert bashrc(home) == OWN + HOOK
    for line in (
        f"found key {alice.key.access_key_id} of profile default in {home.credentials}",
        f"  +{line_in_config().strip()}",
        f"  --- {home.credentials}",
        "  -aws_secret_access_key = ***",
        "  +# >>> mfasession >>>",
        "mfasession: next: aws s3 ls",
    ):
        assert f"{line}\n" in done.stderr
    assert alice.key.secret_access_key.reveal() not in done.stderr
    assert "ghp_" not in done.stderr
    assert home.run_program("aws", "s3", "ls").returncode == 0


def test_a_second_run_changes_nothing(keyring_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """It finds all in place, needs no answer, no code and no AWS."""
    home = keyring_home
    home.config.write_text("[default]\nregion = eu-west-1\n")
    assert home.run("init", "--yes", "--code", alice.devices[0].code()).returncode == 0
    before = snapshot(home)
    aws.forget_calls()
    done = home.run("init")
    assert done.returncode == 0, done.stderr
    assert "mfasession: nothing to change\n" in done.stderr
    assert snapshot(home) == before
    assert aws.calls() == []


def test_without_a_keyring_the_key_stays(alices_home: Home, alice: SandboxUser) -> None:
    """Nothing is put where SDKs would take the key pair first, and the next line is one that works."""
    home = alices_home
    home.environ |= NO_KEYRING
    files = Files(home)
    done = home.run("init", "--yes", "--no-login")
    assert done.returncode == 0, done.stderr
    assert f"mfasession: no keyring is there: the key stays in plain text in {home.credentials}\n" in done.stderr
    assert done.stderr.endswith("mfasession: next: mfasession exec -- aws s3 ls\n")
    files.assert_same()
    assert bashrc(home) == HOOK
    done = home.run("init", "--yes", "--code", alice.devices[0].code())
    assert valid("default", FULL).search(done.stderr.rpartition("mfasession: next")[0])


def test_the_keyring_by_name_where_there_is_none(alices_home: Home) -> None:
    """Never silently in another place."""
    alices_home.environ |= NO_KEYRING
    before = snapshot(alices_home)
    done = alices_home.run(*CHANGE, "--store", "keyring")
    assert done.returncode == 7
    assert snapshot(alices_home) == before


def test_roles_in_three_accounts(keyring_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """The key's profile is set up, and its one session assumes each role, through plain `aws` too."""
    need("aws")
    home = keyring_home
    roles = {name: aws.add_role(f"{name}-{alice.name}", trusted=[alice.arn]) for name in ("dev", "test", "prod")}
    written = "[default]\nregion = eu-west-1\n" + "".join(
        f"\n[profile {name}]\nregion = eu-west-1\nrole_arn = {role.arn}\nsource_profile = default\n"
        for name, role in roles.items()
    )
    home.config.write_text(written + f"mfa_serial = {alice.devices[0].serial}\n")
    done = home.run("init", "-p", "dev", "--yes", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert "mfasession: the same session assumes the roles of dev, test, prod\n" in done.stderr
    assert "where a role has an mfa_serial (prod)" in done.stderr
    assert "mfasession: next: aws s3 ls --profile dev\n" in done.stderr
    assert line_in_config() in home.config.read_text()
    assert home.run_program("aws", "s3", "ls", "--profile", "test").returncode == 0


def test_a_user_of_aws_mfa(keyring_home: Home, alice: SandboxUser) -> None:
    """The key stays where aws-mfa reads it, and config.toml names it; its old session is named, and not deleted."""
    need("aws")
    home, device = keyring_home, alice.devices[0]
    home.write_credentials(left_by("aws-mfa", alice).replace("d-aws-mfa", device.serial.rpartition("/")[2]))
    done = home.run("init", "-p", "work", "--yes", "--code", device.code())
    assert done.returncode == 0, done.stderr
    assert home.settings.read_text() == f'[profiles.work]\nsource = "work-long-term"\nmfa_serial = "{device.serial}"\n'
    assert f"AWS tools take the credentials in [work] of {home.credentials} first: delete them" in done.stderr
    assert "next: mfasession exec -p work -- aws s3 ls\n" in done.stderr
    assert not home.config.exists()
    text = home.credentials.read_text()
    assert text.startswith(left_by("aws-mfa", alice)[:20])
    head, _, rest = text.partition("[work]\n")
    home.write_credentials(head + "".join(rest.partition("\n[")[1:])[1:])
    done = home.run("init", "-p", "work", "--region", "eu-west-1", "--yes")
    assert done.returncode == 0, done.stderr
    assert "next: aws s3 ls --profile work\n" in done.stderr
    done = home.run_program("aws", "s3", "ls", "--profile", "work")
    assert done.returncode == 0, done.stderr


def test_a_user_of_aws_vault(keyring_home: Home, alice: SandboxUser) -> None:
    """The key is read from its encrypted file into the keyring; nothing of aws-vault is changed."""
    need("aws")
    home = keyring_home
    home.credentials.unlink()
    home.config.write_text(f"[profile work]\nregion = eu-west-1\nmfa_serial = {alice.devices[0].serial}\n")
    folder = home.folder / ".awsvault" / "keys"
    add_to_vault(folder, "work", alice)
    before = (folder / "work").read_bytes()
    home.environ |= GIVEN
    done = home.run("init", "-p", "work", "--yes", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert places(home) == [("work", alice.key.access_key_id, "keyring")]
    assert (folder / "work").read_bytes() == before
    assert "next: aws s3 ls --profile work\n" in done.stderr
    assert home.run_program("aws", "s3", "ls", "--profile", "work").returncode == 0


def test_nothing_at_all(home: Home) -> None:
    """A script cannot type a key."""
    done = home.run("init", "--yes")
    assert (done.returncode, done.stderr) == (
        3,
        complaint("profile default has no long-term key", "mfasession keys add"),
    )
    assert snapshot(home) == {}


def test_keys_of_other_profiles(home: Home) -> None:
    """They are named instead of asking for one more."""
    home.write_credentials(key_pair("work") + key_pair("play"))
    done = home.run("init", "--yes")
    assert (done.returncode, done.stderr) == (
        3,
        complaint("profile default has no long-term key, and there are keys for work, play", "mfasession init -p work"),
    )


def test_a_profile_by_name(keyring_home: Home, alice: SandboxUser) -> None:
    """The section is added, with the region that was given."""
    keyring_home.write_credentials(keys_of(alice, "work"))
    done = keyring_home.run(*CHANGE, "-p", "work", "--region", "eu-north-1", "--shell", "none")
    assert done.returncode == 0, done.stderr
    assert keyring_home.config.read_text() == f"[profile work]\nregion = eu-north-1\n{line_in_config('work')}"
    assert not (keyring_home.folder / ".bashrc").exists()
    assert "next: aws s3 ls --profile work\n" in done.stderr


def test_the_program_of_another_tool_stays(keyring_home: Home) -> None:
    """One credential_process is there: it is not replaced, and is named."""
    line = "[default]\ncredential_process = /opt/vault export\n"
    keyring_home.config.write_text(line)
    keyring_home.environ.pop("AWS_REGION")
    done = keyring_home.run(*CHANGE)
    assert done.returncode == 0, done.stderr
    assert "default keeps its credential_process, which runs another program: /opt/vault\n" in done.stderr
    assert keyring_home.config.read_text() == line
    assert done.stderr.endswith(
        "next: mfasession exec -- aws s3 ls\n"
        + complaint("profile default has no region, and most AWS commands need one", "mfasession init --region NAME")
    )


def test_a_key_that_was_put_into_the_keyring_before(keyring_home: Home, alice: SandboxUser) -> None:
    """After `keys add`, `init` adds what is missing."""
    keyring_home.credentials.unlink()
    assert keyring_home.run("keys", "add", "-", stdin=two_lines(alice)).returncode == 0
    done = keyring_home.run(*CHANGE)
    assert done.returncode == 0, done.stderr
    assert line_in_config() in keyring_home.config.read_text()
    assert places(keyring_home) == [("default", alice.key.access_key_id, "keyring")]


def test_without_a_terminal_and_without_yes(keyring_home: Home) -> None:
    """The plan is shown and nothing is done."""
    before = snapshot(keyring_home)
    done = keyring_home.run("init", "--no-login")
    assert done.returncode == 6
    assert done.stderr.endswith(
        complaint("there is no terminal to ask for a confirmation on", "mfasession init --no-login --yes")
    )
    assert snapshot(keyring_home) == before


@pytest.mark.parametrize(
    ("file", "text", "code"),
    [
        ("config", "[default\n", 3),
        ("config", "[default]\nregion = eu-west-1\n[default]\n", 3),
        ("credentials", "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", 3),
        ("credentials", "nothing\n", 3),
    ],
    ids=["a torn header", "a section twice", "half a key", "no section"],
)
def test_files_that_cannot_be_read(keyring_home: Home, file: str, text: str, code: int) -> None:
    """Two lines, and every file as it was."""
    (keyring_home.aws / file).write_text(text)
    before = snapshot(keyring_home)
    done = keyring_home.run(*CHANGE)
    assert done.returncode == code
    assert done.stderr.count("\n") == 2, done.stderr
    assert snapshot(keyring_home) == before


def test_a_start_up_file_that_cannot_be_written(keyring_home: Home) -> None:
    """It is found before anything is changed."""
    (keyring_home.folder / ".bashrc").mkdir()
    before = snapshot_without_bashrc(keyring_home)
    done = keyring_home.run(*CHANGE)
    assert done.returncode == 3, done.stderr
    assert ".bashrc is a directory" in done.stderr
    assert snapshot_without_bashrc(keyring_home) == before


def snapshot_without_bashrc(home: Home) -> dict[str, bytes]:
    """The AWS files alone."""
    return {str(path): path.read_bytes() for path in (home.credentials, home.config) if path.exists()}


def test_a_key_that_aws_does_not_know(keyring_home: Home) -> None:
    """AWS is asked before anything is changed."""
    keyring_home.write_credentials(key_pair("default", KEY_ID))
    before = snapshot(keyring_home)
    done = keyring_home.run("init", "--yes")
    assert done.returncode == 4, done.stderr
    assert snapshot(keyring_home) == before


def test_a_user_without_a_device_and_without_a_terminal(keyring_home: Home, aws: Sandbox) -> None:
    """All is set up but the device, which needs a person."""
    keyring_home.write_credentials(keys_of(bare_user(aws)))
    done = keyring_home.run("init", "--yes")
    assert done.returncode == 6, done.stderr
    assert "mfasession: the user has no MFA device yet: this enrols an authenticator app\n" in done.stderr
    assert line_in_config() in keyring_home.config.read_text()


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_the_hook_of_another_shell(alices_home: Home, name: str) -> None:
    """The start-up file that this shell reads; the hook works there, and is added once."""
    alices_home.environ |= {**NO_KEYRING, "SHELL": need(name)}
    (alices_home.folder / ".zshrc").write_text("autoload -Uz compinit\ncompinit -u")
    for _ in range(2):
        assert alices_home.run(*CHANGE).returncode == 0
    path = {"zsh": ".zshrc", "fish": ".config/fish/conf.d/mfasession.fish"}[name]
    assert (alices_home.folder / path).read_text().count(shell_hook.BEGIN) == 1
    ask = {"zsh": "whence -w __mfasession_hook", "fish": "complete -c mfasession; and echo function"}[name]
    done = alices_home.run_program(name, "-i", "-c", ask)
    assert "function" in done.stdout, done.stderr


@pytest.mark.timeout(300)
def test_killed_anywhere_and_run_again(keyring_home: Home, alice: SandboxUser) -> None:
    """Each file is whole after each kill, the key is in at least one place, and the next run finishes."""
    home = keyring_home
    home.write_credentials(foreign(alice))
    (home.folder / ".bashrc").write_text(OWN)
    whole = {"credentials": {foreign(alice), without_key(foreign(alice), alice)}, "bashrc": {OWN, OWN + HOOK}}
    for number in range(12):
        running = subprocess.Popen(
            [MFASESSION, *CHANGE], env=home.environ, cwd=home.folder, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(0.1 * number)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        assert home.credentials.read_text() in whole["credentials"]
        assert bashrc(home) in whole["bashrc"]
        assert {key_id for _, key_id, _ in places(home)} >= {alice.key.access_key_id}
    done = home.run(*CHANGE)
    assert done.returncode == 0, done.stderr
    assert home.credentials.read_text() == without_key(foreign(alice), alice)
    assert bashrc(home) == OWN + HOOK
    assert re.fullmatch(rf"\[default\]\n{re.escape(line_in_config())}", home.config.read_text())

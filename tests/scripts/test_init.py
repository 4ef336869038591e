"""`mfasession init` in scripts: what it finds, what it changes, and that a second run changes nothing."""

import sys

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.setup import shell_hook
from tests.helpers import vault_collections
from tests.helpers.checks import complaint, keys_of, valid
from tests.helpers.enrolling import bare_user
from tests.helpers.kept_keys import NO_KEYRING, Files, foreign, places, two_lines, without_key
from tests.helpers.other_tools import GIVEN, WITH_KEYRING, add_to_vault, left_by
from tests.helpers.secret_service import SecretService
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


def three_roles(user: SandboxUser, aws: Sandbox, more: str) -> str:
    """Profiles of three roles, each with more lines."""
    roles = {name: aws.add_role(f"{name}-{user.name}", trusted=[user.arn]) for name in ("dev", "test", "prod")}
    return "".join(
        f"\n[profile {name}]\nregion = eu-west-1\nrole_arn = {role.arn}\nsource_profile = default\n{more}"
        for name, role in roles.items()
    )


def parts(text: str) -> tuple[str, str, str]:
    """The sections of aws-mfa's files: the key, the session, and the rest."""
    key, mark, rest = text.partition("[work]\n")
    session, begin, others = rest.partition("[identity]")
    return key, mark + session, begin + others


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
    done = alices_home.run(*CHANGE, "--keys-in", "keyring")
    assert done.returncode == 7
    assert snapshot(alices_home) == before


def test_a_store_for_sessions(keyring_home: Home, alice: SandboxUser) -> None:
    """It is one line of config.toml in the same plan; the session goes there; the second run changes nothing."""
    home, words = keyring_home, ("init", "--store", "keyring", "--yes")
    home.write_settings('# mine\nduration = "8h"\n')
    done = home.run(*words, "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert '  +store = "keyring"\n' in done.stderr
    assert home.settings.read_text() == '# mine\nduration = "8h"\nstore = "keyring"\n'
    assert "ASIA" not in home.credentials.read_text()
    assert home.run("process").returncode == 0
    before = snapshot(home)
    again = home.run(*words)
    assert "mfasession: nothing to change\n" in again.stderr
    assert snapshot(home) == before


def test_a_store_for_one_profile(keyring_home: Home, alice: SandboxUser) -> None:
    """A profile named with -p gets the setting alone, in one change with what an import writes there."""
    home = keyring_home
    home.write_credentials(left_by("aws-mfa", alice))
    assert home.run(*CHANGE, "-p", "work", "--store", "keyring").returncode == 0
    assert home.settings.read_text() == (
        '[profiles.work]\nsource = "work-long-term"\nmfa_serial = "arn:aws:iam::123456789012:mfa/d-aws-mfa"\n'
        'store = "keyring"\n'
    )


def test_a_store_that_is_not_there(alices_home: Home) -> None:
    """Found before anything is asked or changed."""
    alices_home.environ |= NO_KEYRING
    before = snapshot(alices_home)
    done = alices_home.run(*CHANGE, "--store", "keyring")
    assert done.returncode == 7, done.stderr
    assert snapshot(alices_home) == before


def test_roles_in_three_accounts(keyring_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """The key's profile is set up with the device of a role, and its one session assumes each, through plain `aws`."""
    need("aws")
    home, serial = keyring_home, alice.devices[0].serial
    home.config.write_text("[default]\nregion = eu-west-1\n" + three_roles(alice, aws, f"mfa_serial = {serial}\n"))
    before = home.config.read_text()
    done = home.run("init", "-p", "dev", "--yes", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert "mfasession: the same session assumes the roles of dev, test, prod\n" in done.stderr
    assert "mfasession: next: aws s3 ls --profile dev\n" in done.stderr
    head, _, roles = before.replace(f"mfa_serial = {serial}\n", "").partition("\n[profile")
    assert home.config.read_text() == f"{head}{line_in_config()}mfa_serial = {serial}\n\n[profile{roles}"
    for name in ("dev", "test", "prod"):
        listed = home.run_program("aws", "s3", "ls", "--profile", name, stdin="")
        assert (listed.returncode, listed.stderr) == (0, "")


def test_roles_with_devices_of_their_own(keyring_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """Two devices: none is taken away, and the profiles are named that ask for codes of their own."""
    home = keyring_home
    home.config.write_text(three_roles(alice, aws, "mfa_serial = arn:aws:iam::123456789012:mfa/DEV\n"))
    home.config.write_text(home.config.read_text().replace("DEV", "one", 1).replace("DEV", "two"))
    before = home.config.read_text()
    done = home.run(*CHANGE, "--region", "eu-west-1")
    assert done.returncode == 0, done.stderr
    assert "where a role has an mfa_serial (dev, test, prod): remove it there\n" in done.stderr
    assert home.config.read_text() == f"{before}\n[default]\nregion = eu-west-1\n{line_in_config()}"


def test_a_user_of_aws_mfa(keyring_home: Home, alice: SandboxUser) -> None:
    """The key stays where aws-mfa reads it, config.toml names it, and the old session makes way, as the diff shows."""
    need("aws")
    home, device = keyring_home, alice.devices[0]
    home.write_credentials(left_by("aws-mfa", alice).replace("d-aws-mfa", device.serial.rpartition("/")[2]))
    key, session, others = parts(home.credentials.read_text())
    done = home.run("init", "-p", "work", "--yes", "--code", device.code())
    assert done.returncode == 0, done.stderr
    assert home.settings.read_text() == f'[profiles.work]\nsource = "work-long-term"\nmfa_serial = "{device.serial}"\n'
    for line in (
        "  +[profiles.work]",
        '  +source = "work-long-term"',
        "  -[work]",
        f"  +{line_in_config('work').strip()}",
    ):
        assert f"{line}\n" in done.stderr
    assert "aws_session_token = c2" not in done.stderr
    assert done.stderr.endswith("mfasession: next: aws s3 ls --profile work\n")
    assert home.config.read_text() == f"[profile work]\n{line_in_config('work')}"
    assert home.credentials.read_text().startswith(key + others)
    listed = home.run_program("aws", "s3", "ls", "--profile", "work")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "nothing to change" in home.run("init", "-p", "work").stderr
    # aws-mfa is used once more.
    home.write_credentials(key + session + home.credentials.read_text().removeprefix(key))
    done = home.run(*CHANGE, "-p", "work")
    assert (done.returncode, home.credentials.read_text().startswith(key + others)) == (0, True), done.stderr


def test_the_only_user_of_aws_mfa(keyring_home: Home, alice: SandboxUser) -> None:
    """The one profile that has a key is set up without -p; a key pair that nobody marked as a session stays."""
    home = keyring_home
    home.write_credentials(
        keys_of(alice, "work-long-term") + "\n" + key_pair("work", KEY_ID) + "aws_session_token = x\n"
    )
    before = home.credentials.read_text()
    done = home.run(*CHANGE)
    assert done.returncode == 0, done.stderr
    assert f"AWS tools take the credentials in [work] of {home.credentials} first: delete them" in done.stderr
    assert done.stderr.count("next: mfasession exec -p work -- aws s3 ls\n") == 1
    assert home.credentials.read_text() == before


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


@pytest.mark.parametrize(
    ("backend", "where"),
    [
        ({"AWS_VAULT_BACKEND": "kwallet"}, "its backend kwallet, which AWS_VAULT_BACKEND names"),
        ({"AWS_VAULT_PASS_PREFIX": "aws"}, "pass (work)"),
        ({"PASSWORD_STORE_DIR": "other"}, "pass (team)"),
        ({}, "its backend, for profile team"),
    ],
    ids=["by name", "pass with a prefix", "pass", "a profile without a key"],
)
def test_a_user_of_another_backend_of_aws_vault(home: Home, backend: dict[str, str], where: str) -> None:
    """What was found is named, with what to type: the tool itself is run only by `import`."""
    home.config.write_text("[profile team]\nregion = eu-west-1\n")
    for item in (".password-store/aws/work.gpg", ".password-store/aws/sts,x.gpg", "other/mail.gpg", "other/team.gpg"):
        (home.folder / item).parent.mkdir(parents=True, exist_ok=True)
        (home.folder / item).touch()
    tool = home.folder / "bin" / "aws-vault"
    if not backend:
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\ntouch called\n")
        tool.chmod(0o755)
    done = home.run("init", "-p", "team", environ={**backend, "PATH": f"{tool.parent}:{home.environ['PATH']}"})
    assert (done.returncode, done.stderr) == (
        3,
        f"mfasession: aws-vault may have keys in {where}; to import: mfasession import aws-vault -p team\n"
        + complaint("profile team has no long-term key", "mfasession import aws-vault -p team"),
    )
    assert not (home.folder / "called").exists()


@pytest.mark.parametrize(
    ("tool", "collection"), [("aws-vault", "awsvault"), ("granted", "granted-aws-iam-credentials")]
)
def test_a_collection_of_another_tool(keyring_home: Home, service: SecretService, tool: str, collection: str) -> None:
    """It is named, locked or not, and not opened."""
    home = keyring_home
    home.credentials.unlink()
    assert "may have keys" not in home.run("init").stderr
    vault_collections.make(service, collection, {})
    vault_collections.lock(service, collection)
    done = home.run("init")
    assert (done.returncode, done.stderr) == (
        3,
        f"mfasession: {tool} may have keys in the collection {collection} of the Secret Service; "
        f"to import: mfasession import {tool}\n"
        + complaint("profile default has no long-term key", f"mfasession import {tool}"),
    )


def test_a_user_of_the_kernels_keyring_with_aws_vault(home: Home) -> None:
    """Its keyring is seen in /proc/keys."""
    done = home.run_program(sys.executable, "-c", WITH_KEYRING, MFASESSION, "init")
    assert "aws-vault may have keys in the kernel's keyring aws-vault; " in done.stderr
    assert done.returncode == 3


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

"""`mfasession import`: keys and settings of other tools, with nothing of theirs changed."""

import base64
import os
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session, keys_of
from tests.helpers.kept_keys import NO_KEYRING, Files, line_for_sdks, places, whose
from tests.helpers.other_tools import GIVEN, RECORDED, add_to_vault, copy_vault, left_by
from tests.helpers.support import KEY_ID, SECRET, Home, key_pair

OTHER_ID, OTHER_SECRET = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
"""The second example of AWS's documentation, as recorded."""


_HEADER = b'{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2000000000,"p2s":"LY94ktUayDo9KNiw"}'
ENDLESS = base64.urlsafe_b64encode(_HEADER).decode().rstrip("=") + (RECORDED / "aws-vault" / "work").read_text()[196:]
"""The work of an hour: so many rounds of PBKDF2."""


def all_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_from_aws_mfa(keyring_home: Home, alice: SandboxUser) -> None:
    """The key stays in its section, which the profile is then given as its source; a login works at once.

    aws-mfa reads `aws_mfa_device` and not `mfa_serial` (broamski/aws-mfa#63).
    """
    home = keyring_home
    device = alice.devices[0]
    home.write_credentials(left_by("aws-mfa", alice).replace("d-aws-mfa", device.serial.rpartition("/")[2]))
    files = Files(home)
    done = home.run("import", "aws-mfa", "--yes")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == (
        f"mfasession: import from {home.credentials}:\n"
        f"mfasession:   {alice.key.access_key_id}  profile work  stays in [work-long-term], which config.toml names\n"
        f"mfasession: profile work uses the key of [work-long-term]: {home.settings}\n"
        f"mfasession: when all works, delete at the other tool: the section [work] of {home.credentials}\n"
        "mfasession: its key is in plain text in [work-long-term]; to move it to the keyring: "
        "mfasession keys protect -p work\n"
    )
    files.assert_same()
    assert home.settings.read_text() == (
        f'[profiles.work]\nsource = "work-long-term"\nmfa_serial = "{device.serial}"\n'
    )
    have_session(home, device, "-p", "work")
    assert home.run_program("mfasession", "exec", "-p", "work", "--", "true").returncode == 0
    assert home.run("keys", "protect", "-p", "work").returncode == 0
    assert ("work-long-term", alice.key.access_key_id, "keyring") in places(home)
    assert home.run("env", "-p", "work").returncode == 0


def test_twice(alices_home: Home, alice: SandboxUser) -> None:
    """The second time there is nothing to do, and nothing is changed."""
    home = alices_home
    home.write_credentials(left_by("aws-mfa", alice))
    assert home.run("import", "aws-mfa", "--yes").returncode == 0
    before = all_of(home.folder / ".config") | all_of(home.aws)
    done = home.run("import", "aws-mfa")
    assert (done.returncode, done.stderr.splitlines()[1:]) == (
        0,
        [f"mfasession:   {alice.key.access_key_id}  profile work  is set up already"],
    )
    assert all_of(home.folder / ".config") | all_of(home.aws) == before


def test_settings_that_are_there_stay(alices_home: Home, alice: SandboxUser) -> None:
    """The table goes behind all that config.toml has; comments, order and line ends stay."""
    home = alices_home
    home.write_credentials(left_by("aws-mfa", alice))
    mine = '# mine\r\nduration = "8h"   # a day\r\n\r\n[profiles.other]\r\nmfa_serial = "arn:aws:iam::1:mfa/x"'
    home.write_settings("")
    home.settings.write_bytes(mine.encode())
    home.settings.chmod(0o640)
    assert home.run("import", "aws-mfa", "--yes").returncode == 0
    assert home.settings.read_bytes().decode() == (
        f'{mine}\r\n\r\n[profiles.work]\r\nsource = "work-long-term"\r\n'
        'mfa_serial = "arn:aws:iam::123456789012:mfa/d-aws-mfa"\r\n'
    )
    assert home.settings.stat().st_mode & 0o777 == 0o640


def test_a_table_that_is_there_gets_the_lines(alices_home: Home, alice: SandboxUser) -> None:
    """Its own settings stay; a source of its own is not replaced."""
    home = alices_home
    home.write_credentials(left_by("aws-mfa", alice))
    home.write_settings('[profiles.work]\nduration = "8h" # a day\n\n[profiles.x]\n')
    assert home.run("import", "aws-mfa", "--yes").returncode == 0
    assert home.settings.read_text() == (
        '[profiles.work]\nduration = "8h" # a day\nsource = "work-long-term"\n'
        'mfa_serial = "arn:aws:iam::123456789012:mfa/d-aws-mfa"\n\n[profiles.x]\n'
    )
    home.write_settings('[profiles.work]\nsource = "identity"\n')
    done = home.run("import", "aws-mfa", "--yes")
    assert (done.returncode, done.stderr.splitlines()[-2:]) == (
        3,
        complaint(
            f"{home.settings} has another source for profile work",
            "mfasession config set source work-long-term -p work",
        ).splitlines(),
    )
    assert home.settings.read_text() == '[profiles.work]\nsource = "identity"\n'


def test_a_role_of_aws_mfa(alices_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """`assume_role` becomes a role profile as every SDK knows it."""
    home = alices_home
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    device = alice.devices[0]
    home.write_credentials(
        keys_of(alice, "work-long-term") + f"aws_mfa_device = {device.serial}\nassume_role = {role.arn}\n"
    )
    home.config.write_text("# mine\n[profile work]\nregion = eu-west-1\n")
    files = home.credentials.read_bytes()
    assert home.run("import", "aws-mfa", "--yes").returncode == 0
    assert home.config.read_text() == (
        f"# mine\n[profile work]\nregion = eu-west-1\nrole_arn = {role.arn}\nsource_profile = work-long-term\n"
        f"mfa_serial = {device.serial}\n"
    )
    assert home.credentials.read_bytes() == files
    have_session(home, device, "-p", "work")
    assert "is set up already" in home.run("import", "aws-mfa").stderr


def test_from_awsmfa(alices_home: Home, alice: SandboxUser) -> None:
    """`[identity]` has the key and `[default]` a session: the profile default works again."""
    home = alices_home
    home.write_credentials(left_by("awsmfa", alice))
    files = Files(home)
    done = home.run("import", "awsmfa", "--yes")
    assert done.returncode == 0, done.stderr
    files.assert_same()
    assert home.settings.read_text() == '[profiles.default]\nsource = "identity"\n'
    have_session(home, alice.devices[0])


def test_a_profile_with_a_key_of_its_own_keeps_it(alices_home: Home, alice: SandboxUser) -> None:
    """`[default]` is another user's: refused without --force."""
    home = alices_home
    home.write_credentials(key_pair("default") + keys_of(alice, "identity"))
    done = home.run("import", "awsmfa", "--yes")
    assert (done.returncode, done.stderr.splitlines()[-2:]) == (
        3,
        complaint(
            f"profile default has another key already: {KEY_ID}",
            "mfasession import awsmfa --yes --force lets it use the key of [identity]",
        ).splitlines(),
    )
    assert not home.settings.exists()
    assert home.run("import", "awsmfa", "--yes", "--force").returncode == 0
    have_session(home, alice.devices[0])


def test_from_awsume(alices_home: Home, alice: SandboxUser) -> None:
    """Its profiles are the AWS files' own and work as they are; what it has written itself is no key."""
    home = alices_home
    home.write_credentials(left_by("awsume", alice))
    home.config.write_text(f"[profile work]\nmfa_serial = {alice.devices[0].serial}\n")
    files = Files(home)
    done = home.run("import", "awsume")
    assert (done.returncode, done.stderr) == (
        0,
        (
            f"mfasession: import from {home.credentials}:\n"
            f"mfasession:   {alice.key.access_key_id}  profile work  works as it is\n"
        ),
    )
    files.assert_same()
    have_session(home, alice.devices[0], "-p", "work")


def test_from_aws_vault(keyring_home: Home, alice: SandboxUser) -> None:
    """Into the keyring, after AWS has said whose key it is (99designs/aws-vault#857, #977)."""
    home = keyring_home
    home.credentials.unlink()
    vault = home.folder / ".awsvault" / "keys"
    add_to_vault(vault, "team/deploy", alice)
    before = all_of(vault)
    done = home.run("import", "aws-vault", "--yes", environ=GIVEN)
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        f"mfasession: import from {vault}/:\n"
        f"mfasession:   {alice.key.access_key_id}  profile team/deploy  to the keyring\n"
        f"mfasession: {whose(alice)} is in the keyring, for profile team/deploy\n"
        "mfasession: when all works, delete at the other tool: aws-vault remove team/deploy\n"
        + line_for_sdks(home, "team/deploy")
    )
    assert all_of(vault) == before
    assert places(home) == [("team/deploy", alice.key.access_key_id, "keyring")]
    have_session(home, alice.devices[0], "-p", "team/deploy")
    again = home.run("import", "aws-vault", environ=GIVEN)
    assert (again.returncode, again.stderr.splitlines()[1:]) == (
        0,
        [f"mfasession:   {alice.key.access_key_id}  profile team/deploy  is in the keyring already"],
    )


@pytest.mark.parametrize("tool", ["aws-vault", "granted"])
def test_files_of_the_real_library(home: Home, tool: str) -> None:
    """As 99designs/keyring has written them; sessions and temporary credentials are left alone."""
    folder = copy_vault(home, tool)
    environ = GIVEN
    if tool == "granted":
        # Granted has no variable for its passphrase: the same files, read as aws-vault's.
        environ = {**GIVEN, "AWS_VAULT_FILE_DIR": str(folder)}
    done = home.run("import", "aws-vault", "--store", "file", "--yes", "--force", environ=environ)
    assert done.returncode == 0, done.stderr
    written = key_pair("work", KEY_ID, SECRET)
    if tool == "aws-vault":
        assert "-                     profile scratch      not imported: temporary credentials\n" in done.stderr
        written = key_pair("team/deploy", OTHER_ID, OTHER_SECRET) + "\n" + written
    assert home.credentials.read_text() == written


def test_one_profile_of_several(home: Home) -> None:
    """-p takes that one alone, and an unknown one is not made."""
    copy_vault(home)
    words = ("import", "aws-vault", "--store", "file", "--yes", "--force")
    done = home.run(*words, "-p", "work", environ=GIVEN)
    assert done.returncode == 0, done.stderr
    assert home.credentials.read_text() == key_pair("work", KEY_ID, SECRET)
    done = home.run(*words, "-p", "wrok", environ=GIVEN)
    assert (done.returncode, done.stderr) == (
        3,
        complaint("there is no key for profile wrok", "there are keys for scratch, team/deploy, work"),
    )


def test_a_key_that_aws_does_not_know(alices_home: Home, alice: SandboxUser) -> None:
    """It is not kept, the others are, and the exit code says so."""
    home = alices_home
    home.credentials.unlink()
    folder = copy_vault(home)
    add_to_vault(folder, "mine", alice)
    done = home.run("import", "aws-vault", "--store", "file", "--yes", environ=GIVEN)
    assert done.returncode == 4
    assert f"profile work: AWS does not know key {KEY_ID}" in done.stderr
    assert home.credentials.read_text() == keys_of(alice, "mine")


def test_through_aws_vault_itself(alices_home: Home, alice: SandboxUser) -> None:
    """Keys in another backend: the tool prints them, as its USAGE.md has it."""
    home = alices_home
    home.credentials.unlink()
    tool = home.folder / "bin" / "aws-vault"
    tool.parent.mkdir()
    tool.write_text(
        '#!/bin/sh\necho "$*" >> "$HOME/called"\ncase "$*" in\n"list --credentials") echo work ;;\n'
        f'"export --no-session --format=json work") echo \'{{"Version": 1, "AccessKeyId": "{alice.key.access_key_id}", '
        f'"SecretAccessKey": "{alice.key.secret_access_key.reveal()}"}}\' ;;\n*) exit 9 ;;\nesac\n'
    )
    tool.chmod(0o755)
    path = {"PATH": f"{tool.parent}:{home.environ['PATH']}"}
    done = home.run("import", "aws-vault", "--store", "file", "--yes", environ=path)
    assert done.returncode == 0, done.stderr
    assert home.credentials.read_text() == keys_of(alice, "work")
    tool.write_text("#!/bin/sh\necho 'aws-vault: error: The keychain is locked' >&2\nexit 1\n")
    done = home.run("import", "aws-vault", "--yes", environ=path)
    assert (done.returncode, done.stderr) == (
        3,
        "aws-vault: error: The keychain is locked\n"
        + complaint(
            "aws-vault list failed (exit code 1) and no key was read",
            "see what it prints: aws-vault list --credentials",
        ),
    )


def test_from_a_csv(alices_home: Home, alice: SandboxUser) -> None:
    """The console's file (99designs/aws-vault#311, #1236): as `keys add --csv`."""
    home = alices_home
    home.credentials.unlink()
    file = home.folder / "accessKeys.csv"
    file.write_text(
        f"\ufeffAccess key ID,Secret access key\n{alice.key.access_key_id},{alice.key.secret_access_key.reveal()}\n"
    )
    done = home.run("import", "csv", "accessKeys.csv", "-p", "new", "--store", "file", "--yes")
    assert done.returncode == 0, done.stderr
    assert home.credentials.read_text() == keys_of(alice, "new")
    assert "delete at the other tool: rm accessKeys.csv\n" in done.stderr
    assert file.exists()


def test_everything(alices_home: Home, alice: SandboxUser) -> None:
    """--all takes each tool's; one that cannot be read does not keep the others from it."""
    home = alices_home
    home.write_credentials(left_by("aws-mfa", alice))
    add_to_vault(home.folder / ".awsvault" / "keys", "vault", alice, passphrase="another")
    done = home.run("import", "--all", "--yes", "--store", "file", environ=GIVEN)
    assert done.returncode == 3
    assert 'source = "work-long-term"' in home.settings.read_text()
    assert done.stderr.endswith(
        complaint(
            f"{home.folder}/.awsvault/keys/vault cannot be decrypted: the passphrase is wrong, or the file is damaged",
            "set AWS_VAULT_FILE_PASSPHRASE to the right one, or unset it to be asked",
        )
    )


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (("import",), 2, "import needs a tool", "one of aws-mfa, aws-vault, awsmfa, awsume, csv, granted, or --all"),
        (("import", "aws-vlt"), 2, "TOOL cannot be aws-vlt", "did you mean aws-vault?"),
        (("import", "csv"), 2, "import csv needs a file", "mfasession import csv FILE"),
        (("import", "granted", "x"), 2, "only csv takes a file, not granted", "leave the file out"),
        (("import", "--all", "csv"), 2, "--all means every tool, and csv is one of them", "leave one of them out"),
        (("import", "csv", "no.csv"), 3, "there is no file no.csv", "name the file that the AWS console gave you"),
        (("import", "--all"), 1, "no other tool has a key here", ""),
        (
            ("import", "aws-mfa"),
            1,
            "aws-mfa has no key here",
            "it is looked for in sections [NAME-long-term] of the AWS credentials file",
        ),
    ],
)
def test_words_that_cannot_be(home: Home, words: tuple[str, ...], code: int, message: str, hint: str) -> None:
    """One or two lines, and nothing is made."""
    done = home.run(*words)
    assert (done.returncode, done.stderr) == (code, complaint(message, hint))
    assert not home.settings.exists()
    assert os.listdir(home.aws) == []


def test_without_a_terminal(home: Home) -> None:
    """Nothing is done without an answer, and no passphrase is made up."""
    folder = copy_vault(home)
    done = home.run("import", "aws-vault", "--store", "file")
    assert (done.returncode, done.stderr) == (
        6,
        complaint(
            f"there is no terminal to type the passphrase of {folder}/ on",
            "run it in a terminal, without --no-input, or set AWS_VAULT_FILE_PASSPHRASE",
        ),
    )
    done = home.run("import", "aws-vault", "--store", "file", environ=GIVEN)
    assert (done.returncode, done.stderr.splitlines()[-2:]) == (
        6,
        complaint(
            "there is no terminal to ask for a confirmation on", "mfasession import aws-vault --store file --yes"
        ).splitlines(),
    )
    assert not home.credentials.exists()


def test_without_a_keyring(home: Home) -> None:
    """Before anything is asked or changed; the other place is named."""
    copy_vault(home)
    done = home.run("import", "aws-vault", "--yes", environ={**GIVEN, **NO_KEYRING})
    assert done.returncode == 7
    assert "--store file" in done.stderr
    assert not home.credentials.exists()


@pytest.mark.parametrize(
    "text",
    ["", "x", "a.b.c.d.e", "\x00\xff", "eyJhbGciOiJub25lIn0....", ENDLESS, "é" * 200_000],
    ids=["empty", "short", "parts", "binary", "none", "endless", "long"],
)
def test_a_file_that_is_damaged(home: Home, text: str) -> None:
    """One line, exit 3, and no traceback."""
    folder = copy_vault(home)
    (folder / "broken").write_text(text)
    done = home.run("import", "aws-vault", "--store", "file", "--yes", environ=GIVEN)
    assert done.returncode == 3, done.stderr
    assert "broken" in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not home.credentials.exists()

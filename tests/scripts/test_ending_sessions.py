"""What ends a copied session: not the key's end, but the command that docs/threat-model.md has."""

import re
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import have_session
from tests.helpers.support import Home, key_pair, need

PAGE = Path(__file__).parents[2] / "docs" / "threat-model.md"


def documented(user: str) -> str:
    """The documented command, for a user; the administrator is the default profile here."""
    (command,) = re.findall(r"^ *```sh\n( *mfasession exec -p admin -- aws iam put-user-policy .*?)^ *```$",
                            PAGE.read_text(), re.MULTILINE | re.DOTALL)  # fmt: skip
    return str(command).replace("--user-name alice", f"--user-name {user}").replace(" -p admin", "")


@pytest.fixture
def admins_home(aws: Sandbox, alice: SandboxUser, tmp_path: Path) -> Home:
    """Of a user who may do everything with MFA, and has a session."""
    admin = aws.add_user(f"admin-{alice.name}")
    home = Home(tmp_path / "admin", {"AWS_ENDPOINT_URL": aws.url, "AWS_DEFAULT_REGION": "eu-west-1"})
    home.write_credentials(key_pair("default", admin.key.access_key_id, admin.key.secret_access_key.reveal()))
    have_session(home, admin.add_device(f"phone-{admin.name}"))
    return home


def test_ending_a_copied_session(aws: Sandbox, alices_home: Home, alice: SandboxUser, admins_home: Home) -> None:
    """AWS Security Blog on exposed keys: sessions outlive their key; a Deny on aws:TokenIssueTime ends them."""
    need("aws")
    have_session(alices_home, alice.devices[0])

    def works() -> bool:
        return alices_home.run("exec", "--", "aws", "s3", "ls").returncode == 0

    key = alice.key.access_key_id
    assert works()
    done = admins_home.run("exec", "--", "aws", "iam", "update-access-key", "--status", "Inactive",
                           "--access-key-id", key, "--user-name", alice.name)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert works()
    alice.delete_key(key)
    assert works()
    aws.clock.move(2)
    # As `date` would say it then.
    command = documented(alice.name).replace("date -u", "date -u -d '2 seconds'")
    done = admins_home.run_program("bash", "-c", command)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert not works()
    # Who has a good key makes a session that was issued later.
    fresh = alice.add_key()
    aws.clock.move(60)
    alices_home.write_credentials(key_pair("default", fresh.access_key_id, fresh.secret_access_key.reveal()))
    have_session(alices_home, alice.devices[0])
    assert works()

"""The examples at the end of every command's help do what they say, as they stand, against the sandbox."""

import os
import signal
import subprocess

import pytest

from mfasession.cli import parsers, registry
from mfasession.sandbox import Sandbox, SandboxUser
from tests.contracts.test_code_commands import keep_seed
from tests.helpers.browsing import program as browser
from tests.helpers.checks import have_session, keys_of
from tests.helpers.patience import scaled
from tests.helpers.support import Home, need

TOUR = "mfasession demo"
"""Half a minute, and run by tests/sandbox/test_tour.py as it stands."""
EXAMPLES = [line for name in registry.names() for line, _ in parsers.of(name).examples if line != TOUR]
STAYS = "mfasession serve"
"""What runs until it is ended."""
ANSWERS = "mfasession doctor"
"""What exits with 1 when it finds something: here keys in plain text beside a keyring."""
RULE = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}\n'


@pytest.fixture
def home(keyring_home: Home, aws: Sandbox, alice: SandboxUser) -> Home:
    """Four profiles, a device whose codes are computed, and the files that the examples name."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    bob = aws.add_user(f"bob-{alice.name}")
    keyring_home.write_credentials(keys_of(alice) + keys_of(bob, "work") + keys_of(bob, "old-long-term"))
    as_role = f"role_arn = {role.arn}\nsource_profile = default\n"
    keyring_home.config.write_text(
        f"[default]\nregion = eu-west-1\n[profile admin]\n{as_role}[profile prod-eu]\n{as_role}"
    )
    keyring_home.write_settings('code = "totp"\n')
    keep_seed(keyring_home, alice)
    have_session(keyring_home, alice.devices[0], steps=-1)
    have_session(keyring_home, bob.add_device(f"phone-{bob.name}"), "-p", "work")
    folder = keyring_home.folder
    (folder / ".config" / "fish" / "conf.d").mkdir(parents=True)
    (folder / "job.py").write_text("print('done')\n")
    (folder / "policy.json").write_text(RULE)
    other = aws.add_user(f"new-{alice.name}")
    (folder / "accessKeys.csv").write_text(
        f"Access key ID,Secret access key\n{other.key.access_key_id},{other.key.secret_access_key.reveal()}\n"
    )
    # There is no systemd of a user.
    programs = folder / "programs"
    programs.mkdir()
    (programs / "systemctl").symlink_to("/bin/true")
    keyring_home.environ["PATH"] = f"{programs}:{keyring_home.environ['PATH']}"
    keyring_home.environ["BROWSER"] = browser(folder / "record")
    return keyring_home


@pytest.mark.parametrize("line", [line for line in EXAMPLES if not line.startswith(STAYS)])
def test_an_example_runs(home: Home, alice: SandboxUser, line: str) -> None:
    """In bash, with nothing on stdin: exit code 0, or the answer. The role of an example is one of this account."""
    need("aws")
    done = home.run_program("bash", "-c", line.replace(":role/deploy", f":role/admin-{alice.name}"))
    assert done.returncode in ((0, 1) if line.startswith(ANSWERS) else (0,)), done.stderr


@pytest.mark.parametrize("line", [line for line in EXAMPLES if line.startswith(STAYS)])
def test_an_example_that_stays(home: Home, line: str) -> None:
    """It serves, and ctrl-C is a good end."""
    served = subprocess.Popen(
        line.split(), env=home.environ, cwd=home.folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert served.stdout is not None
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in served.stdout.readline() + served.stdout.readline()
    os.kill(served.pid, signal.SIGINT)
    assert served.wait(scaled(30)) == 0

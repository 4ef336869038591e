"""`import aws-vault` and `import granted` from the Secret Service, where both keep keys on a Linux desktop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers import vault_collections
from tests.helpers.checks import complaint
from tests.helpers.secret_service import SecretService
from tests.helpers.support import Home, key_pair

COLLECTIONS = {"aws-vault": "awsvault", "granted": "granted-aws-iam-credentials"}
REMOVAL = {"aws-vault": "aws-vault remove", "granted": "granted credentials remove"}
NO_BUS = "unix:path=/nonexistent/bus"


@pytest.fixture
def service() -> Iterator[SecretService]:
    """A real Secret Service, unlocked."""
    with SecretService() as made:
        yield made


@pytest.fixture
def home(alices_home: Home, service: SecretService) -> Home:
    """Alice's home without her key, where the Secret Service is reached."""
    alices_home.credentials.unlink()
    alices_home.environ |= service.environ
    return alices_home


def items(alice: SandboxUser) -> dict[str, dict[str, str]]:
    """What the tools keep: a key, temporary credentials as a key, a session, an SSO token, and something else."""
    key = {"AccessKeyID": alice.key.access_key_id, "SecretAccessKey": alice.key.secret_access_key.reveal()}
    temporary = {"AccessKeyID": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": key["SecretAccessKey"], "SessionToken": "t"}
    return {
        "team/deploy": {**key, "SessionToken": "", "ProviderName": ""},
        "scratch": temporary,
        "sts.GetSessionToken,d29yaw,YXJu,1795500000": temporary,
        "oidc:https://example.awsapps.com/start": {"AccessToken": "t"},
        "note": {"text": "not a key"},
    }


@pytest.mark.parametrize("tool", COLLECTIONS)
@pytest.mark.parametrize("place", ["file", "keyring"])
def test_from_a_collection(home: Home, service: SecretService, alice: SandboxUser, tool: str, place: str) -> None:
    """Long-term keys alone are in the plan, and each goes where it is to go."""
    vault_collections.make(service, COLLECTIONS[tool], items(alice))
    done = home.run("import", tool, "--store", place, "--yes")
    key_id, where = alice.key.access_key_id, f"the collection {COLLECTIONS[tool]} of the Secret Service"
    assert done.returncode == 0, done.stderr
    assert f"mfasession: import from {where}:\n" in done.stderr
    assert "-                     profile note         not imported: " in done.stderr
    assert "-                     profile scratch      not imported: temporary credentials\n" in done.stderr
    assert f"when all works, delete at the other tool: {REMOVAL[tool]} team/deploy\n" in done.stderr
    assert "oidc" not in done.stderr
    if place == "file":
        assert home.credentials.read_text() == key_pair("team/deploy", key_id, alice.key.secret_access_key.reveal())
    again = home.run("import", tool, "--store", place, "--yes")
    assert again.returncode == 0, again.stderr
    assert f"{key_id}  profile team/deploy  is in " in again.stderr
    done = home.run("login", "-p", "team/deploy", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr


def test_a_collection_of_another_name(home: Home, service: SecretService, alice: SandboxUser) -> None:
    """AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME, as aws-vault reads it."""
    vault_collections.make(service, "my-vault", items(alice))
    environ = {"AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "my-vault", "AWS_VAULT_BACKEND": "secret-service"}
    done = home.run("import", "aws-vault", "--store", "file", "--yes", environ=environ)
    assert done.returncode == 0, done.stderr
    assert alice.key.access_key_id in home.credentials.read_text()


@pytest.mark.parametrize(
    ("tool", "unlocks"), [("aws-vault", "aws-vault list"), ("granted", "granted credentials list")]
)
def test_a_locked_collection(home: Home, service: SecretService, alice: SandboxUser, tool: str, unlocks: str) -> None:
    """One line and what unlocks it, before anything is asked."""
    vault_collections.make(service, COLLECTIONS[tool], items(alice))
    vault_collections.lock(service, COLLECTIONS[tool])
    done = home.run("import", tool, "--store", "file", "--yes")
    message, hint = f"the collection {COLLECTIONS[tool]} is locked", f"unlock it ({unlocks}), and run it again"
    assert (done.returncode, done.stderr) == (7, complaint(message, hint))
    assert not home.credentials.exists()


def test_no_collection(home: Home) -> None:
    """The Secret Service is there, and the tools have nothing in it."""
    for tool in COLLECTIONS:
        done = home.run("import", tool, "--yes")
        assert (done.returncode, done.stderr.splitlines()[0]) == (1, f"mfasession: {tool} has no key here")


@pytest.mark.parametrize("bus", [NO_BUS, ""], ids=["gone", "none"])
@pytest.mark.parametrize("tool", COLLECTIONS)
def test_without_a_secret_service(alices_home: Home, tool: str, bus: str) -> None:
    """Where the tool is known to use it: exit code 7 and one hint; `--all` goes on with the other tools."""
    home = alices_home
    home.environ |= {"AWS_VAULT_BACKEND": "secret-service"}
    if bus:
        home.environ["DBUS_SESSION_BUS_ADDRESS"] = bus
    (home.folder / ".granted").mkdir()
    done = home.run("import", tool, "--yes")
    message = f"there is no Secret Service here, which may have keys in the collection {COLLECTIONS[tool]}"
    hint = "run it in a desktop session, or with `dbus-run-session` and a keyring daemon"
    assert (done.returncode, done.stderr) == (7, complaint(message, hint))
    done = home.run("import", "--all", "--yes")
    assert done.returncode == 7
    assert done.stderr.count("there is no Secret Service here") == 2


def test_a_service_that_hangs(home: Home, service: SecretService, alice: SandboxUser) -> None:
    """It is waited for some seconds, not for ever."""
    vault_collections.make(service, "awsvault", items(alice))
    service.stop()
    done = home.run("import", "aws-vault", "--store", "file", "--yes")
    service.resume()
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        7,
        "mfasession: the Secret Service gave no answer for 3 s",
    )
    assert not Path(home.credentials).exists()

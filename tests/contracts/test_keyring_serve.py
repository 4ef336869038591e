"""The endpoint with sessions in a real Secret Service: nothing in plain text, and a keyring that fails ends nothing."""

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.patience import wait_for
from tests.helpers.secret_service import SecretService
from tests.helpers.serving import serve
from tests.helpers.support import Home


@pytest.fixture
def home(keyring_home: Home, alice: SandboxUser) -> Home:
    """Alice's home with the keyring as the store, and a session in it."""
    keyring_home.write_settings('store = "keyring"\n')
    done = keyring_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    return keyring_home


def test_a_login_elsewhere_is_served(home: Home, alice: SandboxUser) -> None:
    """A keyring does not notify of changes: it is looked into from time to time."""
    with serve(home) as served:
        first = served.ask().json["AccessKeyId"]
        done = home.run("login", "--force", "--code", alice.devices[0].code(1))
        assert done.returncode == 0, done.stderr
        wait_for(lambda: served.ask().json["AccessKeyId"] != first)
        assert "ASIA" not in home.credentials.read_text()


def test_a_keyring_that_is_gone_ends_nothing(home: Home, service: SecretService) -> None:
    """The desktop's session ended, the job goes on: what lives is served from memory, and at once."""
    with serve(home) as served:
        first = served.ask().json
        service.end_daemon()
        home.write_settings('store = "keyring"\n\n')
        home.run("status")
        assert served.ask().json == first
        assert served.process.poll() is None

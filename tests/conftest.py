"""Fixtures for all tests: a home folder, and an AWS that refuses."""

import importlib
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import keyring
import pytest
from hypothesis import settings

from mfasession.sandbox import Call, Sandbox, SandboxUser
from tests.helpers.checks import remember_device
from tests.helpers.patience import scaled
from tests.helpers.support import Home, key_pair, session_section

_numbers = count(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run in the background of a script ignores it, and so would all programs that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No keyring of whoever runs the tests, in this process; `keyring` would take the best one that it finds.
keyring.set_keyring(keyring.core.load_keyring("keyring.backends.fail.Keyring"))

# No deadline: the machine may be busy. In CI the same examples every time: a failure there is the change's own.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A test that hangs fails (pytest-timeout), and on a busy machine it may take longer until it does."""
    if config.getoption("timeout", None) is None:
        config.option.timeout = scaled(float(config.getini("timeout")))


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let each worker of a run of all tests import other modules first: it need not compile what another one has.

    pytest compiles a module anew for its asserts, and all workers would do it with the same one at the same time.
    """
    worker, workers = (os.environ.get(f"PYTEST_XDIST_WORKER{what}", "") for what in ("", "_COUNT"))
    if not worker or session.config.args != session.config.getini("testpaths"):
        return
    here = Path(__file__).parent
    modules = [".".join(path.relative_to(here.parent).with_suffix("").parts) for path in here.rglob("test_*.py")]
    modules.sort()
    begin = len(modules) * int(worker.removeprefix("gw")) // int(workers)
    for name in modules[begin:] + modules[:begin]:
        # What cannot be imported is reported when it is collected.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home folder that no AWS answers."""
    return Home(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-west-1"})


class SharedSandbox(Sandbox):
    """A sandbox that shows a test no call with keys of earlier tests: a client that outlives its test calls late."""

    def __init__(self) -> None:
        super().__init__()
        self._earlier: set[str] = set()

    def begin(self) -> None:
        """Begin a test: the keys and sessions that there are belong to earlier ones, and so do the calls."""
        self.forget_calls()
        self._remember_keys()

    def empty(self) -> None:
        """Also for a test that empties the account a second time, and whose own client then calls late."""
        self._remember_keys()
        super().empty()

    def calls(self, action: str | None = None) -> list[Call]:
        """Return the calls of this test."""
        return [call for call in super().calls(action) if call.access_key_id not in self._earlier]

    def _remember_keys(self) -> None:
        self._earlier.update(*(account.access_key_ids for account in list(self._state.accounts.values())))


@pytest.fixture(scope="session")
def shared_aws() -> Iterator[SharedSandbox]:
    """One sandbox a process: moto's state is the process's."""
    with SharedSandbox() as aws:
        yield aws


@pytest.fixture
def aws(shared_aws: SharedSandbox) -> Iterator[Sandbox]:
    """The sandbox with its clock at the real time and no faults pending."""
    shared_aws.begin()
    yield shared_aws
    shared_aws.clock.move(-shared_aws.clock.offset)
    shared_aws.faults.clear()
    shared_aws.set_enrolment_lag(0)


@pytest.fixture
def alice(aws: Sandbox) -> SandboxUser:
    """A user of her own for each test, under the rule, with one device."""
    user = aws.add_user(f"alice{next(_numbers)}")
    user.add_device(f"phone-{user.name}")
    return user


@pytest.fixture
def alices_home(tmp_path: Path, aws: Sandbox, alice: SandboxUser) -> Home:
    """Alice's home: her key pair in `[default]`, and the sandbox as AWS."""
    home = Home(tmp_path, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
    home.write_credentials(key_pair("default", alice.key.access_key_id, alice.key.secret_access_key.reveal()))
    return home


@pytest.fixture
def device_known(alices_home: Home, alice: SandboxUser) -> None:
    """Her device is known: a first login lists the user's devices, which takes twice as long as all the rest."""
    remember_device(alices_home, alice)


@pytest.fixture
def live(home: Home) -> Home:
    """A home with a session that lives until 2099."""
    home.write_credentials(key_pair() + session_section())
    return home

"""Fixtures for clients: a user whose device is old enough for sessions issued as of yesterday."""

from itertools import count

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.programs import CONFIG, DAY, Runs
from tests.helpers.sdks import SDKS
from tests.helpers.support import Home

_numbers = count(1)


@pytest.fixture
def alice(aws: Sandbox) -> SandboxUser:
    """A user of her own for each test, under the rule, with one device that was enabled a day ago."""
    aws.clock.move(-DAY)
    user = aws.add_user(f"client{next(_numbers)}")
    user.add_device(f"app-{user.name}")
    aws.clock.move(DAY)
    return user


@pytest.fixture
def alices_home(alices_home: Home) -> Home:
    """Her home with a region in the profile instead of one in the environment."""
    alices_home.config.write_text(CONFIG)
    del alices_home.environ["AWS_REGION"]
    return alices_home


@pytest.fixture
def runs(alices_home: Home) -> Runs:
    """A `credential_process` that counts its runs, as profile `counted`."""
    return Runs(alices_home)


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> str:
    """Each SDK."""
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
def words(sdk: str) -> tuple[str, ...]:
    """The words of its program."""
    return SDKS[sdk]()

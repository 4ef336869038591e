"""The contract of every store (`mfasession.stores.SessionStore`).

The subjects are the files in mfasession/stores: a new store is tested by being there.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import keyring
import pytest

from mfasession import plugins, stores
from mfasession.awsfiles import AwsFiles
from mfasession.files import paths
from mfasession.values import Secret, Session
from tests.helpers import memory_keyring
from tests.helpers.secret_service import SecretService

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.stores import SessionStore

Opener = Callable[[], "SessionStore"]
NO_KEYRING = "keyring.backends.fail.Keyring"

SESSION = Session(
    access_key_id="ASIAIOSFODNN7EXAMPLE",
    secret_access_key=Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    session_token=Secret("FwoGZXIvYXdzEXAMPLE+/=="),
    expires=int(time.time()) + 12 * 3600,
    key_id="AKIAIOSFODNN7EXAMPLE",
    mfa_serial="arn:aws:iam::123456789012:mfa/phone",
    role_arn="arn:aws:iam::123456789012:role/Admin",
    identity="arn:aws:iam::123456789012:user/alice",
    region="eu-west-1",
    issued=int(time.time()),
)


@contextmanager
def _keyring_with_small_items() -> Iterator[None]:
    keyring.set_keyring(memory_keyring.Keyring())
    try:
        yield
    finally:
        keyring.set_keyring(keyring.core.load_keyring(NO_KEYRING))


@contextmanager
def _keyring_of_the_secret_service() -> Iterator[None]:
    with SecretService() as service, pytest.MonkeyPatch.context() as patch:
        for name, value in service.environ.items():
            patch.setenv(name, value)
        keyring.set_keyring(keyring.core.load_keyring("keyring.backends.SecretService.Keyring"))
        try:
            yield
        finally:
            keyring.set_keyring(keyring.core.load_keyring(NO_KEYRING))


SURROUNDINGS: dict[str, dict[str, Callable[[], AbstractContextManager[None]]]] = {
    "keyring": {"small items": _keyring_with_small_items, "Secret Service": _keyring_of_the_secret_service},
}
"""What a store is tested in, when it needs more than a home folder."""
STORES = [
    pytest.param((name, around), id=f"{name}, {words}" if words else name)
    for name in plugins.names("stores")
    for words, around in SURROUNDINGS.get(name, {"": nullcontext}).items()
]


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """What opens the store anew, as another process does."""
    name, around = request.param
    environ = {"HOME": str(tmp_path), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "aws" / "credentials")}
    with around():
        yield lambda: stores.opened(name, AwsFiles(environ), environ)
        # What is in no file of the test would stay.
        used = stores.opened(name, AwsFiles(environ), environ)
        for section in used.sections():
            used.forget(section)


@pytest.fixture
def store(opened: Opener) -> "SessionStore":
    """One opened store, empty."""
    return opened()


def test_nothing_is_there_at_first(store: "SessionStore") -> None:
    """An empty store knows no section and forgets nothing."""
    assert store.load("default-mfa") is None
    assert store.sections() == []
    assert store.forget("default-mfa") is False


def test_a_saved_session_is_loaded_by_another_process(opened: Opener, store: "SessionStore") -> None:
    """Every field comes back, secrets too, through a store opened anew."""
    store.save("default-mfa", SESSION)
    assert opened().load("default-mfa") == SESSION
    assert store.load("default-mfa") == SESSION


def test_a_session_of_the_needed_fields_only(opened: Opener, store: "SessionStore") -> None:
    """What was not recorded comes back as not recorded."""
    least = Session(
        access_key_id="ASIAIOSFODNN7EXAMPLE",
        secret_access_key=Secret("s"),
        session_token=Secret("t"),
        expires=SESSION.expires,
        key_id="AKIAIOSFODNN7EXAMPLE",
    )
    store.save("default-mfa", least)
    assert opened().load("default-mfa") == least


@pytest.mark.parametrize("length", [1, 343, 1000, 1280, 2600, 8192])
def test_a_token_of_any_length(opened: Opener, store: "SessionStore", length: int) -> None:
    """AWS promises no maximum: long tokens too, over the 1280 characters of a Windows item (jaraco/keyring#355)."""
    session = SESSION.replace(session_token=Secret("Ab+/" * (length // 4) + "=" * (length % 4)))
    store.save("default-mfa", session)
    assert opened().load("default-mfa") == session


@pytest.mark.parametrize("lengths", [(4000, 100), (100, 4000), (4000, 4001)])
def test_the_newer_session_takes_the_place(opened: Opener, store: "SessionStore", lengths: tuple[int, int]) -> None:
    """A second save replaces the first, whichever is longer, and leaves one section."""
    older, newer = (SESSION.replace(session_token=Secret("x" * length)) for length in lengths)
    store.save("default-mfa", older)
    opened().save("default-mfa", newer)
    assert opened().load("default-mfa") == newer
    assert opened().sections() == ["default-mfa"]


@pytest.mark.parametrize(
    "name", ["work", "a b", "a/2", "part/2/session/default-mfa", "équipe", "a.b-c_d@e:f", "x" * 200]
)
def test_sections_by_any_name_do_not_touch_each_other(opened: Opener, store: "SessionStore", name: str) -> None:
    """Saving and forgetting one section leaves the other as it was."""
    other = SESSION.replace(session_token=Secret("y" * 3000))
    store.save("default-mfa", other)
    store.save(name, SESSION)
    assert opened().sections() == ["default-mfa", name]
    assert opened().load(name) == SESSION
    assert store.forget(name) is True
    assert opened().load(name) is None
    assert opened().load("default-mfa") == other
    assert opened().sections() == ["default-mfa"]


def test_many_are_saved_at_once(opened: Opener, store: "SessionStore") -> None:
    """`exec` for many profiles: new ones and one that is there, each then loaded for itself."""
    store.save("old", SESSION)
    sessions = {name: SESSION.replace(role_arn=f"arn:aws:iam::123456789012:role/{name}") for name in ("a", "old", "b")}
    store.save_all(sessions)
    assert {name: opened().load(name) for name in sessions} == sessions
    assert sorted(store.sections()) == ["a", "b", "old"]


def test_a_forgotten_session_is_gone(opened: Opener, store: "SessionStore") -> None:
    """Forgetting returns whether there was something, and a second time there is not."""
    store.save("default-mfa", SESSION)
    assert opened().forget("default-mfa") is True
    assert opened().load("default-mfa") is None
    assert opened().sections() == []
    assert opened().forget("default-mfa") is False


def test_a_check_leaves_nothing(opened: Opener, store: "SessionStore") -> None:
    """Looking whether a session can be saved neither makes nor changes one."""
    store.check("default-mfa")
    assert opened().load("default-mfa") is None
    store.save("default-mfa", SESSION)
    opened().check("default-mfa")
    assert opened().load("default-mfa") == SESSION
    assert opened().sections() == ["default-mfa"]


def test_the_store_says_its_name(store: "SessionStore") -> None:
    """The name is the one of `store = …` in config.toml, and that of its file."""
    assert store.name in plugins.names("stores")


def test_a_store_that_holds_a_session_is_found(store: "SessionStore", tmp_path: Path) -> None:
    """By its index, or because it is the default one: `logout` and `status` look there, whatever is configured."""
    store.check("default-mfa")
    store.save("default-mfa", SESSION)
    assert store.name in stores.in_use({"HOME": str(tmp_path)})
    assert (store.has("default-mfa"), store.has("other-mfa")) == (True, False)
    assert Path(paths.store_index({"HOME": str(tmp_path)}, store.name)).exists() is store.has_index


def test_plain_text_is_called_plain_text(store: "SessionStore", tmp_path: Path) -> None:
    """What the disk shows of a session is what the store says of itself."""
    store.save("default-mfa", SESSION)
    store.wait_for_writers()
    assert store.load("default-mfa") == SESSION
    written = [Path(folder, name).read_bytes() for folder, _, names in os.walk(tmp_path) for name in names]
    assert any(b"wJalrXUtnFEMI" in text for text in written) is store.is_plain_text


def test_no_secret_outside_the_store(store: "SessionStore", tmp_path: Path) -> None:
    """What lies on the disk beside the store is private to its owner, and no secret is in a repr."""
    store.save("default-mfa", SESSION)
    assert "wJalr" not in repr(store) + repr(store.load("default-mfa"))
    written = [Path(folder, name) for folder, _, names in os.walk(tmp_path) for name in names]
    assert written
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)

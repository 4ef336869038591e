"""What the keyring store puts into its items: split values, half-written ones, long-term keys and seeds."""

import json
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfasession import installation
from mfasession.errors import StoreError
from mfasession.stores.keyring import KeyringStore
from mfasession.stores.keyrings import keys as keyring_keys
from mfasession.values import LongTermKey, Secret, Session
from tests.helpers import memory_keyring

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SERIAL = "arn:aws:iam::123456789012:mfa/phone"
NO_KEYRING = "keyring.backends.fail.Keyring"


@pytest.fixture(autouse=True)
def _no_keyring_stays() -> Iterator[None]:
    """Whatever keyring a test chose for this process, the next test finds none."""
    yield
    keyring.set_keyring(keyring.core.load_keyring(NO_KEYRING))


@pytest.fixture
def memory() -> memory_keyring.Keyring:
    """A keyring in memory, with the small items of Windows, in this process."""
    ring = memory_keyring.Keyring()
    keyring.set_keyring(ring)
    return ring


def session(token: str) -> Session:
    """Return a session that differs by its token."""
    return Session(
        access_key_id="ASIAIOSFODNN7EXAMPLE",
        secret_access_key=Secret(SECRET),
        session_token=Secret(token),
        expires=1,
        key_id="AKIAIOSFODNN7EXAMPLE",
    )


def test_long_values_are_split_and_come_back(memory: memory_keyring.Keyring, tmp_path: Path) -> None:
    """Values over 2560 bytes of UTF-16 take several items, and forgetting removes each (jaraco/keyring#355)."""
    store = KeyringStore(str(tmp_path / "keyring.sessions"))
    store.save("default-mfa", session("t" * 4000))
    assert len(memory.items) == 4
    assert store.load("default-mfa") == session("t" * 4000)
    store.forget("default-mfa")
    assert memory.items == {}


@settings(max_examples=80, deadline=None)
@given(
    old=st.one_of(st.none(), st.integers(0, 4000)),
    new=st.integers(0, 4000),
    changes=st.integers(0, 8),
    later_saves=st.integers(0, 1),
)
def test_a_save_that_was_killed(
    tmp_path_factory: pytest.TempPathFactory, old: int | None, new: int, changes: int, later_saves: int
) -> None:
    """Killed after any change: the old session, the new one or none, never a mixture, and nothing stays for ever."""
    ring = memory_keyring.Keyring()
    keyring.set_keyring(ring)
    store = KeyringStore(str(tmp_path_factory.mktemp("state") / "keyring.sessions"))
    before = None if old is None else session("a" * old)
    after = session("b" * new)
    if before:
        store.save("default-mfa", before)
    ring.changes_left = changes
    try:
        store.save("default-mfa", after)
        killed = False
    except StoreError:
        killed = True
    ring.changes_left = -1
    loaded = store.load("default-mfa")
    assert loaded in ((None, before, after) if killed else (after,))
    if loaded is None:
        assert ring.items == {}
    for _ in range(later_saves):
        store.save("default-mfa", after)
        assert store.load("default-mfa") == after
    # None is out of sight, and what no keyring has taken is not listed.
    assert store.sections() == ["default-mfa"] or not ring.items
    store.forget("default-mfa")
    assert ring.items == {}


@pytest.mark.parametrize("damage", ["missing part", "other part", "wrong count"])
def test_a_half_written_session_is_ignored_and_cleaned_up(
    memory: memory_keyring.Keyring, tmp_path: Path, damage: str
) -> None:
    """Parts that do not make the text of the header count as no session, and are removed."""
    store = KeyringStore(str(tmp_path / "keyring.sessions"))
    store.save("default-mfa", session("t" * 4000))
    first, second = ("mfasession", "session/default-mfa"), ("mfasession", "part/2/session/default-mfa")
    if damage == "missing part":
        del memory.items[second]
    elif damage == "other part":
        memory.items[second] = "x" + memory.items[second][1:]
    else:
        memory.items[first] = memory.items[first].replace("split:1:4:", "split:1:5:")
    assert store.load("default-mfa") is None
    assert memory.items == {}


@pytest.mark.parametrize("kept", ["", "{}", "[]", "null", "text", '{"expires":"soon"}'])
def test_an_item_that_is_not_a_session(memory: memory_keyring.Keyring, tmp_path: Path, kept: str) -> None:
    """What another program put in a session's place is not a session, and saving replaces it."""
    store = KeyringStore(str(tmp_path / "keyring.sessions"))
    memory.items["mfasession", "session/default-mfa"] = kept
    assert store.load("default-mfa") is None
    store.save("default-mfa", session("t"))
    assert store.load("default-mfa") == session("t")


def test_a_session_of_a_later_version(memory: memory_keyring.Keyring, tmp_path: Path) -> None:
    """Fields that this version does not know are passed over."""
    store = KeyringStore(str(tmp_path / "keyring.sessions"))
    store.save("default-mfa", session("t"))
    item = ("mfasession", "session/default-mfa")
    memory.items[item] = memory.items[item] + "colour=blue\n"
    assert store.load("default-mfa") == session("t")


@pytest.mark.usefixtures("memory")
def test_a_session_of_a_profile_with_settings(tmp_path: Path) -> None:
    """They are for SDKs, which read none of our items: the session comes back without them."""
    store = KeyringStore(str(tmp_path / "keyring.sessions"))
    store.save("default-mfa", session("t").replace(settings=(("endpoint_url", "http://127.0.0.1:4566"),)))
    assert store.load("default-mfa") == session("t")


@settings(max_examples=60, deadline=None)
@given(names=st.lists(st.text(min_size=1, max_size=20), unique=True, max_size=5))
def test_any_section_name_survives_the_index(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """The index gives back each name in the order of saving."""
    keyring.set_keyring(memory_keyring.Keyring())
    store = KeyringStore(str(tmp_path_factory.mktemp("state") / "keyring.sessions"))
    for name in names:
        store.save(name, session("t"))
    assert store.sections() == names


def test_a_long_term_key_in_the_keyring(memory: memory_keyring.Keyring) -> None:
    """A key is kept as JSON, read back equal, replaced and forgotten."""
    key = LongTermKey(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=Secret(SECRET))
    assert keyring_keys.read_long_term_key("work") is None
    keyring_keys.save_long_term_key("work", key)
    assert keyring_keys.read_long_term_key("work") == key
    kept = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": SECRET}
    assert json.loads(memory.items["mfasession", "key/work"]) == kept
    newer = key.replace(access_key_id="AKIAI44QH8DHBEXAMPLE")
    keyring_keys.save_long_term_key("work", newer)
    assert keyring_keys.read_long_term_key("work") == newer
    assert keyring_keys.forget_long_term_key("work") is True
    assert keyring_keys.forget_long_term_key("work") is False


@pytest.mark.parametrize("kept", ["", "AKIA:secret", "[1]", '{"access_key_id":"AKIA"}', "mfasession-split:1:2:x:y"])
def test_an_item_that_is_not_a_long_term_key(memory: memory_keyring.Keyring, kept: str) -> None:
    """Something else in a key's place is an error that names the item, not a missing key."""
    memory.items["mfasession", "key/work"] = kept
    with pytest.raises(StoreError, match="item key/work is not one of ours") as raised:
        keyring_keys.read_long_term_key("work")
    assert raised.value.hint == installation.keyring("del", "mfasession", "key/work")


@pytest.mark.usefixtures("memory")
def test_a_seed_in_the_keyring() -> None:
    """A seed is read back equal and forgotten; sessions, keys and seeds of one name do not collide."""
    assert keyring_keys.read_seed(SERIAL) is None
    keyring_keys.save_seed(SERIAL, Secret("JBSWY3DPEHPK3PXP"))
    assert keyring_keys.read_seed(SERIAL) == Secret("JBSWY3DPEHPK3PXP")
    assert keyring_keys.read_long_term_key(SERIAL) is None
    assert keyring_keys.forget_seed(SERIAL) is True
    assert keyring_keys.forget_seed(SERIAL) is False


def test_a_split_seed_that_is_broken(memory: memory_keyring.Keyring) -> None:
    """A broken seed is an error that names the item."""
    memory.items["mfasession", f"seed/{SERIAL}"] = "mfasession-split:1:2:x:y"
    with pytest.raises(StoreError, match="is not one of ours"):
        keyring_keys.read_seed(SERIAL)


def test_no_secret_in_what_a_failing_backend_says() -> None:
    """A backend whose exception quotes the secret: neither the message nor the context has it."""
    keyring.set_keyring(memory_keyring.QuotingKeyring())
    with pytest.raises(StoreError) as raised:
        keyring_keys.save_seed(SERIAL, Secret(SECRET))
    assert raised.value.message == "the keyring failed (ValueError)"
    assert raised.value.__suppress_context__
    assert SECRET not in repr(raised.value) + str(raised.value.__cause__) + str(raised.value.__context__)


def _save_and_forget_a_seed() -> None:
    keyring_keys.save_seed("x", Secret(SECRET))
    keyring_keys.forget_seed("x")


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ("RefusingKeyring", "the keyring refused to keep the item"),
        ("KeepingKeyring", "the keyring refused to remove the item"),
        ("ReturningKeyring", "the keyring did not remove seed/x (tests.helpers.memory_keyring.ReturningKeyring)"),
    ],
)
def test_backends_that_refuse(backend: str, message: str) -> None:
    """A refused write and a refused removal each have their message."""
    keyring.set_keyring(getattr(memory_keyring, backend)())
    with pytest.raises(StoreError) as raised:
        _save_and_forget_a_seed()
    assert raised.value.message == message
    assert raised.value.hint

"""What every place of a long-term key promises, and that no end in the middle of a move or a rotation loses one."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import keyring
import pytest

from mfasession.aws.access_keys import AwsKeys
from mfasession.errors import AwsRefused, Cancelled, ConfigurationError, StoreError
from mfasession.keys import locate, protect, rotate
from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.sessions import Context, SessionRequest
from mfasession.stores.keys import KeyPlace, KeyRecord
from mfasession.stores.keys.encrypted_file import KeyInEncryptedFile
from mfasession.stores.keys.file import KeyInFile
from mfasession.stores.keys.keyring import KeyInKeyring
from mfasession.values import LongTermKey, Secret
from tests.helpers import memory_keyring
from tests.helpers.support import KEY_ID, SECRET, SESSION_ID, Home, key_pair

Place = Callable[[], KeyPlace]
OLD = LongTermKey(access_key_id=KEY_ID, secret_access_key=Secret(SECRET))
NEW = LongTermKey(
    access_key_id="AKIAI44QH8DHBEXAMPLE", secret_access_key=Secret("je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
)
RECORDS = (
    KeyRecord(key=OLD),
    KeyRecord(key=OLD, next=NEW),
    KeyRecord(key=NEW, retiring=OLD.access_key_id),
    KeyRecord(key=NEW),
)
"""What a rotation keeps, one after the other."""


@pytest.fixture
def ring() -> Iterator[memory_keyring.Keyring]:
    """A keyring in memory, with the small items of Windows, in this process."""
    made = memory_keyring.Keyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.fail.Keyring"))


@pytest.fixture(params=["credentials", "config", "keyring", "encrypted-file"])
def place(request: pytest.FixtureRequest, tmp_path: Path, ring: memory_keyring.Keyring) -> Place:  # noqa: ARG001
    """One place, opened anew for each use."""
    environ = {"HOME": str(tmp_path)}
    if request.param == "keyring":
        return lambda: KeyInKeyring("work", environ)
    if request.param == "encrypted-file":
        environ["MFASESSION_PASSPHRASE_COMMAND"] = "echo correct horse"
        return lambda: KeyInEncryptedFile("work", environ, no_input=True)
    private = request.param == "credentials"
    path, section = str(tmp_path / request.param), "work" if private else "profile work"
    return lambda: KeyInFile(path, section, environ, private=private)


def test_a_saved_key_is_loaded(place: Place) -> None:
    """Each step of a rotation in place of the one before, and nothing of it left behind."""
    assert place().load() is None
    assert place().forget() is False
    for record in (*RECORDS, *RECORDS):
        place().check()
        place().save(record)
        assert place().load() == record
    assert place().forget() is True
    assert place().load() is None


def test_only_what_is_expected_is_forgotten(place: Place) -> None:
    """Another program has changed it meanwhile: it stays."""
    place().save(KeyRecord(key=NEW))
    with pytest.raises(ConfigurationError, match="changed meanwhile"):
        place().forget(only=KeyRecord(key=OLD))
    assert place().load() == KeyRecord(key=NEW)
    assert place().forget(only=KeyRecord(key=NEW)) is True


def test_no_secret_is_shown(place: Place) -> None:
    """Not in the value's own words."""
    place().save(RECORDS[1])
    assert SECRET not in repr(place().load())


def test_ids_are_those_of_the_key(place: Place) -> None:
    """Also during a rotation, and for a key that is not there."""
    assert place().ids() is None
    for record in RECORDS:
        place().save(record)
        assert place().ids() == record.ids


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[work]\n",
        "[work]\naws_access_key_id = AKIAHALF\n",
        f"[work]\naws_secret_access_key = {SECRET}\n",
        key_pair("work") + "aws_session_token = t\n",
        key_pair("work", SESSION_ID),
    ],
)
def test_other_credentials_are_not_a_long_term_key(tmp_path: Path, text: str) -> None:
    """Half a pair and temporary credentials do not count."""
    path = tmp_path / "credentials"
    path.write_text(text)
    path.chmod(0o600)
    assert KeyInFile(str(path), "work", {"HOME": str(tmp_path)}, private=True).load() is None


def test_a_long_term_key_gets_no_token(tmp_path: Path) -> None:
    """What temporary credentials have left in the section would make the key invalid."""
    path = tmp_path / "credentials"
    path.write_text(key_pair("work", SESSION_ID) + "aws_session_token = t\naws_security_token = u\nregion = x\n")
    path.chmod(0o600)
    KeyInFile(str(path), "work", {"HOME": str(tmp_path)}, private=True).save(KeyRecord(key=NEW))
    assert path.read_text() == key_pair("work", NEW.access_key_id, NEW.secret_access_key.reveal()) + "region = x\n"


def in_keyring(home: Path) -> KeyInKeyring:
    """The keyring's place of one profile, opened anew."""
    return KeyInKeyring("work", {"HOME": str(home)})


@pytest.mark.parametrize("step", range(len(RECORDS) - 1))
def test_a_save_that_was_killed(ring: memory_keyring.Keyring, tmp_path: Path, step: int) -> None:
    """After any change of the keyring: the key before or the key behind, and a next save ends well."""
    before, behind = RECORDS[step : step + 2]
    for changes in range(12):
        ring.items.clear()
        ring.changes_left = -1
        in_keyring(tmp_path).save(before)
        ring.changes_left = changes
        with suppress(StoreError):
            in_keyring(tmp_path).save(behind)
        ring.changes_left = -1
        found = in_keyring(tmp_path).load()
        assert found is not None
        assert found.key in (before.key, behind.key)
        assert found.retiring != found.key.access_key_id
        assert found.next != found.key
        in_keyring(tmp_path).save(behind)
        assert in_keyring(tmp_path).load() == behind


def test_a_keyring_that_removes_before_it_writes(ring: memory_keyring.Keyring, tmp_path: Path) -> None:
    """The macOS keychain does: ended in between, the new key stands beside the empty place."""
    in_keyring(tmp_path).save(RECORDS[1])
    del ring.items["mfasession", "key/work"]
    assert in_keyring(tmp_path).load() == KeyRecord(key=NEW)
    in_keyring(tmp_path).save(RECORDS[2])
    assert in_keyring(tmp_path).load() == RECORDS[2]


@pytest.fixture
def context(alices_home: Home, ring: memory_keyring.Keyring, monkeypatch: pytest.MonkeyPatch) -> Context:  # noqa: ARG001
    """Alice's home in this process, with the keyring in memory."""
    environ = {
        **alices_home.environ,
        "AWS_CONFIG_FILE": str(alices_home.config),
        "AWS_SHARED_CREDENTIALS_FILE": str(alices_home.credentials),
    }
    for name, value in environ.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return Context(environ, SessionRequest())


def test_protect_that_was_killed(context: Context, alices_home: Home, ring: memory_keyring.Keyring) -> None:
    """After any change of the keyring the key is in one of the two at least, and the next run ends it."""
    before = alices_home.credentials.read_bytes()
    for changes in range(8):
        alices_home.credentials.write_bytes(before)
        ring.items.clear()
        context.aws_files.reread()
        ring.changes_left = changes
        with suppress(StoreError):
            protect.protect(context, locate.owner(context))
        ring.changes_left = -1
        is_in_keyring = KeyInKeyring("default", context.environ).load() is not None
        assert is_in_keyring or alices_home.credentials.read_bytes() == before
        context.aws_files.reread()
        protect.protect(context, locate.owner(context))
        assert KeyInKeyring("default", context.environ).load() is not None
        assert b"aws_" not in alices_home.credentials.read_bytes()


class Silent:
    """A listener with nothing to say, who deletes nothing."""

    def notify(self, text: str) -> None:
        """Hear it."""

    def may_delete(self, surplus: rotate.Surplus) -> bool:  # noqa: ARG002  # whichever it is
        """Say no."""
        return False


def test_rotation_whose_keyring_fails(
    context: Context, alices_home: Home, ring: memory_keyring.Keyring, alice: SandboxUser
) -> None:
    """At each change: the key in place is one that AWS takes, no secret is shown, and the next run completes it."""
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
    protect.protect(context, locate.owner(context))
    said: list[str] = []
    for changes in range(40):
        ring.changes_left = changes
        context.aws_files.reread()
        try:
            rotated = rotate.Rotation(context, locate.owner(context), Silent()).run()
            break
        except StoreError as failure:
            said.append(failure.message + failure.hint)
        finally:
            ring.changes_left = -1
        kept = KeyInKeyring("default", context.environ).load()
        assert kept is not None
        assert alice.key_statuses()[kept.key.access_key_id] == "Active"
        assert kept.key.secret_access_key.reveal() not in said[-1]
    assert len(said) >= 4
    assert f"and {rotated.old} is deleted at AWS" in said[-1]
    assert alice.key_statuses() == {rotated.new: "Active"}
    kept = KeyInKeyring("default", context.environ).load()
    assert kept is not None
    assert (kept.key.access_key_id, kept.next, kept.retiring) == (rotated.new, None, "")


def test_a_second_key_that_may_not_be_deleted(context: Context, alices_home: Home, alice: SandboxUser) -> None:
    """Cancelled, and nothing was changed."""
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
    alice.add_key()
    with pytest.raises(Cancelled, match="nothing was changed"):
        rotate.Rotation(context, locate.owner(context), Silent()).run()
    assert len(alice.key_statuses()) == 2


def test_waiting_ends(context: Context, aws: Sandbox, alice: SandboxUser) -> None:
    """A key that AWS never knows is refused after all pauses, of which the test waits for none."""
    alice.set_key_status(alice.key.access_key_id, "Inactive")
    waited: list[float] = []
    client = AwsKeys(locate.owner(context), alice.key, context.environ)
    with pytest.raises(AwsRefused, match="does not know key"):
        rotate.wait_until_known(client, alice.key, Silent(), sleep=waited.append)
    assert tuple(waited) == rotate.PAUSES
    assert len(aws.calls("GetCallerIdentity")) > len(waited)

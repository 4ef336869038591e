"""Where a seed waits until AWS has enabled its device: in the keyring where there is one, else in a private file."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from mfasession import installation
from mfasession.errors import ConfigurationError, MfaSessionError, StoreError
from mfasession.mfa.pending import Pending, PendingStore
from mfasession.values import Secret
from tests.helpers import memory_keyring

ARN = "arn:aws:iam::123456789012:user/alice"
WAITS = Pending(
    serial="arn:aws:iam::123456789012:mfa/alice", seed=Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), made=1_795_456_800
)


@pytest.fixture
def ring() -> Iterator[memory_keyring.Keyring]:
    """A keyring in memory, in this process."""
    made = memory_keyring.Keyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.fail.Keyring"))


@pytest.fixture
def no_ring() -> None:
    """No keyring in this process."""
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.fail.Keyring"))


def safe(folder: Path, arn: str = ARN) -> PendingStore:
    """The safe of one user, opened anew."""
    return PendingStore({"HOME": str(folder)}, arn)


@pytest.mark.parametrize("place", ["ring", "no_ring"])
def test_a_pending_seed_is_found_again(request: pytest.FixtureRequest, tmp_path: Path, place: str) -> None:
    """By every later run of the same user, and by no other; forgotten, it is nowhere."""
    request.getfixturevalue(place)
    first = safe(tmp_path)
    assert first.load() is None
    first.check()
    first.keep(WAITS)
    later = safe(tmp_path)
    assert later.load() == WAITS
    assert later.where == first.where
    assert (first.where == "the keyring") is (place == "ring")
    assert safe(tmp_path, ARN + "2").load() is None
    later.forget()
    assert safe(tmp_path).load() is None
    later.forget()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_file_is_its_owners_alone(tmp_path: Path, no_ring: None) -> None:
    """Mode 0600, below folders of mode 0700; one that others may read is not read."""
    assert no_ring is None
    one = safe(tmp_path)
    one.check()
    one.keep(WAITS)
    path = Path(one.where)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert WAITS.seed.reveal() in path.read_text()
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="is open to other users"):
        safe(tmp_path).load()


def test_a_keyring_that_comes_later(tmp_path: Path, no_ring: None) -> None:
    """What waits in a file is found there, and forgotten there."""
    assert no_ring is None
    one = safe(tmp_path)
    one.check()
    one.keep(WAITS)
    keyring.set_keyring(memory_keyring.Keyring())
    later = safe(tmp_path)
    assert (later.load(), later.where) == (WAITS, one.where)
    later.forget()
    assert not os.path.lexists(one.where)


@pytest.mark.parametrize("text", ["", "one line\n", "a\nb\nc\n", "\nseed\n1\n", "a\nb\n²\n", "a\nb\n1\nd\n"])
@pytest.mark.parametrize("place", ["ring", "no_ring"])
def test_an_item_that_is_not_ours(request: pytest.FixtureRequest, tmp_path: Path, place: str, text: str) -> None:
    """Reported with the command that removes it, and what is in it is not quoted."""
    request.getfixturevalue(place)
    one = safe(tmp_path)
    one.check()
    one.keep(WAITS)
    if place == "ring":
        keyring.set_password("mfasession", f"enrolment/{ARN}", text)
    else:
        Path(one.where).write_text(text)
    with pytest.raises(MfaSessionError) as caught:
        safe(tmp_path).load()
    assert "is not one of ours" in caught.value.message
    assert caught.value.hint.startswith(installation.keyring("del", "mfasession") if place == "ring" else "rm ")


def test_nothing_shows_the_seed(tmp_path: Path) -> None:
    """In no repr."""
    assert WAITS.seed.reveal() not in repr(WAITS)
    assert WAITS.seed.reveal() not in repr(safe(tmp_path))


class Locked(memory_keyring.Keyring):
    """A locked keyring."""

    def get_password(self, service: str, username: str) -> str | None:
        """Refuse."""
        raise keyring.errors.KeyringLocked(f"{service} {username}")

    set_password = get_password  # type: ignore[assignment]


def test_a_locked_keyring_does_not_lead_to_a_file(tmp_path: Path) -> None:
    """Neither to look for what waits, nor to keep it."""
    keyring.set_keyring(Locked())
    for ask in (lambda: safe(tmp_path).load(), lambda: safe(tmp_path).check()):
        with pytest.raises(StoreError) as caught:
            ask()  # type: ignore[no-untyped-call]
        assert caught.value.message == "the keyring is locked, and the seed of a new device has to be stored in it"
        assert "--store file" not in caught.value.hint
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.fail.Keyring"))

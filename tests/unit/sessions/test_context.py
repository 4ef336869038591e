"""One run of a command: which profile, which session, from which store."""

from collections.abc import Callable, Iterator
from typing import Any

import keyring
import pytest

from mfasession.errors import ConfigurationError, InputNeeded, StoreError
from mfasession.sessions import Context, SessionRequest, session
from tests.helpers import memory_keyring
from tests.helpers.support import KEY_ID, Home, key_pair, made_session, move_into, session_section

Open = Callable[..., Context]
OTHER = "arn:aws:iam::123456789012:mfa/other"


@pytest.fixture
def opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> Open:
    """What starts a command in a home that no AWS answers."""
    move_into(home, monkeypatch)

    def open_with(*, environ: dict[str, str] | None = None, **options: Any) -> Context:
        return Context({**home.environ, **(environ or {})}, SessionRequest(**options))

    return open_with


@pytest.fixture
def ring() -> Iterator[memory_keyring.Keyring]:
    """A keyring of this process."""
    before = keyring.get_keyring()
    made = memory_keyring.Keyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("options", "environ", "settings", "name"),
    [
        ({"profile": "a"}, {"MFASESSION_PROFILE": "b", "AWS_PROFILE": "c"}, 'default_profile = "d"', "a"),
        ({}, {"MFASESSION_PROFILE": "b", "AWS_PROFILE": "c"}, 'default_profile = "d"', "b"),
        ({}, {"AWS_PROFILE": "c"}, 'default_profile = "d"', "c"),
        ({}, {}, 'default_profile = "d"', "d"),
        ({}, {"MFASESSION_PROFILE": "", "AWS_PROFILE": ""}, "", "default"),
    ],
)
def test_the_profile_that_is_meant(
    home: Home, opened: Open, options: dict[str, str], environ: dict[str, str], settings: str, name: str
) -> None:
    """The contract's order, from the command line to `default`."""
    home.write_credentials("".join(key_pair(section) for section in ("a", "b", "c", "d", "default")))
    home.write_settings(settings)
    assert opened(environ=environ, **options).profile().name == name


def test_serial_names_another_device(home: Home, opened: Open) -> None:
    """`login --serial`: for this profile and this time."""
    home.write_credentials(key_pair() + "mfa_serial = arn:aws:iam::123456789012:mfa/phone\n")
    assert opened().profile().mfa_serial == "arn:aws:iam::123456789012:mfa/phone"
    assert opened(serial=OTHER).profile().mfa_serial == OTHER


def test_a_fresh_session_is_taken_as_it_is(home: Home, opened: Open) -> None:
    """No AWS answers in this home, and none is asked; the region is the profile's."""
    home.write_credentials(key_pair() + "region = eu-north-1\n" + session_section())
    context = opened()
    kept = session(context, context.profile())
    assert (kept.key_id, kept.region) == (KEY_ID, "eu-north-1")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mfasession_key_id = AKIAIOSFODNN7EXAMPLE", "mfasession_key_id = AKIAOTHEROTHEROTHER1"),
        ("manager = mfasession\n", f"manager = mfasession\nmfasession_role_arn = {OTHER}\n"),
        ("2099", "2020"),
    ],
)
def test_a_session_of_another_time_key_or_role_is_void(home: Home, opened: Open, old: str, new: str) -> None:
    """There is no terminal to give a code for another one."""
    section = session_section()
    assert old in section
    home.write_credentials(key_pair() + section.replace(old, new))
    context = opened(no_input=True)
    with pytest.raises(InputNeeded) as caught:
        session(context, context.profile())
    assert caught.value.hint == "mfasession login"


def test_another_section_is_not_a_session(home: Home, opened: Open) -> None:
    """Another tool's section in its place is reported, whatever the command."""
    home.write_credentials(key_pair() + key_pair("default-mfa"))
    context = opened()
    with pytest.raises(ConfigurationError, match="is not ours"):
        session(context, context.profile())


def test_only_the_file_is_asked_where_no_keyring_was_used(opened: Open) -> None:
    """Opening a keyring may ask for a password: it is never done for nothing."""
    assert [store.name for store in opened().stores()] == ["file"]
    assert [store.name for store in opened(store="keyring").stores()] == ["file", "keyring"]


@pytest.mark.parametrize("settings", ['store = "keyring"', '[profiles.work]\nstore = "keyring"'])
def test_a_configured_keyring_is_asked(home: Home, opened: Open, settings: str) -> None:
    """Be it for one profile."""
    home.write_settings(settings)
    assert [store.name for store in opened().stores()] == ["file", "keyring"]


def test_the_store_of_a_profile(home: Home, opened: Open) -> None:
    """The command line's, else the profile's own, else the common one, else the file."""
    home.write_credentials(key_pair("a") + key_pair("b"))
    home.write_settings('store = "keyring"\n[profiles.a]\nstore = "file"\n')
    stores = {name: opened(profile=name).store_of(opened(profile=name).profile()).name for name in ("a", "b")}
    assert stores == {"a": "file", "b": "keyring"}
    context = opened(profile="a", store="keyring")
    assert context.store_of(context.profile()).name == "keyring"


@pytest.mark.usefixtures("ring")
def test_a_session_in_the_other_store_is_found(home: Home, opened: Open) -> None:
    """After `login --store keyring` every command finds it, though the configuration says file; and the other way."""
    home.write_credentials(key_pair())
    context = opened()
    made = made_session(expires=4_070_908_800, mfa_serial="")
    context.store("keyring").save("default-mfa", made)
    assert opened().kept(context.profile()) == made
    context.store("keyring").forget("default-mfa")
    assert opened().kept(context.profile()) is None
    context.store("file").save("default-mfa", made)
    home.write_settings('store = "keyring"')
    assert opened().kept(opened().profile()) == made


@pytest.mark.usefixtures("ring")
def test_a_keyring_that_fails_does_not_hide_a_living_session(home: Home, opened: Open) -> None:
    """Locked or absent, and there is still one in the file; without one, the failure is reported."""
    home.write_credentials(key_pair() + session_section())
    home.write_settings('store = "keyring"')
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.fail.Keyring"))
    kept = opened().kept(opened().profile())
    assert kept is not None
    assert kept.key_id == KEY_ID
    home.write_credentials(key_pair())
    with pytest.raises(StoreError, match="keyring"):
        opened().kept(opened().profile())

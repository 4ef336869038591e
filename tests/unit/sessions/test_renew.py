"""From a code to a kept session, in this process and against the sandbox, without a terminal."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest

from mfasession import errors, sessions
from mfasession.aws import errors as aws_errors
from mfasession.aws.model import Device
from mfasession.codes import CodeRequest
from mfasession.files import locks
from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.sessions import Context, SessionRequest, renew
from mfasession.sessions.connection import Connection
from mfasession.sessions.create import Creation, role_session_name
from mfasession.sessions.state import State
from mfasession.stores.keyrings.keys import save_long_term_key
from mfasession.values import Role, Secret, Session
from tests.helpers import memory_keyring
from tests.helpers.patience import scaled
from tests.helpers.support import Home, key_pair, made_session, move_into

Open = Callable[..., Context]


@pytest.fixture
def opened(alices_home: Home, aws: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Open:
    """What starts a command in alice's home."""
    move_into(alices_home, monkeypatch)
    aws.forget_calls()

    def open_with(command: str = "login", *, typed: tuple[str, ...] = ("login",), **options: Any) -> Context:
        request = SessionRequest(code=Secret(options.pop("code", "")), **options)
        return Context(alices_home.environ, request.as_login(*typed) if command == "login" else request)

    return open_with


def session_of(context: Context) -> Session:
    """The session that the command gets."""
    return sessions.session(context, context.profile())


def actions(aws: Sandbox) -> list[str]:
    """What AWS was asked so far, in turn."""
    return [call.action for call in aws.calls()]


def keep(context: Context, left: int, **changes: Any) -> Session:
    """Put a session into the file that has so many seconds left."""
    profile = context.profile()
    assert profile.key is not None
    now = int(time.time())
    fields = {"key_id": profile.key.access_key_id, "mfa_serial": "", "issued": now - 36_000, "expires": now + left}
    session = made_session(**{**fields, **changes})
    context.store("file").save(profile.session_section, session)
    context.aws_files.reread()
    return session


# A code for a session


def test_one_code_one_exchange_and_it_is_kept(opened: Open, aws: Sandbox, alice: SandboxUser) -> None:
    """Whose key, which device, the exchange; and afterwards AWS is not asked again."""
    session = session_of(opened(code=alice.devices[0].code()))
    assert actions(aws) == ["GetCallerIdentity", "ListMFADevices", "GetSessionToken"]
    assert (session.identity, session.mfa_serial) == (alice.arn, alice.devices[0].serial)
    assert session_of(opened("env")) == session
    assert len(actions(aws)) == 3


def test_the_device_is_remembered_with_its_user(
    opened: Open, aws: Sandbox, alice: SandboxUser, alices_home: Home
) -> None:
    """broamski/aws-mfa#41: found once, and the next question names its user before AWS has answered."""
    session_of(opened(code=alice.devices[0].code()))
    known = State(alices_home.environ).device(alice.key.access_key_id)
    assert known == Device(serial=alice.devices[0].serial, user=alice.name)
    aws.forget_calls()
    session_of(opened(code=alice.devices[0].next_code(), force=True))
    assert actions(aws) == ["GetCallerIdentity", "GetSessionToken"]


def test_a_device_that_is_gone_is_looked_for_again(opened: Open, alice: SandboxUser, alices_home: Home) -> None:
    """A new phone: the first login says what is wrong, and the next one finds it."""
    remembered = State(alices_home.environ)
    remembered.remember_device(alice.key.access_key_id, Device(serial=alice.devices[0].serial + "-old"))
    with pytest.raises(aws_errors.DeviceRefused):
        session_of(opened(code=alice.devices[0].code()))
    assert remembered.device(alice.key.access_key_id) is None
    assert session_of(opened(code=alice.devices[0].next_code())).mfa_serial == alice.devices[0].serial


@pytest.mark.parametrize(
    ("options", "settings", "seconds"),
    [({}, "", "43200"), ({}, 'duration = "8h"', "28800"), ({"duration": 900}, 'duration = "8h"', "900")],
)
def test_the_duration(
    opened: Open,
    aws: Sandbox,
    alice: SandboxUser,
    alices_home: Home,
    options: dict[str, int],
    settings: str,
    seconds: str,
) -> None:
    """The command line's, the configuration's, twelve hours."""
    alices_home.write_settings(settings)
    session_of(opened(code=alice.devices[0].code(), **options))
    (call,) = aws.calls("GetSessionToken")
    assert call.params["DurationSeconds"] == seconds


def test_several_devices_without_a_terminal(opened: Open, aws: Sandbox, alice: SandboxUser) -> None:
    """All are named, and AWS gets no code."""
    other = alice.add_device(f"tablet-{alice.name}")
    with pytest.raises(errors.InputNeeded) as caught:
        session_of(opened(code=alice.devices[0].code(), no_input=True))
    assert caught.value.message == "profile default has 2 MFA devices and none is chosen"
    assert alice.devices[0].serial in caught.value.hint
    assert other.serial in caught.value.hint
    assert not aws.calls("GetSessionToken")
    assert session_of(opened(code=other.code(), serial=other.serial)).mfa_serial == other.serial


def test_an_invalid_serial_is_reported_before_aws_is_asked(
    opened: Open, aws: Sandbox, alice: SandboxUser, alices_home: Home
) -> None:
    """99designs/aws-vault#676: AWS itself would say only that it cannot validate."""
    key = alice.key
    alices_home.write_credentials(
        key_pair("default", key.access_key_id, key.secret_access_key.reveal()) + "mfa_serial = phone\n"
    )
    with pytest.raises(errors.ConfigurationError, match="phone is not the serial number of an MFA device"):
        session_of(opened(code=alice.devices[0].code()))
    assert actions(aws) == []


def test_a_session_that_cannot_be_kept_is_not_asked_for(
    opened: Open, aws: Sandbox, alice: SandboxUser, alices_home: Home
) -> None:
    """The code is still good afterwards."""
    alices_home.write_settings('[profiles.default]\nsession_profile = "a]b"\n')
    with pytest.raises(errors.StoreError, match="a session cannot be written"):
        session_of(opened(code=alice.devices[0].code()))
    assert actions(aws) == []
    assert not State(alices_home.environ).was_sent(alice.devices[0].serial, alice.devices[0].code())


# Roles


def write_role(home: Home, user: SandboxUser, arn: str, more: str = "") -> None:
    """Give alice's home a profile `admin` with a role."""
    home.config.write_text(f"[profile admin]\nrole_arn = {arn}\nsource_profile = default\n{more}")
    home.write_credentials(key_pair("default", user.key.access_key_id, user.key.secret_access_key.reveal()))


def test_one_code_serves_user_and_role(opened: Open, aws: Sandbox, alice: SandboxUser, alices_home: Home) -> None:
    """fwdcloudsec/granted#768: the role takes the session of its source, and both are kept."""
    role = aws.add_role(f"admin-{alice.name}", [alice.arn])
    write_role(alices_home, alice, role.arn)
    session = session_of(opened(profile="admin", code=alice.devices[0].code()))
    assert session.role_arn == role.arn
    assert session.identity.endswith(f"/{alice.name}")
    assert actions(aws) == ["GetCallerIdentity", "ListMFADevices", "GetSessionToken", "AssumeRole"]
    assert opened("env").store("file").sections() == ["default-mfa", "admin-mfa"]
    aws.forget_calls()
    assert session_of(opened("env", profile="admin")) == session
    assert session_of(opened("env")).role_arn == ""
    assert actions(aws) == []


def test_a_role_is_assumed_again_without_a_code(
    opened: Open, aws: Sandbox, alice: SandboxUser, alices_home: Home
) -> None:
    """While the session of its source lives, without a terminal at all."""
    role = aws.add_role(f"again-{alice.name}", [alice.arn])
    write_role(alices_home, alice, role.arn)
    session_of(opened(code=alice.devices[0].code()))
    context = opened("env", profile="admin", no_input=True)
    assert session_of(context).role_arn == role.arn
    assert len(aws.calls("GetSessionToken")) == 1


def test_a_longer_role_takes_a_code_of_its_own(
    opened: Open, aws: Sandbox, alice: SandboxUser, alices_home: Home
) -> None:
    """trek10inc/awsume#114: straight from the long-term key, for AWS cuts a chain to an hour."""
    role = aws.add_role(f"long-{alice.name}", [alice.arn], max_session_duration=43_200)
    write_role(alices_home, alice, role.arn, "duration_seconds = 7200\nrole_session_name = nightly\n")
    session = session_of(opened(profile="admin", code=alice.devices[0].code()))
    assert session.identity.endswith(f"assumed-role/long-{alice.name}/nightly")
    (call,) = aws.calls("AssumeRole")
    assert (call.params["DurationSeconds"], call.params["SerialNumber"]) == ("7200", alice.devices[0].serial)
    assert not aws.calls("GetSessionToken")


@pytest.mark.parametrize(
    ("configured", "identity", "name"),
    [
        ("nightly", "arn:aws:iam::123456789012:user/alice", "nightly"),
        ("", "arn:aws:iam::123456789012:user/alice", "alice"),
        ("", "arn:aws:iam::123456789012:user/team/a.b-c_d@e,f+g=h", "a.b-c_d@e,f+g=h"),
        ("", "arn:aws:sts::123456789012:assumed-role/Admin/alice", "alice"),
        ("", "arn:aws:iam::123456789012:user/a", "mfasession-"),
        ("", "arn:aws:iam::123456789012:user/" + "a" * 65, "mfasession-"),
        ("", "arn:aws:iam::123456789012:root", "mfasession-"),
        ("", "", "mfasession-"),
    ],
)
def test_the_name_of_a_role_session(configured: str, identity: str, name: str) -> None:
    """What CloudTrail shows: the configured name, else the user's where AWS takes it as one."""
    given = role_session_name(Role(arn="arn:r", session_name=configured), identity)
    assert given == name or (name == "mfasession-" and re.fullmatch(r"mfasession-\d+", given))


# No terminal


@pytest.mark.parametrize(
    ("left", "options", "what"),
    [
        (None, {}, "there is no session for profile default"),
        (-5, {}, "the session of profile default has expired"),
        (300, {}, "the session of profile default has only"),
        (300, {"force": True, "typed": ("login", "--force")}, "a new session for profile default is wanted"),
        (
            7000,
            {"min_ttl": 7200, "typed": ("login", "--min-ttl", "7200")},
            "the session of profile default has only 1 h",
        ),
    ],
)
def test_the_missing_input_is_named(opened: Open, left: int | None, options: dict[str, Any], what: str) -> None:
    """And the command that a user types for it, flags and all."""
    if left is not None:
        keep(opened(), left)
    with pytest.raises(errors.InputNeeded) as caught:
        session_of(opened(no_input=True, **options))
    assert caught.value.message.startswith(what)
    assert caught.value.message.endswith("and --no-input was given")
    assert caught.value.hint.startswith("mfasession login")
    assert ("--force" in caught.value.hint) is ("force" in options)
    assert ("--min-ttl 7200" in caught.value.hint) is ("min_ttl" in options)


def test_an_aging_session_is_served_without_a_terminal(opened: Open, aws: Sandbox) -> None:
    """Inside the margin it still does what it must, until it really expires; a `login` is there to renew it."""
    kept = keep(opened(), 300)
    for command in ("env", "exec", "process"):
        assert session_of(opened(command, no_input=True)) == kept
    for options in ({"min_ttl": 301}, {"force": True}):
        with pytest.raises(errors.InputNeeded):
            session_of(opened("exec", no_input=True, **options))
    assert actions(aws) == []


@pytest.mark.parametrize("can_ask", [True, False])
def test_a_session_of_another_process_is_taken(
    opened: Open, aws: Sandbox, alice: SandboxUser, alices_home: Home, *, can_ask: bool
) -> None:
    """ByteNess/aws-vault#337: whoever waits for the lock looks again, and spends no code."""
    waiting, made = opened("exec", code=alice.devices[0].code() if can_ask else "", no_input=True), opened()
    found: list[Session] = []
    thread = threading.Thread(target=lambda: found.append(session_of(waiting)))
    with locks.hold(renew._login_lock(made, made.profile())):
        thread.start()
        new = keep(made, 40_000)
    thread.join(timeout=scaled(30))
    assert found == [new]
    assert not aws.calls("GetSessionToken")
    assert alices_home.credentials.exists()


def test_a_program_that_says_no(opened: Open, alices_home: Home, tmp_path: Path) -> None:
    """Cancelled: the old session serves while it lives, and the same question is not asked at once again."""
    asked = tmp_path / "asked"
    alices_home.write_settings(f"code = {{ command = ['sh', '-c', 'echo x >>{asked}; kill -INT $$'] }}")
    with pytest.raises(errors.Cancelled):
        session_of(opened("env", serial="GAHT12345678"))
    kept = keep(opened(), 300)
    for _ in range(3):
        assert session_of(opened("env")) == kept
    assert asked.read_text().count("x") <= 2
    with pytest.raises(errors.Cancelled):
        session_of(opened("login"))


def test_can_ask(opened: Open, alices_home: Home) -> None:
    """A code on the command line or from a program needs no terminal; the user is never asked with --no-input."""
    context = opened(no_input=True)
    assert not Creation(context, context.profile()).can_ask()
    context = opened(no_input=True, code="123456")
    assert Creation(context, context.profile()).can_ask()
    alices_home.write_settings('code = { command = ["oathtool"] }')
    context = opened(no_input=True)
    assert Creation(context, context.profile()).can_ask()


# The long-term key and its owner


def test_the_owner_is_asked_for_once(opened: Open, aws: Sandbox, alice: SandboxUser) -> None:
    """By the thread that works while the user types and by the one that sends the code, whoever comes first."""
    context = opened()
    connection = Connection(context.environ, context.profile(), no_input=True)
    assert connection.user() == ""
    threads = [threading.Thread(target=connection.ready) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=scaled(30))
    request = connection.prepare(CodeRequest(profile="default"))
    assert (request.user, request.account, connection.user()) == (alice.name, aws.account, alice.name)
    assert actions(aws) == ["GetCallerIdentity"]


def test_a_key_in_the_keyring(opened: Open, aws: Sandbox, alice: SandboxUser, alices_home: Home) -> None:
    """No file holds it, and the login works; what the keyring does not have is reported with its fix."""
    before = keyring.get_keyring()
    keyring.set_keyring(memory_keyring.Keyring())
    try:
        alices_home.write_credentials("[default]\nregion = eu-west-1\n")
        with pytest.raises(errors.ConfigurationError) as caught:
            session_of(opened(code=alice.devices[0].code()))
        assert caught.value.message == "profile default has no long-term key"
        assert caught.value.hint == "aws configure --profile default"
        save_long_term_key("default", alice.key)
        session = session_of(opened(code=alice.devices[0].code()))
    finally:
        keyring.set_keyring(before)
    assert session.key_id == alice.key.access_key_id
    assert len(aws.calls("GetSessionToken")) == 1


def test_a_keyring_that_fails_is_a_hint_only(opened: Open, alices_home: Home) -> None:
    """Most users have their key in the file: its absence there is what is wrong first."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.fail.Keyring"))
    try:
        alices_home.write_credentials("[default]\nregion = eu-west-1\n")
        with pytest.raises(errors.ConfigurationError) as caught:
            session_of(opened(code="123456"))
    finally:
        keyring.set_keyring(before)
    assert caught.value.message == "profile default has no long-term key"
    assert caught.value.hint == "aws configure --profile default; there is no keyring here"

"""Sessions of many profiles: what is reported, and what is taken once more."""

import os
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from mfasession.profiles import Profile, resolve
from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.sessions import Context, SessionRequest, session
from mfasession.sessions.batch import Batch
from mfasession.values import Secret, Session
from tests.helpers.checks import section
from tests.helpers.patience import scaled
from tests.helpers.support import Home, move_into

if TYPE_CHECKING:
    from mfasession.errors import MfaSessionError


@pytest.fixture
def context(alices_home: Home, alice: SandboxUser, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A run in alice's home with a code at hand."""
    move_into(alices_home, monkeypatch)
    return Context(os.environ, SessionRequest(code=Secret(alice.devices[0].code())))


def test_a_role_that_waited_too_long_is_taken_again(
    context: Context, alices_home: Home, aws: Sandbox, alice: SandboxUser
) -> None:
    """Its turn comes when little is left of its session: a new one is made and kept, without a code."""
    role = aws.add_role(f"role-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    heard: SimpleQueue[tuple[Profile, Session | MfaSessionError]] = SimpleQueue()
    run = Batch(context, lambda profile, outcome: heard.put((profile, outcome)))
    admin = resolve("admin", context.aws_files, context.config)
    run.ask([admin])
    run.start()
    first = heard.get(timeout=scaled(60))[1]
    assert isinstance(first, Session)
    run.renew(admin, first)
    assert heard.get(timeout=scaled(60)) == (admin, first)
    # As if the hour were over: no session has that much left.
    context.request = context.request.replace(min_ttl=3601)
    run.renew(admin, first)
    again = heard.get(timeout=scaled(60))[1]
    assert isinstance(again, Session)
    assert again.access_key_id != first.access_key_id
    assert section(alices_home.credentials, "admin-mfa")["aws_access_key_id"] == again.access_key_id


def test_a_role_on_a_role_that_waited_too_long(
    context: Context, alices_home: Home, aws: Sandbox, alice: SandboxUser
) -> None:
    """The session that it is assumed with was kept before, and has aged as well: it serves to its end."""
    first = aws.add_role(f"first-{alice.name}", trusted=[alice.arn])
    last = aws.add_role(f"last-{alice.name}", trusted=[first.arn])
    alices_home.config.write_text(
        f"[profile first]\nrole_arn = {first.arn}\nsource_profile = default\n"
        f"[profile last]\nrole_arn = {last.arn}\nsource_profile = first\n"
    )
    profile = resolve("last", context.aws_files, context.config)
    kept = session(context, profile)
    heard: SimpleQueue[tuple[Profile, Session | MfaSessionError]] = SimpleQueue()
    run = Batch(context, lambda profile, outcome: heard.put((profile, outcome)))
    run.ask([profile])
    assert heard.get(timeout=scaled(60)) == (profile, kept)
    context.request = context.request.replace(min_ttl=3601)
    run.renew(profile, kept)
    again = heard.get(timeout=scaled(60))[1]
    assert isinstance(again, Session), again
    assert again.access_key_id != kept.access_key_id


def test_files_that_are_broken_meanwhile(context: Context, alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """They are edited while commands run: the old session is reported again, and the run goes on."""
    role = aws.add_role(f"role-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    admin = resolve("admin", context.aws_files, context.config)
    kept = session(context, admin)
    heard: SimpleQueue[tuple[Profile, Session | MfaSessionError]] = SimpleQueue()
    run = Batch(context, lambda profile, outcome: heard.put((profile, outcome)))
    alices_home.credentials.write_bytes(b"\xff\xfe\x00")
    run.renew(admin, kept)
    assert heard.get(timeout=scaled(60)) == (admin, kept)


def test_each_profile_is_reported_once(context: Context, alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """A user, a role and a role on it: from one code, whatever order they are named in."""
    first = aws.add_role(f"first-{alice.name}", trusted=[alice.arn])
    last = aws.add_role(f"last-{alice.name}", trusted=[first.arn])
    alices_home.config.write_text(
        f"[profile first]\nrole_arn = {first.arn}\nsource_profile = default\n"
        f"[profile last]\nrole_arn = {last.arn}\nsource_profile = first\n"
    )
    heard: SimpleQueue[tuple[Profile, Session | MfaSessionError]] = SimpleQueue()
    run = Batch(context, lambda profile, outcome: heard.put((profile, outcome)))
    run.ask([resolve(name, context.aws_files, context.config) for name in ("last", "default", "first")])
    run.start()
    reported = [heard.get(timeout=scaled(60)) for _ in range(3)]
    assert sorted(profile.name for profile, _ in reported) == ["default", "first", "last"]
    assert all(isinstance(outcome, Session) for _, outcome in reported)
    assert heard.empty()

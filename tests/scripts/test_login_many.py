"""`mfasession login -p a -p b`: sessions of several profiles, from one code for each key."""

import re

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, keys_of, section
from tests.helpers.support import Home

WHEN = r"until \d\d:\d\d.* \(\d+ (h|min).* left\)"


def with_roles(aws: Sandbox, user: SandboxUser, home: Home, *names: str) -> None:
    """Profiles of roles that the user may assume."""
    roles = {name: aws.add_role(f"{name}-{user.name}", trusted=[user.arn]) for name in names}
    home.config.write_text(
        "".join(f"[profile {name}]\nrole_arn = {role.arn}\nsource_profile = default\n" for name, role in roles.items())
    )


def test_one_code_for_all_roles_of_a_key(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Each session is kept, a table shows them, and the next login asks AWS nothing."""
    with_roles(aws, alice, alices_home, "prod-eu", "prod-us", "dev")
    words = ("login", "--all-matching", "prod-*", "-p", "default")
    done = alices_home.run(*words, "--code", alice.devices[0].code())
    assert (done.returncode, done.stdout) == (0, "")
    shown = rf"PROFILE  SESSION\ndefault  {WHEN}\nprod-eu  {WHEN}\nprod-us  {WHEN}\n"
    assert re.fullmatch(shown, done.stderr), done.stderr
    assert asked(aws, alice).count("GetSessionToken") == 1
    assert len(aws.calls("AssumeRole")) == 2
    assert section(alices_home.credentials, "prod-eu-mfa")["manager"] == "mfasession"
    aws.forget_calls()
    again = alices_home.run(*words)
    assert (again.returncode, again.stderr.count("until")) == (0, 3)
    assert aws.calls() == []


def test_force_replaces_every_session(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The roles' too, and the user's with a code when it is named."""
    with_roles(aws, alice, alices_home, "a", "b")
    assert alices_home.run("login", "-p", "a", "-p", "b", "--code", alice.devices[0].code()).returncode == 0
    before = {name: section(alices_home.credentials, f"{name}-mfa")["aws_access_key_id"] for name in "ab"}
    assert alices_home.run("login", "-p", "a", "-p", "b", "--force").returncode == 0
    after = {name: section(alices_home.credentials, f"{name}-mfa")["aws_access_key_id"] for name in "ab"}
    assert not set(before.values()) & set(after.values())


def test_the_first_failure_is_the_exit_code(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Others get their sessions; each reason is shown once, with its hint."""
    with_roles(aws, alice, alices_home, "good")
    role = "role_arn = arn:aws:iam::123456789012:role/no-such\nsource_profile = default\n"
    with alices_home.config.open("a") as file:
        file.write(f"[profile bad]\n{role}[profile worse]\n{role}")
    words = ("login", "-p", "wrok", "-p", "bad", "-p", "worse", "-p", "good", "--code", alice.devices[0].code())
    done = alices_home.run(*words)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(complaint("wrok: there is no profile wrok", "profiles: good, bad, worse, default"))
    table = done.stderr[done.stderr.index("PROFILE") :].splitlines()
    assert [line.split()[:2] for line in table] == [
        ["PROFILE", "SESSION"],
        ["wrok", "failed"],
        ["bad", "failed"],
        ["worse", "failed"],
        ["good", "until"],
    ]
    assert alices_home.run("login", "-p", "bad", "-p", "good").returncode == 4


def test_one_code_is_not_for_two_keys(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Nor one device; nothing is sent."""
    bob = aws.add_user("bob")
    with alices_home.credentials.open("a") as file:
        file.write("\n" + keys_of(bob, "bob"))
    done = alices_home.run("login", "-p", "default", "-p", "bob", "--code", alice.devices[0].code())
    hint = "one after the other: mfasession login -p NAME"
    assert done.returncode == 2
    assert done.stderr == complaint("these profiles need 2 codes, and --code gives one", hint)
    done = alices_home.run("login", "-p", "default", "-p", "bob", "--serial", alice.devices[0].serial)
    assert done.returncode == 2
    assert done.stderr.startswith("mfasession: --serial is for one profile\n")
    assert asked(aws, alice) == asked(aws, bob) == []


def test_without_a_terminal(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Exit code 6 for each key, with the reason."""
    with_roles(aws, alice, alices_home, "a")
    done = alices_home.run("login", "-p", "a", "-p", "default")
    assert (done.returncode, done.stdout) == (6, "")
    assert re.search(r"^a +failed\ndefault +failed\n\Z", done.stderr, re.MULTILINE)


def test_no_profile_matches(alices_home: Home) -> None:
    """Reported as `exec` does."""
    done = alices_home.run("login", "--all-matching", "x*")
    assert done.returncode == 3
    assert done.stderr == complaint("no profile matches x*", "put it in quotes, as in --all-matching 'prod-*'")

"""What the commands that ask AWS for a session cost, in instructions: the same on a busy machine."""

import sys

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import log_in
from tests.helpers.support import MFASESSION, Home
from tests.scripts.test_instructions import instructions
from tests.scripts.test_roles import profile

LOGIN, RENEWAL, ROLES = 12.0, 7.2, 10.6
"""The most instructions, as a multiple of those of `python -c pass`: a login with a given code, one role, 24 roles.

Each of the 24 takes 2.7 million, a fifteenth of a bare start; most of the rest are imports. Threads that wait for one
another make it vary by a few hundredths.
"""


@pytest.fixture
def counted_home(alices_home: Home) -> Home:
    """Neither this machine's locale nor what CI sets, and the same order of every set and dictionary."""
    kept = ("PATH", "HOME", "SHELL", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION")
    alices_home.environ = {name: alices_home.environ[name] for name in kept if name in alices_home.environ}
    alices_home.environ |= {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
    return alices_home


def test_a_login_and_the_renewal_of_a_role_keep_their_budgets(
    aws: Sandbox, counted_home: Home, alice: SandboxUser
) -> None:
    """Scripts and programs wait for them."""
    home = counted_home
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n{profile('admin', role.arn)}")
    bare = instructions(home, sys.executable, "-c", "pass")
    login = instructions(home, sys.executable, MFASESSION, "login", "--code", alice.devices[0].code())
    renewal = instructions(home, sys.executable, MFASESSION, "process", "-p", "admin")
    assert (login / bare <= LOGIN, renewal / bare <= RENEWAL) == (True, True), (login / bare, renewal / bare)


def test_many_roles_keep_their_budget(aws: Sandbox, counted_home: Home, alice: SandboxUser) -> None:
    """What is imported and connected serves all of them; each one has a request, a section and a program."""
    home = counted_home
    roles = [aws.add_role(f"r{number}-{alice.name}", trusted=[alice.arn]) for number in range(24)]
    home.config.write_text("".join(profile(f"r{number}", role.arn) for number, role in enumerate(roles)))
    log_in(home, alice.devices[0])
    bare = instructions(home, sys.executable, "-c", "pass")
    ours = instructions(home, sys.executable, MFASESSION, "exec", "--all-matching", "r*", "--", "true")
    assert ours / bare <= ROLES, ours / bare

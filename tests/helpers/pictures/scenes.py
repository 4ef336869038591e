"""What each picture shows: the runs behind it, and its words for screen readers."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.timestamps import show
from tests.helpers.auditing import PASSWORD
from tests.helpers.checks import keys_of, log_in
from tests.helpers.patience import wait_for
from tests.helpers.pictures.recorder import recorded
from tests.helpers.pictures.svg import Picture
from tests.helpers.sandbox_clients import client
from tests.helpers.seat import CLOCK
from tests.helpers.support import Home, session_section

CLOCK_VARIABLES = ("PYTHONPATH", "PICTURES_CLOCK", "TZ")
DAY = 24 * 3600
USERS = (
    ("bob", 30, (ALLOW_ALL,)),
    ("carol", 60, (ALLOW_ALL,)),
    ("dave", 120, (ALLOW_ALL,)),
    ("deploy", 10, (ALLOW_ALL, DENY_ALL_WITHOUT_MFA)),
    ("erin", 200, (ALLOW_ALL,)),
    ("frank", 400, (ALLOW_ALL,)),
)
"""Users of the audited account, the days since their key was made, and their own policies."""
WIDE, NARROW = 91, 64
"""Columns at which a terminal breaks the long lines of these runs between words."""


def day(aws: Sandbox, folder: Path) -> Picture:
    """A refused call, a login, and the session around a command and in the shell."""
    client(aws, "s3", aws.root_key()).create_bucket(Bucket="team-reports")
    alice = aws.add_user("alice")
    phone = alice.add_device("phone")
    home = home_of(alice, aws, folder)
    with recorded(home, columns=WIDE, rows=24) as recorder:
        recorder.run("aws s3 ls", 3.0)
        recorder.type("mfasession login")
        # The code has half a minute left: the picture shows no other one.
        wait_for(lambda: time.time() % 30 < 5)
        recorder.enter()
        recorder.see(CLOCK)
        recorder.keep(1.5)
        recorder.type(phone.code())
        recorder.enter()
        recorder.end(3.0)
        recorder.run("mfasession exec -- aws s3 ls")
        recorder.run('eval "$(mfasession env)"', 1.0)
        recorder.run("aws s3 ls")
        recorder.run("mfasession status", 7.0)
    return Picture(
        recorder.frames,
        WIDE,
        "A morning with mfasession in a terminal",
        "AWS refuses aws s3 ls with an explicit deny. mfasession login asks for a code of the MFA device and makes a"
        " session of 12 hours. mfasession exec -- aws s3 ls then lists the bucket team-reports, and so does aws s3 ls"
        " after eval of mfasession env. mfasession status shows the session and a bar of the time left.",
    )


def status(_aws: Sandbox, folder: Path) -> Picture:
    """Sessions with hours and minutes left, and one that has ended."""
    home = Home(folder, {name: os.environ[name] for name in CLOCK_VARIABLES})
    sessions = {
        "default": ("user/alice", "123456789012", 12, 41000),
        "prod": ("assumed-role/admin/alice", "210987654321", 1, 2540),
        "staging": ("assumed-role/deploy/alice", "345678901234", 1, 430),
        "audit": ("assumed-role/read-only/alice", "210987654321", 1, -1200),
    }
    now = int(time.time())
    home.write_credentials(
        "".join(
            session_section(
                f"{name}-mfa",
                show(now + left),
                extra=f"mfasession_identity = arn:aws:{'sts' if 'role' in identity else 'iam'}::{account}:{identity}\n"
                f"mfasession_issued = {show(now + left - hours * 3600)}\n",
            )
            for name, (identity, account, hours, left) in sessions.items()
        )
    )
    with recorded(home, columns=94, rows=8) as recorder:
        recorder.run("mfasession status")
    return Picture(
        recorder.frames[-1:],
        94,
        "The output of mfasession status",
        "A table of four sessions: profile, identity, store, the time until which it is valid, and a bar. default has"
        " 11 h 23 min left, in green; prod 42 min, in yellow; staging 7 min, in red; audit expired 20 min ago.",
    )


def enroll(aws: Sandbox, folder: Path) -> Picture:
    """The QR code of a new device, and the question for the first code."""
    home = home_of(aws.add_user("alice"), aws, folder)
    home.environ["PYTHON_KEYRING_BACKEND"] = "tests.helpers.memory_keyring.Keyring"
    with recorded(home, columns=NARROW, rows=34) as recorder:
        recorder.type("mfasession mfa enroll")
        recorder.enter()
        recorder.see("first code of device")
        recorder.keep(1.0)
    return Picture(
        recorder.frames[-1:],
        NARROW,
        "mfasession mfa enroll, waiting for the first code",
        "The device alice was created for alice in 123456789012. Below that are a QR code, black on white, and the"
        " question for the first code of the device.",
    )


def audit(aws: Sandbox, folder: Path) -> Path:
    """The auditor's page: five users are covered, two are not, and three keys are old."""
    alice = aws.add_user("alice", (ALLOW_ALL,))
    phone = alice.add_device("phone")
    iam = client(aws, "iam", aws.root_key())
    iam.create_group(GroupName="staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn=aws.add_policy("mfa-required", DENY_ALL_WITHOUT_MFA))
    for name, days, policies in USERS:
        user = aws.add_user(name, policies)
        if name != "frank":
            user.add_device(name)
        user.age_key(user.key.access_key_id, days * DAY)
    for name in ("alice", "bob", "carol", "dave"):
        iam.add_user_to_group(GroupName="staff", UserName=name)
    iam.create_login_profile(UserName="frank", Password=PASSWORD)
    home = home_of(alice, aws, folder)
    log_in(home, phone)
    done = home.run("policy", "audit", "--format", "html", "--output", "report.html")
    assert done.returncode == 1, done.stderr
    return folder / "report.html"


def home_of(user: SandboxUser, aws: Sandbox, folder: Path) -> Home:
    """The user's home: the key pair in `[default]`, the sandbox as AWS, and the clock of the pictures."""
    clock = {name: os.environ[name] for name in CLOCK_VARIABLES}
    home = Home(folder, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1", **clock})
    home.write_credentials(keys_of(user))
    return home


TERMINALS: Mapping[str, Callable[[Sandbox, Path], Picture]] = {"day": day, "status": status, "enroll": enroll}
PAGES: Mapping[str, Callable[[Sandbox, Path], Path]] = {"audit": audit}
"""The scenes by the names of their files: of a terminal, and of a page in a browser."""

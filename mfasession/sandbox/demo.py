"""`mfasession demo`: a day with the rule, played with real commands against its own sandbox."""

import os
import shutil
import sys
import time
from pathlib import Path

from mfasession import installation
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.messages import complain
from mfasession.sandbox import Sandbox
from mfasession.sandbox.demo_terminal import CONTROL_C, Answer, DemoTerminal
from mfasession.sandbox.run import DEVICE, USER, child, environ
from mfasession.server import run_folder

SHORT_LIFE = 15
"""Seconds until the end of the session that the tour waits for."""
SHORTEST_SESSION = 900
"""Seconds of GetSessionToken's shortest session (STS API reference)."""
AWS_SAYS_NO = (254, 255)
"""Exit codes of the AWS CLI 2 and 1 when AWS refuses (AWS CLI User Guide, "Command line return codes")."""
CREDENTIALS = "~/.aws/credentials"
COMMENT = "# my only key: every byte of this file is precious\n"


def play() -> int:
    """Play the tour on stdout; return 0 when each command did what it should, 1 at the first that did not.

    Raises ConfigurationError when a program for the tour is missing.
    """
    started = time.monotonic()
    with run_folder.made(os.environ, run_folder.DEMO) as folder, Sandbox() as aws:
        terminal = DemoTerminal(_environ(aws, Path(folder.path)), aws.users[0].devices[0])
        try:
            _refused(terminal)
            _morning(terminal)
            _work(terminal)
            _mistakes(terminal, aws)
            _evening(terminal, aws)
            _end(terminal)
        except MfaSessionError as failure:
            sys.stdout.write("\n")
            complain(f"the tour stops here: {failure.message}", failure.hint)
            return 1
    sys.stdout.write(
        f"\
All {terminal.commands} commands did what they should, in {time.monotonic() - started:.0f} s, and nothing"
        " is left behind.\nTo play with it yourself: mfasession sandbox -- bash\n"
    )
    return 0


def _environ(aws: Sandbox, folder: Path) -> dict[str, str]:
    # The device is older than the time by which the tour turns the clock back.
    aws.clock.move(-2 * SHORTEST_SESSION)
    aws.add_user(USER).add_device(DEVICE)
    aws.clock.move(2 * SHORTEST_SESSION)
    ours = {**environ(aws, folder), "HOME": str(folder), "SHELL": "/bin/bash"}
    # The console script of this installation, and the AWS CLI beside it.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    for program, hint in (("bash", "install bash"), ("aws", installation.program("awscli"))):
        if shutil.which(program, path=path) is None:
            raise ConfigurationError(f"the tour needs the program {program}", hint)
    credentials = folder / ".aws" / "credentials"
    credentials.write_text(COMMENT + credentials.read_text())
    return child({**os.environ, "PATH": path}, ours)


def _refused(terminal: DemoTerminal) -> None:
    terminal.explain(
        f"This AWS runs on this computer and enforces MFA. You are {USER}; you have a key pair and a phone."
    )
    terminal.run(f"cp {CREDENTIALS} before; aws s3 ls", shows="AccessDenied.*explicit deny", exits=AWS_SAYS_NO)


def _morning(terminal: DemoTerminal) -> None:
    terminal.explain("The key can do one thing: get a session, with a code from the phone.")
    code = terminal.code()
    terminal.run(
        "mfasession login",
        shows=r"MFA code for alice in 123456789012 \(device phone\)[\s\S]*session for default until .* \(12 h left\)",
        typing=[Answer(keys=f"{code}\r")],
    )
    terminal.explain("From now on it does not ask again.")
    terminal.run("mfasession login", shows="session for default until")


def _work(terminal: DemoTerminal) -> None:
    terminal.explain("Run a command with the session: the AWS CLI, boto3, anything.")
    terminal.run("mfasession exec -- aws s3 mb s3://team-reports", shows="make_bucket: team-reports")
    terminal.run("mfasession exec -- aws s3 ls", shows="team-reports")
    terminal.run(
        "mfasession exec -- python3 -c "
        '\'import boto3; print([each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]])\'',
        shows=r"\['team-reports'\]",
    )
    terminal.explain("Or use the session in this shell.")
    terminal.run('eval "$(mfasession env)" && aws s3 ls && env | grep -c ^AWS_', shows=r"team-reports\s+\d+")
    terminal.explain(
        "Or without mfasession: the session is in the credentials file, and the rest of the file is unchanged."
    )
    terminal.run("AWS_PROFILE=default-mfa aws sts get-caller-identity --output text", shows=f"user/{USER}")
    terminal.run(
        f"head -n $(wc -l < before) {CREDENTIALS} | cmp - before && echo not a byte changed", shows="not a byte"
    )
    terminal.run("mfasession status", shows=rf"default\s+{USER} in 123456789012\s[\s\S]*file")


def _mistakes(terminal: DemoTerminal, aws: Sandbox) -> None:
    terminal.explain("AWS refuses a code that was used already. These are its own words:")
    serial = aws.users[0].devices[0].serial
    terminal.run(
        f"aws sts get-session-token --serial-number {serial} --token-code {terminal.used_code()}",
        shows="MultiFactorAuthentication failed with invalid MFA one time pass code",
        exits=AWS_SAYS_NO,
    )
    terminal.explain("These are ours: a wrong code; the used one, which is not sent; ctrl-C, and nothing changes.")
    terminal.run(
        "mfasession login --force",
        shows="AWS refused that code: it is wrong[\\s\\S]*that code was sent to AWS before[\\s\\S]*interrupted",
        exits=(130,),
        typing=[
            Answer(keys=f"{terminal.wrong_code()}\r"),
            Answer(keys=f"{terminal.used_code()}\r"),
            Answer(keys=CONTROL_C),
        ],
    )
    terminal.run("mfasession login", shows="session for default until")


def _evening(terminal: DemoTerminal, aws: Sandbox) -> None:
    terminal.explain(
        f"It is evening: AWS's clock goes back, so that a session of 15 minutes ends in {SHORT_LIFE} seconds."
    )
    back = SHORTEST_SESSION - SHORT_LIFE
    aws.clock.move(-back, clients_follow=True)
    code = terminal.code()
    terminal.run("mfasession login --force --duration 15m", shows="until .* s left", typing=[Answer(keys=f"{code}\r")])
    ends = time.monotonic() + SHORT_LIFE + 1
    aws.clock.move(back)
    terminal.run("mfasession status", shows=r"\d+ s left")
    terminal.wait_until(ends)
    terminal.run("AWS_PROFILE=default-mfa aws s3 ls", shows="ExpiredToken", exits=AWS_SAYS_NO)
    terminal.explain("A script without a terminal fails at once and prints what to do.")
    terminal.run(
        "mfasession exec --no-input -- aws s3 ls", shows="has expired[\\s\\S]*hint: mfasession login", exits=(6,)
    )
    terminal.explain("With a terminal, it asks and goes on.")
    code = terminal.code()
    terminal.run("mfasession exec -- aws s3 ls", shows="team-reports", typing=[Answer(keys=f"{code}\r")])


def _end(terminal: DemoTerminal) -> None:
    terminal.explain("Home. Log out: the credentials file is the same as this morning.")
    terminal.run("mfasession logout", shows=r"forgot default-mfa \(file\)")
    terminal.run(f"cmp before {CREDENTIALS} && echo not a byte changed", shows="not a byte changed")

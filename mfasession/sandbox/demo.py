"""`mfasession demo`: a day with the rule, told by real commands against a sandbox of its own."""

import os
import shutil
import sys
import time
from pathlib import Path

from mfasession import installation
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.messages import complain
from mfasession.sandbox import Sandbox
from mfasession.sandbox.demo_terminal import CONTROL_C, Answer, Stage
from mfasession.sandbox.run import DEVICE, USER, child, environ
from mfasession.server import run_folder

SHORT_LIFE = 15
"""Seconds that the session lives whose end the tour waits for."""
SHORTEST_SESSION = 900
"""Seconds of GetSessionToken's shortest session (STS API reference)."""
AWS_SAYS_NO = (254, 255)
"""Exit codes of the AWS CLI 2 and 1 when AWS refuses (AWS CLI User Guide, "Command line return codes")."""
CREDENTIALS = "~/.aws/credentials"
COMMENT = "# my only key: every byte of this file is precious\n"


def play() -> int:
    """Play the tour on stdout; 0 when each command did what it should, 1 at the first that did not.

    Raises ConfigurationError when a program is missing that the tour runs.
    """
    started = time.monotonic()
    with run_folder.made(os.environ, run_folder.DEMO) as folder, Sandbox() as aws:
        stage = Stage(_environ(aws, Path(folder.path)), aws.users[0].devices[0])
        try:
            _refused(stage)
            _morning(stage)
            _work(stage)
            _mistakes(stage, aws)
            _evening(stage, aws)
            _end(stage)
        except MfaSessionError as failure:
            sys.stdout.write("\n")
            complain(f"the tour stops here: {failure.message}", failure.hint)
            return 1
    sys.stdout.write(
        f"\nEach of {stage.commands} commands did what it should, in {time.monotonic() - started:.0f} s, and nothing is"
        " left behind.\nTo play with it yourself: mfasession sandbox -- bash\n"
    )
    return 0


def _environ(aws: Sandbox, folder: Path) -> dict[str, str]:
    # She has had her phone for longer than the tour turns the clock back.
    aws.clock.move(-2 * SHORTEST_SESSION)
    aws.add_user(USER).add_device(DEVICE)
    aws.clock.move(2 * SHORTEST_SESSION)
    ours = {**environ(aws, folder), "HOME": str(folder), "SHELL": "/bin/bash"}
    # The console script of this very installation, and the AWS CLI beside it.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    for program, hint in (("bash", "install bash"), ("aws", installation.program("awscli"))):
        if shutil.which(program, path=path) is None:
            raise ConfigurationError(f"the tour needs the program {program}", hint)
    credentials = folder / ".aws" / "credentials"
    credentials.write_text(COMMENT + credentials.read_text())
    return child({**os.environ, "PATH": path}, ours)


def _refused(stage: Stage) -> None:
    stage.tell(f"An AWS that refuses listens on this computer. You are {USER}; all you have is a key pair and a phone.")
    stage.run(f"cp {CREDENTIALS} before; aws s3 ls", shows="AccessDenied.*explicit deny", exits=AWS_SAYS_NO)


def _morning(stage: Stage) -> None:
    stage.tell("The key is good for one thing: a session, with a code from the phone.")
    code = stage.code()
    stage.run(
        "mfasession login",
        shows=r"MFA code for alice in 123456789012 \(device phone\)[\s\S]*session for default until .* \(12 h left\)",
        typing=[Answer(keys=f"{code}\r")],
    )
    stage.tell("From now on it does not ask again.")
    stage.run("mfasession login", shows="session for default until")


def _work(stage: Stage) -> None:
    stage.tell("Around a command: the AWS CLI, boto3, anything.")
    stage.run("mfasession exec -- aws s3 mb s3://team-reports", shows="make_bucket: team-reports")
    stage.run("mfasession exec -- aws s3 ls", shows="team-reports")
    stage.run(
        "mfasession exec -- python3 -c "
        '\'import boto3; print([each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]])\'',
        shows=r"\['team-reports'\]",
    )
    stage.tell("Or in this shell.")
    stage.run('eval "$(mfasession env)" && aws s3 ls && env | grep -c ^AWS_', shows=r"team-reports\s+\d+")
    stage.tell(
        "Or without us: the session is a section of the credentials file, and the rest of the file is untouched."
    )
    stage.run("AWS_PROFILE=default-mfa aws sts get-caller-identity --output text", shows=f"user/{USER}")
    stage.run(f"head -n $(wc -l < before) {CREDENTIALS} | cmp - before && echo not a byte changed", shows="not a byte")
    stage.run("mfasession status", shows=rf"default\s+{USER} in 123456789012\s[\s\S]*file")


def _mistakes(stage: Stage, aws: Sandbox) -> None:
    stage.tell("A code that was used already is refused by AWS. These are its own words:")
    serial = aws.users[0].devices[0].serial
    stage.run(
        f"aws sts get-session-token --serial-number {serial} --token-code {stage.used_code()}",
        shows="MultiFactorAuthentication failed with invalid MFA one time pass code",
        exits=AWS_SAYS_NO,
    )
    stage.tell("And ours. First a wrong code, then the used one, which is not even sent; then ctrl-C: nothing changes.")
    stage.run(
        "mfasession login --force",
        shows="AWS refused that code: it is wrong[\\s\\S]*that code was sent to AWS before[\\s\\S]*interrupted",
        exits=(130,),
        typing=[
            Answer(keys=f"{stage.wrong_code()}\r"),
            Answer(keys=f"{stage.used_code()}\r"),
            Answer(keys=CONTROL_C),
        ],
    )
    stage.run("mfasession login", shows="session for default until")


def _evening(stage: Stage, aws: Sandbox) -> None:
    stage.tell(
        f"Evening comes quickly: AWS's clock goes back, and a session of 15 minutes ends in {SHORT_LIFE} seconds."
    )
    back = SHORTEST_SESSION - SHORT_LIFE
    aws.clock.move(-back, clients_follow=True)
    code = stage.code()
    stage.run("mfasession login --force --duration 15m", shows="until .* s left", typing=[Answer(keys=f"{code}\r")])
    ends = time.monotonic() + SHORT_LIFE + 1
    aws.clock.move(back)
    stage.run("mfasession status", shows=r"\d+ s left")
    stage.wait_until(ends)
    stage.run("AWS_PROFILE=default-mfa aws s3 ls", shows="ExpiredToken", exits=AWS_SAYS_NO)
    stage.tell("A script without anybody to ask fails at once, and says what to do.")
    stage.run("mfasession exec --no-input -- aws s3 ls", shows="has expired[\\s\\S]*hint: mfasession login", exits=(6,))
    stage.tell("With you there, it asks and goes on.")
    code = stage.code()
    stage.run("mfasession exec -- aws s3 ls", shows="team-reports", typing=[Answer(keys=f"{code}\r")])


def _end(stage: Stage) -> None:
    stage.tell("Home. The session is forgotten, and the credentials file is what it was this morning.")
    stage.run("mfasession logout", shows=r"forgot default-mfa \(file\)")
    stage.run(f"cmp before {CREDENTIALS} && echo not a byte changed", shows="not a byte changed")

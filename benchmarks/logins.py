"""A login: from the last digit to the prompt of the shell, on a terminal, against the sandbox."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pexpect

from benchmarks import people, rivals
from benchmarks.interleaved import Failed, pinned, weighed
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.support import MFASESSION, Home
from tests.helpers.window import Window

ROUNDS = int(os.environ.get("LOGINS", "15"))
UNTIMED = 2
"""Rounds before those that count: files are read and compiled, and the memory is weighed."""


class Program(NamedTuple):
    """What is started, what stands on the terminal when it wants the code, and the home that it needs."""

    name: str
    words: Sequence[str]
    question: str
    home_of: Callable[[Path, Sandbox, SandboxUser], Home] = people.home_of


PROGRAMS = (
    Program("`mfasession login`", [MFASESSION, "login"], r"this code lives"),
    Program("`awsume default`", [rivals.AWSUME, "default"], r"Enter MFA token"),
    Program(
        "`aws-mfa --profile default`",
        [rivals.AWS_MFA, "--profile", "default"],
        r"Enter AWS MFA code",
        people.aws_mfa_home_of,
    ),
    Program(
        "`aws-vault exec default -- true`",
        [str(rivals.VAULT), "--prompt=terminal", "exec", "default", "--", "true"],
        r"Enter MFA code",
        people.vault_home_of,
    ),
)


class Taken:
    """What a program took so far: seconds, KiB at most, or why it failed."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.peak = 0
        self.failure = ""


def table(folder: Path) -> Measured:
    """Measure each program in turn."""
    taken = {program.name: Taken() for program in PROGRAMS}
    with Sandbox() as aws, pinned():
        for number in range(ROUNDS + UNTIMED):
            for place, program in enumerate(PROGRAMS):
                so_far = taken[program.name]
                if so_far.failure:
                    continue
                user = people.user_of(aws, f"user{number}-{place}")
                try:
                    _measure(program, so_far, program.home_of(folder / user.name, aws, user), user, number)
                except Failed as error:
                    so_far.failure = f"{program.name}: {error}"
        call = _call(aws)
    return _table(call, taken)


def _measure(program: Program, so_far: Taken, home: Home, user: SandboxUser, number: int) -> None:
    if number >= UNTIMED:
        so_far.seconds.append(_once(home, user, program.words, program.question))
        return
    with weighed(program.words) as (words, weight):
        _once(home, user, words, program.question)
        so_far.peak = int(weight.read_text())


def _table(call: float, taken: dict[str, Taken]) -> Measured:
    ours = taken[PROGRAMS[0].name]
    if ours.failure:
        raise Failed(ours.failure)
    median = statistics.median(ours.seconds)
    figures = {"login ms": median * 1000, "login MiB": ours.peak / 1024}
    rows = [("`sts.get_session_token` alone, of a client that is ready", "", f"{call * 1000:.0f}", "", "")]
    for name, each in taken.items():
        if each.failure:
            rows.append((name, "failed", "", "", ""))
            continue
        own, least = statistics.median(each.seconds), min(each.seconds)
        rows.append(
            (name, f"{least * 1000:.0f}", f"{own * 1000:.0f}", f"{own / median:.2f}", f"{each.peak / 1024:.0f}")
        )
    head = ["from the last digit to the prompt", "minimum ms", "median ms", "times ours", "peak MiB"]
    return Measured(as_table(head, rows), figures, [each.failure for each in taken.values() if each.failure])


def _once(home: Home, user: SandboxUser, words: Sequence[str], question: str) -> float:
    try:
        window = Window(words, home.folder, home.environ, columns=100, patience=60)
        window.see(question)
        time.sleep(1.0)  # a user takes longer than that, and whatever is made ready meanwhile is ready then
        began = time.perf_counter()
        window.type(user.devices[0].code() + "\r")
        window.tty.expect(pexpect.EOF)
        took = time.perf_counter() - began
        window.close()
    except pexpect.ExceptionPexpect as error:
        raise Failed(str(error).partition("\n")[0]) from error
    if window.tty.exitstatus:
        raise Failed(f"it ended with {window.tty.exitstatus}: {window.seen[-200:]}")
    return took


def _call(aws: Sandbox) -> float:
    """Return the seconds of the call itself: what no client can save."""
    import boto3

    times = []
    for number in range(ROUNDS):
        user = people.user_of(aws, f"bare{number}")
        device = user.devices[0]
        secret = user.key.secret_access_key.reveal()
        session = boto3.Session(user.key.access_key_id, secret, region_name="eu-west-1")
        sts = session.client("sts", endpoint_url=aws.url)
        sts.get_caller_identity()
        began = time.perf_counter()
        sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())
        times.append(time.perf_counter() - began)
    return statistics.median(times)

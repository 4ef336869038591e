"""A login: from the last digit to the prompt of the shell, on a terminal, against the sandbox."""

import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pexpect

from benchmarks import tables
from benchmarks.rivals import PYTHON
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.support import MFASESSION, Home, key_pair
from tests.helpers.window import Window

ROUNDS = int(os.environ.get("LOGINS", "15"))
PROGRAMS = {
    "`mfasession login`": ([MFASESSION, "login"], r"this code lives"),
    "`awsume`": ([str(PYTHON / "awsumepy"), "default"], r"Enter MFA token"),
    "`aws-mfa`": ([str(PYTHON / "aws-mfa"), "--profile", "default"], r"Enter AWS MFA code"),
}
"""What is started, and what stands on the terminal when it wants the code."""
UNTIMED = 2
"""Rounds before those that count: files are read and compiled, and the memory is weighed."""
WEIGHED = """
import os, sys
pid = os.fork()
if not pid:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a command and writes down the peak of its memory in KiB."""


def table(folder: Path) -> str:
    """Measure each program in turn; every login is another user's, for a code is good once."""
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    peaks: dict[str, float] = {}
    with Sandbox() as aws:
        for number in range(ROUNDS + UNTIMED):
            for name, (words, question) in PROGRAMS.items():
                user = aws.add_user(f"user{number}-{name.strip('`').split()[0]}")
                user.add_device(user.name)
                home = _home(folder / user.name, aws, user)
                if number < UNTIMED:
                    weight = home.folder / "peak"
                    _once(home, user, [sys.executable, "-I", "-S", "-c", WEIGHED, str(weight), *words], question)
                    peaks[name] = int(weight.read_text()) / 1024
                else:
                    taken[name].append(_once(home, user, words, question))
        asked = _exchange(aws)
    ours = statistics.median(taken["`mfasession login`"])
    rows = [("GetSessionToken alone, by a client that is ready", f"{asked * 1000:.0f}", f"{asked / ours:.2f}", "")]
    for name, times in taken.items():
        median = statistics.median(times)
        rows.append((name, f"{median * 1000:.0f}", f"{median / ours:.2f}", f"{peaks[name]:.0f}"))
    return tables.table(["from the last digit to the prompt", "ms", "times ours", "peak MiB"], rows)


def _home(folder: Path, aws: Sandbox, user: SandboxUser) -> Home:
    home = Home(folder, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
    secret, serial = user.key.secret_access_key.reveal(), user.devices[0].serial
    pairs = [key_pair(section, user.key.access_key_id, secret) for section in ("default", "default-long-term")]
    home.write_credentials("".join(f"{pair}aws_mfa_device = {serial}\n" for pair in pairs))
    home.config.write_text(f"[default]\nregion = eu-west-1\nmfa_serial = {serial}\n")
    return home


def _once(home: Home, user: SandboxUser, words: Sequence[str], question: str) -> float:
    window = Window(words, home.folder, home.environ, columns=100, patience=60)
    window.see(question)
    time.sleep(1.0)  # a user takes longer than that, and whatever is made ready meanwhile is ready then
    began = time.perf_counter()
    window.type(user.devices[0].code() + "\r")
    window.tty.expect(pexpect.EOF)
    took = time.perf_counter() - began
    window.close()
    if window.tty.exitstatus:
        raise SystemExit(f"{words} ended with {window.tty.exitstatus}: {window.seen}")
    return took


def _exchange(aws: Sandbox) -> float:
    """Return the seconds of the call itself: what no client can save."""
    import boto3

    times = []
    for number in range(ROUNDS):
        user = aws.add_user(f"bare{number}")
        device = user.add_device(user.name)
        secret = user.key.secret_access_key.reveal()
        session = boto3.Session(user.key.access_key_id, secret, region_name="eu-west-1")
        sts = session.client("sts", endpoint_url=aws.url)
        sts.get_caller_identity()
        began = time.perf_counter()
        sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())
        times.append(time.perf_counter() - began)
    return statistics.median(times)

"""What asks AWS without a terminal: a login with a code at hand, a role's renewal, a session in a program."""

import os
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import people, rivals
from benchmarks.interleaved import Failed, pinned, timed, weigh
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.support import MFASESSION, Home

ROUNDS = int(os.environ.get("SCRIPTS", "15"))
WARM, WEIGHED = 2, 3
"""Rounds that are not timed: files are read and compiled; and those after them whose memory is weighed."""
OF_BOTO3 = "import boto3; boto3.Session().get_credentials().get_frozen_credentials()"
OF_OURS = "import mfasession; mfasession.session().get_credentials().get_frozen_credentials()"


@dataclass
class Run:
    """One command of one round: words, home, stdin."""

    words: Sequence[str]
    home: Home
    stdin: str = ""


@dataclass
class Row:
    """A command; how it is prepared for each round; what it took in seconds and KiB, or why it failed."""

    name: str
    prepare: Callable[[int], Run]
    seconds: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    failure: str = ""


def table(folder: Path) -> Measured:
    """Measure each command in turn, all against one sandbox."""
    with Sandbox() as aws, pinned():
        rows = [*_logins(folder, aws), *_renewals(folder, aws), *_sessions(folder, aws)]
        for number in range(WARM + ROUNDS + WEIGHED):
            for row in rows:
                if not row.failure:
                    _once(row, number)
    figures: dict[str, float] = {}
    shown = []
    for row in rows:
        if row.failure:
            shown.append((row.name, "failed", "", ""))
            continue
        median, peak = statistics.median(row.seconds) * 1000, statistics.median(row.peaks) / 1024
        short = row.name.partition("`, ")[0].strip("`").removeprefix("mfasession ").removeprefix("mfasession.")
        figures |= {f"{short} ms": median, f"{short} MiB": peak}
        shown.append((row.name, f"{min(row.seconds) * 1000:.0f}", f"{median:.0f}", f"{peak:.0f}"))
    text = as_table(["command", "minimum ms", "median ms", "peak MiB"], shown)
    return Measured(text, figures, [row.failure for row in rows if row.failure])


def _once(row: Row, number: int) -> None:
    try:
        run = row.prepare(number)
        if number < WARM + ROUNDS:
            took = timed(run.words, run.home.environ, run.stdin)
            row.seconds += [took] * (number >= WARM)
        else:
            row.peaks.append(weigh(run.words, run.home.environ, run.stdin))
    except Failed as error:
        row.failure = str(error)


def _logins(folder: Path, aws: Sandbox) -> list[Row]:
    """Each login is another user's: a code is good once."""

    def login(
        name: str,
        words: Sequence[str],
        home_of: Callable[[Path, Sandbox, SandboxUser], Home] = people.home_of,
        *,
        on_stdin: bool = False,
    ) -> Row:
        def prepare(number: int) -> Run:
            user = people.user_of(aws, f"{Path(words[0]).name}-{number}")
            device = user.devices[0]
            given = [each.format(code=device.code(), serial=device.serial) for each in words]
            return Run(given, home_of(folder / user.name, aws, user), device.code() if on_stdin else "")

        return Row(name, prepare)

    vault = [str(rivals.VAULT), "exec", "--mfa-token", "{code}", "default", "--", "true"]
    rows = [
        login("`mfasession login --code -`", [MFASESSION, "login", "--code", "-"], on_stdin=True),
        login("`awsume default --mfa-token CODE`", [rivals.AWSUME, "default", "--mfa-token", "{code}"]),
        login("`aws-vault exec --mfa-token CODE default -- true`", vault, people.vault_home_of),
    ]
    if rivals.AWS_CLI:
        # Only newer versions read AWS_ENDPOINT_URL.
        asked = ["sts", "get-session-token", "--serial-number", "{serial}", "--token-code", "{code}"]
        asked += ["--endpoint-url", aws.url]
        rows.append(login("`aws sts get-session-token`", [rivals.AWS_CLI, *asked]))
    return rows


def _renewals(folder: Path, aws: Sandbox) -> list[Row]:
    """Each round takes another role, whose source has a live session."""
    rounds = WARM + ROUNDS + WEIGHED

    def with_roles(name: str, home_of: Callable[[Path, Sandbox, SandboxUser, str], Home]) -> tuple[SandboxUser, Home]:
        user = people.user_of(aws, name)
        device = user.devices[0].serial
        profiles = ""
        for number in range(2 * rounds):
            arn = aws.add_role(f"{name}-{number}", trusted=[user.arn]).arn
            profiles += (
                f"[profile role-{number}]\nrole_arn = {arn}\nsource_profile = default\nmfa_serial = {device}\n"
                "region = eu-west-1\n"
            )
        return user, home_of(folder / name, aws, user, profiles)

    user, home = with_roles("alice", people.home_of)
    timed([MFASESSION, "login", "--code", "-"], home.environ, user.devices[0].code())
    rows = [
        Row("`mfasession process -p ROLE`", lambda number: Run([MFASESSION, "process", "-p", f"role-{number}"], home)),
        Row(
            "`mfasession exec -p ROLE -- true`",
            lambda number: Run([MFASESSION, "exec", "-p", f"role-{rounds + number}", "--", "true"], home),
        ),
    ]
    if rivals.VAULT.exists():
        vault_user, vault = with_roles("vault", people.vault_home_of)
        code = vault_user.devices[0].code()
        timed([str(rivals.VAULT), "exec", "--mfa-token", code, "default", "--", "true"], vault.environ)
        rows.append(
            Row(
                "`aws-vault exec ROLE -- true`",
                lambda number: Run([str(rivals.VAULT), "exec", f"role-{number}", "--", "true"], vault),
            )
        )
    return rows


def _sessions(folder: Path, aws: Sandbox) -> list[Row]:
    """A program with a live session, and one of boto3 alone, which reads that session from the file."""
    user = people.user_of(aws, "bob")
    home = people.home_of(folder / "bob", aws, user)
    timed([MFASESSION, "login", "--code", "-"], home.environ, user.devices[0].code())
    alone = people.home_of(folder / "boto3", aws, user)
    return [
        Row(
            "`mfasession.session()`, with a live session, in a new Python",
            lambda _number: Run([sys.executable, "-c", OF_OURS], home),
        ),
        Row(
            "`boto3.Session()`, in a new Python",
            lambda _number: Run([sys.executable, "-c", OF_BOTO3], alone),
        ),
    ]

"""Whole commands that are killed, or whose disk fails, at every single call by which they touch the user's home.

A healthy run under strace shows which calls those are: the name of the system call, and its number among the calls of
that name in its thread. Then each of them is run into again, with a fault there, by a user and a home of their own.
strace 6.1 loses an injected signal under `--seccomp-bpf`, which also excludes `-b`: not following other programs.
"""

import compileall
import os
import re
import stat
import sys
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from botocore.configloader import raw_config_parse

from mfasession import files
from mfasession.files import replace
from mfasession.sandbox import Sandbox
from mfasession.sandbox.account import ACCOUNT
from mfasession.stores.kernel import KernelStore
from tests.helpers.faults import encrypted, file_keyring
from tests.helpers.faults.points import CALLS, ERRORS, KEYS, TALK, Point, from_a_change, points, without_folder
from tests.helpers.support import MFASESSION, Home, key_pair, need

if TYPE_CHECKING:
    from subprocess import CompletedProcess

KILL = "signal=KILL"
VISIBLE = ("-e", "inject=prctl:retval=0")
"""A process that forbids looking at it would hide its descriptors' paths from a strace that is not root."""
IS_LONG = os.environ.get("MFASESSION_FAULTS", "short") == "long"
"""Whether every point is tried, or one of each command."""
MISSED = "missed"
UNKEPT = "the session serves this command alone, because it is not kept: "
ONE_MESSAGE = r"(mfasession: [^\n]+\n)*mfasession: [^\n]+\n  hint: [^\n]+\n"
"""Some lines, and the last one with how to fix it."""
HEAD = (
    "# mine\n[other]\nAWS_Access_Key_Id:AKIAOTHEROTHEROTHER1\naws_secret_access_key   =   other   \n; caf\u00e9\n\n\n"
)
TAIL = "\n# behind\n[last]\nregion=eu-west-1\ns3 =\n  max_concurrent_requests = 20\n# without a line end"
CONFIG = "# mine\n[default]\nregion = eu-west-1  \n\n[profile other]\noutput=json\n"
KERNEL = "kernel/"
"""What the sessions in the kernel's keyring are called among the files."""
KERNEL_INDEX = ".local/state/mfasession/kernel.sessions"
INDEXES = (".local/state/mfasession/keyring.sessions", KERNEL_INDEX)
NO_SECTIONS = ""
"""A list of sessions that says what a missing one says."""
_STRICT = (
    *(".aws/", ".config/", file_keyring.FOLDER + "/", KERNEL, encrypted.FOLDER),
    *INDEXES,
)
"""What must be old or new to the byte; what is remembered and what is kept for speed need only do no harm."""

_Any = TypeVar("_Any")
_numbers = count(1)
_making_users = Lock()


@dataclass(frozen=True)
class Command:
    """A command, what it finds, and what must hold for it beside the rules for all."""

    name: str
    words: tuple[str, ...]
    """`CODE` stands for the code of a device that no run has used, `ROLE` for the ARN of the role of `a_role`."""
    prepare: "Callable[[Trial], None]"
    program: tuple[str, ...] = (sys.executable, MFASESSION)
    """What the words are given to."""
    stdin: "Callable[[Trial, str], str]" = lambda _trial, _code: ""
    """From the code to what is on stdin."""
    steps: "Callable[[Trial], None] | None" = None
    """Looks whether the files are as they may be on the way, where that is more than the old and the new content."""
    may_stay: tuple[str, ...] = ()
    """Beginnings of the paths of files that may be the old ones though the command is done."""
    exits: tuple[int, ...] = (3, 7)
    """Exit codes that a disk which fails may lead to."""
    complaint: str = ONE_MESSAGE
    """The pattern of the whole message."""
    starts_others: bool = False
    """Whether it runs other programs, whose calls are their own business."""
    kept: tuple[str, str] = (HEAD, TAIL)
    """What the command leaves as it is, before and behind what it changes in the credentials file."""
    age: int = 0
    """Seconds by which what is remembered of sent codes is made older before the second run: time that has passed."""
    finds: bool = False
    """Whether a failure may be a finding on stdout, with exit code 1."""


@dataclass(frozen=True)
class Row:
    """How one command took one kind of fault."""

    command: str
    fault: str
    points: int
    failures: tuple[str, ...]
    missed: int = 0
    """Runs that ended before they came to the point."""

    def __str__(self) -> str:
        """One line for users."""
        survived = self.points - len(self.failures)
        missed = f", {self.missed} not met" if self.missed else ""
        return f"{self.command:34} {self.fault:8} injected {self.points:4}, survived {survived:4}{missed}"


class Trial:
    """A user and their home, as the command finds it."""

    def __init__(self, command: Command, aws: Sandbox, folder: Path) -> None:
        self.command, self.aws, number = command, aws, next(_numbers)
        with _making_users:
            self.user = aws.add_user(f"fault{os.getpid()}x{number}")
            self.device = self.user.add_device(f"phone-{self.user.name}")
        environ = {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1", "PYTHONHASHSEED": "0"}
        self.home = Home(folder / f"home{number}", {**environ, **file_keyring.ENVIRON})
        self._codes = [self.device.code(step) for step in range(2)]
        self.outside = folder / f"outside{number}"
        self.outside.mkdir()
        self.home.write_credentials(HEAD + self.key + TAIL)
        self.home.config.write_text(CONFIG)
        self.home.config.chmod(0o640)
        command.prepare(self)

    @property
    def key(self) -> str:
        """The section with the user's long-term key."""
        return key_pair("default", self.user.key.access_key_id, self.user.key.secret_access_key.reveal())

    def run(self, step: int, *around: str) -> "CompletedProcess[str]":
        """Run the command with a code: the first one, or the one of so many steps later."""
        code = self._codes[step]
        (self.outside / "code").write_text(code)
        known = {"CODE": code, "ROLE": f"arn:aws:iam::{ACCOUNT}:role/admin-{self.user.name}"}
        words = [known.get(word, word) for word in self.command.words]
        stdin = self.command.stdin(self, code)
        return self.home.run_program(*around, *self.command.program, *words, stdin=stdin)

    def traced(self, *strace: str) -> "tuple[CompletedProcess[str], str]":
        """Run the command under strace; return how it ended and what strace saw."""
        log = self.outside / "strace"
        fast = "--seccomp-bpf" if not self.command.starts_others and KILL not in " ".join(strace) else "-bexecve"
        words = [need("strace"), "-f", "-yy", "-qq", fast, "-e", "signal=none", "-o", str(log)]
        done = self.run(0, *words, *strace)
        return done, log.read_text(errors="replace")

    def run_into(self, point: Point, fault: str) -> "tuple[CompletedProcess[str], str]":
        """Run the command with a fault at a point."""
        alone = ("-P", str(self.home.folder / point.path)) if point.path else VISIBLE
        return self.traced(
            "-e", f"trace={point.call}", *alone, "-e", f"inject={point.call}:{fault}:when={point.number}"
        )

    def sent_codes(self) -> int:
        """Return how many codes of hers have come to AWS."""
        return sum(call.user == self.user.arn for call in self.aws.calls("GetSessionToken"))

    def shapes(self) -> dict[str, str]:
        """Return the files that matter, by their paths in the home, without what differs between two runs."""
        files = {self._masked(name): self._shape(path) for name, path in self._files() if _counts(name)}
        for index in INDEXES:
            if files.get(index) == NO_SECTIONS:
                del files[index]
        return files | {f"{KERNEL}{name}": self._masked(text) for name, text in self._in_kernel()}

    @property
    def kernel(self) -> KernelStore:
        """The sessions that the kernel's keyring has for this home."""
        return KernelStore(str(self.home.folder / KERNEL_INDEX))

    def strays(self) -> list[Path]:
        """Return what killed writers have left behind."""
        return [path for path in self.home.folder.rglob("*") if ".mfasession-" in path.name]

    def assert_sound(self) -> None:
        """Whatever has happened: every reader can read the files, and no other user can."""
        for name, path in self._files():
            mode = stat.S_IMODE(path.stat().st_mode)
            # What is kept or left of a file that others may read, they may read too.
            allowed = (0o600, 0o640) if re.match(r"\.aws/\.?config\b", name) else (0o600,)
            assert mode in allowed, f"{name} has mode {mode:o}"
            if name.startswith(".aws/") and path not in self.strays():
                raw_config_parse(str(path))
            elif name.endswith(".toml"):
                tomllib.loads(path.read_text())
        assert stat.S_IMODE(self.home.config.stat().st_mode) == 0o640, "the configuration's mode was changed"
        credentials = self.home.credentials.read_bytes()
        assert credentials.startswith(self.command.kept[0].encode()), "what stands before was changed"
        assert self.command.kept[1].strip().encode() in credentials, "what stands behind was changed"

    def let_time_pass(self) -> None:
        """Make what was left behind, and what is remembered of sent codes, as old as it is some time later."""
        for path in self.strays():
            os.utime(path, times=(0, time.time() - 2 * replace.STRAY_AGE_AT_MOST))
        state = self.home.folder / ".local/state/mfasession/state.toml"
        if self.command.age and state.exists():
            age = self.command.age
            state.write_text(
                re.sub(r"\bat = (\d+)$", lambda at: f"at = {int(at[1]) - age}", state.read_text(), flags=re.MULTILINE)
            )

    def _files(self) -> Iterator[tuple[str, Path]]:
        for path in sorted(self.home.folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.home.folder)), path

    def _in_kernel(self) -> Iterator[tuple[str, str]]:
        for section in self.kernel.sections():
            session = self.kernel.load(section)
            if session is not None:
                yield section, f"{session.mfa_serial} {session.identity} {session.region}"

    def _shape(self, path: Path) -> str:
        text = self._masked(path.read_bytes().decode("utf-8", "surrogateescape"))
        if path == self.home.folder / encrypted.FILE:
            text = encrypted.shape(path.read_text())
        text = re.sub(r'((?:secret_access_key|session_token|secret_key)(?: = |=|":"))[^"\s]+', r"\1SECRET", text)
        text = re.sub(r"\b(A[KS]IA)[A-Z0-9]{16}\b(?<!OTHER1)", r"\1", text)
        return re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ|(?<=expires=)\d+|(?<=issued=)\d+", "TIME", text)

    def _masked(self, text: str) -> str:
        masks = {self.user.name: "NAME", str(self.home.folder): "HOME", str(self.outside): "OUTSIDE"}
        for name, mask in {**masks, self.device.seed: "SEED"}.items():
            text = text.replace(name, mask)
        # The section of a role without a profile is named after all that the role is.
        return re.sub(r"(?<=\+role\.admin-NAME\.)[0-9a-f]{12}", "HASH", text)


class Survey:
    """One command: its healthy run, and then its run at each point."""

    def __init__(self, command: Command, aws: Sandbox, folder: Path) -> None:
        self._command, self._aws, self._folder = command, aws, folder
        _compile()
        with self._trial() as trial:
            self._old = trial.shapes()
            done, log = trial.traced("-e", f"trace={','.join([*CALLS, *TALK, *KEYS])}", *VISIBLE)
            assert done.returncode == 0, done.stderr
            self._new = trial.shapes()
            self.points = points(log, str(trial.home.folder), trial.user.name)

    def killed(self) -> Row:
        """Kill the command at every point; in the short form at one of those from which on something has changed."""
        if IS_LONG:
            return self.killed_at(self.points)
        return self._one(self.killed_at([point]) for point in self._elsewhere(from_a_change(self.points)))

    def killed_at(self, chosen: list[Point]) -> Row:
        """Kill the command at each of some points."""
        return self._row("KILL", chosen, self._kill)

    def failing(self) -> list[Row]:
        """Let the disk fail in every way at every point that can fail so; in the short form once."""
        able = [(error, point) for error in ERRORS for point in self.points if point.may(error)]
        if not IS_LONG:
            return [self._one(self._failing_at([point], error) for error, point in self._elsewhere(able))]
        errors = dict.fromkeys(error for error, _ in able)
        return [self._failing_at([point for other, point in able if other == error], error) for error in errors]

    def _failing_at(self, chosen: list[Point], error: str) -> Row:
        return self._row(error, chosen, lambda trial, point: self._fail(trial, point, error))

    def _elsewhere(self, able: list[_Any]) -> list[_Any]:
        """Return them from another place on for each command: commands have their first calls in common."""
        begin = zlib.crc32(self._command.name.encode()) % len(able)
        return able[begin:] + able[:begin]

    def _one(self, rows: Iterator[Row]) -> Row:
        """Return the first whose point was met."""
        return next((row for row in rows if row.points), Row(self._command.name, "", 0, ()))

    def _row(self, fault: str, chosen: list[Point], attempt: Callable[[Trial, Point], str | None]) -> Row:
        with ThreadPoolExecutor(4 if IS_LONG else 1) as pool:
            found = list(pool.map(self._attempted(attempt), chosen))
        failures = tuple(
            f"{self._command.name}: {fault} at {point.number}. {point.what}: {text}"
            for point, text in zip(chosen, found, strict=True)
            if text not in (None, MISSED)
        )
        missed = found.count(MISSED)
        row = Row(self._command.name, fault, len(chosen) - missed, failures, missed)
        sys.stdout.write(f"{row}\n")
        return row

    def _attempted(self, attempt: Callable[[Trial, Point], str | None]) -> Callable[[Point], str | None]:
        def attempted(point: Point) -> str | None:
            try:
                with self._trial() as trial:
                    return attempt(trial, point)
            except AssertionError as failure:
                return str(failure) or repr(failure)

        return attempted

    def _kill(self, trial: Trial, point: Point) -> str | None:
        done, _ = trial.run_into(point, KILL)
        if done.returncode != -9:
            return MISSED
        self._assert_whole(trial)
        self._assert_goes_on(trial)
        return None

    def _fail(self, trial: Trial, point: Point, error: str) -> str | None:
        done, log = trial.run_into(point, f"error={error}")
        injected = [line for line in log.splitlines() if "(INJECTED)" in line and f" {point.call}(" in line]
        is_file = point.call not in KEYS
        if not injected or (is_file and any(str(trial.home.folder) not in without_folder(line) for line in injected)):
            # Another thread had a call of the same number, such as the write of the message itself.
            return MISSED
        if done.returncode == 0 and UNKEPT in done.stderr:
            assert re.fullmatch(f"{ONE_MESSAGE}(mfasession: [^\\n]+\\n)*", done.stderr), done.stderr
        elif done.returncode == 0:
            now = trial.shapes()
            undone = [name for name in now.keys() | self._new.keys() if now.get(name) != self._new.get(name)]
            assert [name for name in undone if not name.startswith(self._command.may_stay)] == [], "done, and not done"
        elif self._command.finds and done.returncode == 1:
            assert re.search(r"^(error|warning):\s", done.stdout, re.MULTILINE), done.stdout
        else:
            assert_one_message(done, self._command.exits, self._command.complaint)
            assert not trial.strays() or point.call in ("unlinkat", "unlink"), "a temporary stays"
        assert trial.user.key.secret_access_key.reveal() not in done.stderr
        self._assert_whole(trial)
        self._assert_goes_on(trial)
        return None

    def _assert_whole(self, trial: Trial) -> None:
        trial.assert_sound()
        if self._command.steps:
            self._command.steps(trial)
            return
        now = trial.shapes()
        for name in now.keys() | self._old.keys() | self._new.keys():
            assert now.get(name) in (self._old.get(name), self._new.get(name)), f"{name} is neither old nor new"

    def _assert_goes_on(self, trial: Trial) -> None:
        """The same command, some time later, does it all, and AWS sees no code a second time."""
        trial.let_time_pass()
        shown = trial.home.run("status")
        assert shown.returncode == 0, shown.stderr
        sent = trial.sent_codes()
        if sent and "--code" in self._command.words:
            again = trial.run(0)
            assert again.returncode in (0, 4), again.stderr
            assert trial.sent_codes() == sent, "a code was sent a second time"
        done = trial.run(1)
        assert done.returncode == 0, f"the next run: {done.stderr}"
        for stray in trial.strays():
            # The next run need not have written that file again; whoever does next takes the stray away.
            kept = stray.with_name(stray.name[1:].partition(".mfasession-")[0])
            mode = stat.S_IMODE(kept.stat().st_mode) if kept.exists() else 0o600
            replace.replace(str(kept), files.read_text(str(kept)) or "", mode=mode)
        assert trial.strays() == [], "what was left behind stays"
        assert trial.shapes() == self._new, "the next run left something else"

    @contextmanager
    def _trial(self) -> Iterator[Trial]:
        trial = Trial(self._command, self._aws, self._folder)
        try:
            yield trial
        finally:
            for section in trial.kernel.sections():
                trial.kernel.forget(section)


def _counts(name: str) -> bool:
    is_passing = ".mfasession-" in name or name.startswith(f"{file_keyring.FOLDER}/check") or ".coming" in name
    return name.startswith(_STRICT) and not is_passing


@cache
def _compile() -> None:
    """Compile what runs: what Python does when it runs something for the first time is not a command's business."""
    for folder in (Path(files.__file__).parents[1], Path(__file__).parents[1]):
        assert compileall.compile_dir(folder, quiet=2)


def assert_one_message(
    done: "CompletedProcess[str]", exits: tuple[int, ...] = (3, 7), complaint: str = ONE_MESSAGE
) -> None:
    """A failure is reported with its exit code, one message and a hint; data is not begun."""
    assert done.returncode in exits, f"exit code {done.returncode}: {done.stderr}"
    assert re.fullmatch(complaint, done.stderr), done.stderr
    assert "unexpected failure" not in done.stderr, done.stderr
    assert done.stdout in ("", f"(exit {done.returncode})\n"), done.stdout

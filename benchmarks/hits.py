"""A hit: the session lives, and a shell, an SDK or a prompt wants it. Ours and the peers', in times bare Python."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import homes, plots, rivals
from benchmarks.interleaved import Case, run
from benchmarks.tables import Measured, ratios
from tests.helpers.secret_service import SecretService
from tests.helpers.support import MFASESSION

ROUNDS = int(os.environ.get("ROUNDS", "200"))
COMMANDS = ("process", "env", "exec -- true", "status", "login")
SIZES = (2, 12, 102, 1_002, 10_002, 100_002)
"""Sections of a credentials file, ours at its end."""


def alone(folder: Path) -> Measured:
    """Hits in the credentials file and nothing else, so that no other program's files are in the processor's caches."""
    home = homes.in_file(folder / "home")
    cases = [bare(home), *_ours(home)]
    run(cases, ROUNDS)
    return ratios(cases, "alone")


def file_store(folder: Path) -> Measured:
    """Hits in the credentials file, plain, configured, and behind 10,000 other sections, beside the peers'."""
    plain = homes.in_file(folder / "plain")
    configured = homes.in_file(folder / "configured", settings=homes.SETTINGS)
    crowded = homes.in_file(folder / "crowded", sections=10_000)
    cases = [bare(plain), *_ours(plain), *_ours(configured, ", with a config file")]
    cases += [*_ours(crowded, ", 10,000 sections"), *rivals.in_file(folder / "peers")]
    run(cases, ROUNDS)
    return ratios(cases, "file", {"hits.svg": plots.bars("A hit in the file store, times bare Python", cases)})


def keyring_store(folder: Path) -> Measured:
    """Hits in a real Secret Service."""
    with SecretService() as service:
        bus = {"DBUS_SESSION_BUS_ADDRESS": service.environ["DBUS_SESSION_BUS_ADDRESS"]}
        home = homes.in_store("keyring", folder / "ours", bus)
        through = {**home, "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}
        cases = [bare(home), *_ours(home)]
        cases.append(Case("`mfasession process`, through the keyring package", [MFASESSION, "process"], through))
        cases += rivals.in_secret_service(folder / "vault", bus)
        run(cases, ROUNDS // 2)
    return ratios(
        cases, "keyring", {"keyring.svg": plots.bars("A hit in the Secret Service, times bare Python", cases)}
    )


def kernel_store(folder: Path) -> Measured:
    """Hits in the kernel's keyring."""
    with _kept_in_kernel(folder / "ours") as home:
        cases = [bare(home), *_ours(home)]
        run(cases, ROUNDS // 2)
    return ratios(cases, "kernel")


def growth(folder: Path) -> Measured:
    """`process`, which looks for one section, and `status`, which lists all, by the sections of the file."""
    cases = [bare(homes.in_file(folder / "bare"))]
    for size in SIZES:
        home = homes.in_file(folder / str(size), sections=size - 2)
        for command in ("process", "status"):
            slow = command == "status" and size > 1_002
            cases.append(Case(_sized(command, size), [MFASESSION, command], home, 10 if slow else 1))
    run(cases, ROUNDS // 2)
    lines = {
        command: {
            size: case.median * 1000
            for size in SIZES
            for case in cases
            if case.name == _sized(command, size) and not case.failure
        }
        for command in ("process", "status")
    }
    return ratios(cases, "growth", {"growth.svg": plots.growth("A hit by the sections of the file", "ms", lines)})


def bare(environ: Mapping[str, str]) -> Case:
    """Return what everything is compared with."""
    return Case("`python -c pass`", [sys.executable, "-c", "pass"], environ)


def _ours(home: Mapping[str, str], more: str = "", commands: Sequence[str] = COMMANDS) -> list[Case]:
    return [Case(f"`mfasession {each}`{more}", [MFASESSION, *each.split()], home) for each in commands]


def _sized(command: str, sections: int) -> str:
    return f"`mfasession {command}`, {sections:,} sections"


@contextmanager
def _kept_in_kernel(folder: Path) -> Iterator[dict[str, str]]:
    home = homes.in_store("kernel", folder)
    try:
        yield home
    finally:
        subprocess.run([MFASESSION, "logout"], env=home, check=True, capture_output=True)

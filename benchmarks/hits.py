"""A hit: the session lives, and a shell, an SDK or a prompt wants it. Ours and the peers', in times bare Python."""

import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import homes, rivals
from benchmarks.interleaved import Case

PROGRAM = str(Path(sys.executable).parent / "mfasession")
COMMANDS = ("process", "env", "exec -- true", "status")


def bare(environ: Mapping[str, str]) -> Case:
    """Return what everything is compared with."""
    return Case("`python -c pass`", [sys.executable, "-c", "pass"], environ)


def file_store(folder: Path) -> list[Case]:
    """Return the cases of the credentials file: plain, configured, and behind 10,000 other sections."""
    plain = homes.in_file(folder / "plain")
    configured = homes.in_file(folder / "configured", settings=homes.SETTINGS)
    crowded = homes.in_file(folder / "crowded", sections=10_000)
    cases = [bare(plain)]
    for command in COMMANDS:
        words = [PROGRAM, *command.split()]
        cases.append(Case(f"`mfasession {command}`", words, plain))
        cases.append(Case(f"`mfasession {command}`, with a config file", words, configured))
        cases.append(Case(f"`mfasession {command}`, 10,000 sections", words, crowded))
    return [*cases, *rivals.in_file(folder / "peers")]


def keyring_store(folder: Path, bus: Mapping[str, str]) -> list[Case]:
    """Return the cases of a real Secret Service."""
    ours = homes.in_keyring(folder / "ours", bus)
    cases = [bare(ours), *(Case(f"`mfasession {each}`", [PROGRAM, *each.split()], ours) for each in COMMANDS)]
    through = {**ours, "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}
    cases.append(Case("`mfasession process`, through the keyring package", [PROGRAM, "process"], through))
    return [*cases, *rivals.in_secret_service(folder / "vault", bus)]


def growth(folder: Path) -> list[Case]:
    """Return `process` with a credentials file of 1 to 10,000 sections."""
    cases = [bare(homes.in_file(folder / "bare"))]
    for sections in (0, 10, 100, 1_000, 3_000, 10_000):
        home = homes.in_file(folder / str(sections), sections=sections)
        cases.append(Case(f"`mfasession process`, {sections + 2:,} sections", [PROGRAM, "process"], home))
    return cases

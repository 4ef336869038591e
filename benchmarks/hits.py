"""What a hit costs, as ratios to a bare interpreter of the same environment: `make bench`.

All commands of one table run interleaved in one go, so that a noisy machine is noisy for each of them. Prints a table
in Markdown; nothing is asserted.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

BIN = Path(sys.executable).parent
ROUNDS = int(os.environ.get("ROUNDS", "200"))
KEY = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
SESSION = (
    "[default-mfa]\nmanager = mfasession\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\n"
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\naws_session_token = "
    + "FwoGZXIvYXdzE"
    * 40
    + "\n"
    "x_security_token_expires = 2099-01-01T00:00:00Z\nmfasession_key_id = AKIAIOSFODNN7EXAMPLE\n"
)
CONFIG = 'store = "file"\nduration = "12h"\n\n[profiles.work]\nmfa_serial = "arn:aws:iam::123456789012:mfa/phone"\n'


def home(folder: Path, *, sections: int = 0, config: str = "") -> dict[str, str]:
    """Make a home folder and return its environment."""
    aws = folder / ".aws"
    aws.mkdir(parents=True, mode=0o700)
    others = "".join(f"[profile{number}]\n{KEY}\n" for number in range(sections))
    (aws / "credentials").write_text(f"[default]\n{KEY}\n{others}\n{SESSION}")
    (aws / "credentials").chmod(0o600)
    if config:
        (folder / ".config" / "mfasession").mkdir(parents=True)
        (folder / ".config" / "mfasession" / "config.toml").write_text(config)
    return {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "SHELL": "/bin/bash",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
    }


def once(words: list[str], environ: Mapping[str, str]) -> float:
    """Run a command and return its wall time in seconds."""
    started = time.perf_counter()
    done = subprocess.run(words, env=dict(environ), stdout=subprocess.DEVNULL, check=False)
    took = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{words} failed with {done.returncode}")
    return took


def main() -> None:
    """Measure and print the table."""
    program = str(BIN / "mfasession")
    with tempfile.TemporaryDirectory() as temporary:
        plain = home(Path(temporary, "plain"))
        configured = home(Path(temporary, "configured"), config=CONFIG)
        crowded = home(Path(temporary, "crowded"), sections=10_000)
        cases: dict[str, tuple[list[str], dict[str, str]]] = {
            "`python -c pass`": ([sys.executable, "-c", "pass"], plain)
        }
        for name, words in (("process", ["process"]), ("env", ["env"]), ("exec -- true", ["exec", "--", "true"])):
            cases[f"`{name}`"] = ([program, *words], plain)
            cases[f"`{name}`, with a config file"] = ([program, *words], configured)
            cases[f"`{name}`, 10,000 sections"] = ([program, *words], crowded)
        cases["`status`"] = ([program, "status"], plain)
        times: dict[str, list[float]] = {case: [] for case in cases}
        for round_ in range(ROUNDS + 5):
            for case, (words, environ) in cases.items():
                took = once(words, environ)
                if round_ >= 5:
                    times[case].append(took)
    bare = statistics.median(times["`python -c pass`"])
    print(
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{ROUNDS} interleaved runs each, medians\n"
    )
    print("| command | ms | times bare Python |\n| --- | ---: | ---: |")
    for case, taken in times.items():
        median = statistics.median(taken)
        print(f"| {case} | {median * 1000:.1f} | {median / bare:.2f} |")


if __name__ == "__main__":
    main()

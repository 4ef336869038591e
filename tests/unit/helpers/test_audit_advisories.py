"""`make audit`: what the advisory database says, or that it cannot be asked, in a line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.listener import listening
from tests.helpers.patience import scaled

pytestmark = pytest.mark.checkout
ROOT = Path(__file__).parents[3]
ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.7"}]}],
            "versions": ["3.1.6"],
        }
    ],
}


def audited(folder: Path, *, status: str = "200 OK", vulns: object = None) -> subprocess.CompletedProcess[str]:
    """Look up one package in a database that gives this answer (https://google.github.io/osv.dev/post-v1-query/)."""
    (folder / "requirements.txt").write_text(f"jinja2==3.1.6 --hash=sha256:{'0' * 64}\n")
    body = json.dumps({} if vulns is None else {"vulns": vulns})
    answer = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    with listening(answer=answer) as (port, heard):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "packages.audit", str(folder / "requirements.txt")),
                *("--osv-url", f"http://127.0.0.1:{port}/v1/query"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=scaled(60),
        )
    assert b'"jinja2"' in b"".join(heard)
    return done


def test_a_package_without_an_advisory(tmp_path: Path) -> None:
    """It says how many were looked up."""
    done = audited(tmp_path)
    assert (done.returncode, done.stdout) == (0, "audit: no known vulnerability in 1 packages\n"), done.stderr


def test_a_package_with_an_advisory(tmp_path: Path) -> None:
    """A line names it, the advisory and the version that fixes it."""
    done = audited(tmp_path, vulns=[ADVISORY])
    assert (done.returncode, done.stdout) == (1, "jinja2 3.1.6: PYSEC-2026-1, fixed in 3.1.7\n"), done.stderr


def test_a_database_that_cannot_be_asked(tmp_path: Path) -> None:
    """No look-up is no clean audit, and one line says so instead of a traceback."""
    done = audited(tmp_path, status="503 Service Unavailable")
    assert (done.returncode, done.stdout) == (2, "")
    first, hint = done.stderr.splitlines()
    assert first.startswith("audit: nothing was looked up: ")
    assert (
        hint == "  hint: run it where the advisory database can be reached; there is no copy to ask without a network"
    )

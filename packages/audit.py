"""`python -m packages.audit REQUIREMENTS… [--osv-url URL]`: look up locked packages in the advisory database of OSV.

Exit code 0: none is known to be vulnerable. 1: some are, each in a line. 2: the database cannot be asked.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

_CANNOT = 2
_HINT = "run it where the advisory database can be reached; there is no copy to ask without a network"


def main(words: list[str]) -> int:
    """Look up every package of the files; the exit code."""
    split = words.index("--osv-url") if "--osv-url" in words else len(words)
    files = [word for file in words[:split] for word in ("--requirement", file)]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--strict", "--require-hashes", "--disable-pip", *files),
            *("--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off", *words[split:]),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip() or "no reason is given").splitlines()[-1]
        sys.stderr.write(f"audit: nothing was looked up: {reason}\n  hint: {_HINT}\n")
        return _CANNOT
    lines = [line for each in found for line in _lines(each)]
    sys.stdout.write("".join(lines) or f"audit: no known vulnerability in {len(found)} packages\n")
    return 1 if lines else 0


def _lines(package: Mapping[str, Any]) -> Iterator[str]:
    for each in package["vulns"]:
        fixed = ", ".join(each["fix_versions"]) or "no version"
        yield f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m packages FOLDER [--no-zipapp]`: build what is released into an empty folder.

The wheel, the source archive, a constraints file with hashes, the CycloneDX document, SHA256SUMS, and the program with
all that it needs in one file.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from packages import licenses, pins, sbom, zipapp


def build(source: Path, folder: Path, *, with_zipapp: bool) -> None:
    """Build into `folder`, which must be empty or missing.

    Raises CalledProcessError when a build fails, and SystemExit for a licence that the program may not have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty: remove it, or name another folder")
    _run("hatchling", "build", "-d", str(folder), cwd=source)
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    name, version = wheel.name.split("-")[:2]
    needed = pins.of_the_program()
    if found := licenses.refused(pin.name for pin in needed):
        raise SystemExit(f"not a licence that the one-file program may have (packages/licenses.py): {', '.join(found)}")
    own = pins.Pin(name, version, "", (_sha256(wheel), _sha256(archive)))
    constraints = folder / f"{name}-{version}-constraints.txt"
    constraints.write_text(pins.text(sorted([own, *needed])))
    (folder / f"{name}-{version}.cdx.json").write_text(sbom.document(version, _sha256(wheel), needed))
    if with_zipapp:
        own_wheel = ("--find-links", str(folder))
        program = folder / zipapp.file_name(name, version)
        zipapp.build(program, "--quiet", *own_wheel, "--require-hashes", "--requirement", str(constraints))
    sums = [f"{_sha256(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums))


def _run(module: str, *words: str, cwd: Path | None = None) -> None:
    subprocess.run([sys.executable, "-m", module, *words], cwd=cwd, check=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    build(pins.ROOT, Path(sys.argv[1]).resolve(), with_zipapp="--no-zipapp" not in sys.argv[2:])

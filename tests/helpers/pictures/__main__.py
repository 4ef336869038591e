"""`make pictures`: the pictures of the documents, made from real runs against the sandbox.

Each run is of the same morning, so that a second one makes nearly the same files: only codes, key IDs and the QR code
differ. NAMES are those of the scenes; without one, all are made.
"""

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

BEGINS = datetime(2026, 11, 24, 8, 13, 40, tzinfo=UTC)
"""The day of the documents' examples."""
HERE = Path(__file__).parent
FOLDER = HERE.parents[2] / "docs" / "pictures"


def begin_that_morning() -> None:
    """Start this process again with another clock, which the programs that it runs have too."""
    if "PICTURES_CLOCK" not in os.environ:
        offset = f"{BEGINS.timestamp() - time.time():.0f}"
        clock = {"PYTHONPATH": f"{HERE / 'clock'}:{HERE.parents[2]}", "PICTURES_CLOCK": offset, "TZ": "UTC"}
        words = [sys.executable, "-m", "tests.helpers.pictures", *sys.argv[1:]]
        os.execve(sys.executable, words, {**os.environ, **clock})  # noqa: S606  # ourselves


def main() -> None:
    """Make the pictures of these names, or all."""
    begin_that_morning()
    from mfasession.sandbox import Sandbox
    from tests.helpers.pictures import browser, scenes, svg

    with Sandbox() as aws:
        for name in sys.argv[1:] or (*scenes.TERMINALS, *scenes.PAGES):
            aws.empty()
            with tempfile.TemporaryDirectory() as home:
                if name in scenes.PAGES:
                    browser.shoot(scenes.PAGES[name](aws, Path(home)), FOLDER / name)
                else:
                    svg.write(scenes.TERMINALS[name](aws, Path(home)), FOLDER / name)


if __name__ == "__main__":
    main()

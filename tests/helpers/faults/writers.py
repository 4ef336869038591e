"""Who writes the AWS credentials file at the same time.

Run as `python tests/helpers/faults/writers.py KIND PATH SECONDS [SECTION]`.

`ours` saves sessions in a section as the program does, over and over, and `coming and going` forgets them too; every
other kind is a way in which other tools write, none of which takes a lock. Each looks before it writes whether what it
wrote last is still there, and counts what is not. The counts are printed as JSON in the end. `ours prepared` saves as a
login does, and `now and then KIND` writes less often.
"""

import fcntl
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mfasession.awsfiles import AwsFiles
from mfasession.errors import MfaSessionError
from mfasession.files import shared_edit
from mfasession.stores.file import CredentialsFileStore
from mfasession.values import Secret, Session
from tests.helpers.support import made_session

BYSTANDER = (
    "# nobody's business\n[bystander]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = kept\n\n"
)
THEIRS = "[theirs]\nn = 0\n"
_chance = random.SystemRandom()
PAUSE = 0.02
"""Seconds between two of our changes at most."""
THEIR_PAUSE = 0.1
"""Seconds between two of theirs at most: far more often than any user works, so that they collide."""
NOW_AND_THEN = 0.8
"""As THEIR_PAUSE, for those who leave the file alone for long enough that nobody has to wait for them."""
SETTLED = 0.1
"""Seconds after which no writer is in the middle of a write."""


def in_place(path: str, text: str) -> None:
    """Truncate and write, as saml2aws, aws-mfa and every user of configparser do."""
    Path(path).write_text(text)


def slowly(path: str, text: str) -> None:
    """Truncate and write in two pieces, as a program does that is moved aside by a busy machine."""
    with open(path, "w", buffering=1) as file:
        file.write(text[: len(text) // 2])
        file.flush()
        time.sleep(_chance.uniform(0, PAUSE))
        file.write(text[len(text) // 2 :])


def beside(path: str, text: str) -> None:
    """Write beside and rename over it, as VS Code's and Emacs's atomic saves, awsume and we do."""
    Path(path + ".new").write_text(text)
    os.replace(path + ".new", path)


def backup(path: str, text: str) -> None:
    """Rename the old file away and write a new one, as vim does (backupcopy=no): for a moment there is none."""
    os.rename(path, path + "~")
    Path(path).write_text(text)


def with_sed(path: str, text: str) -> None:
    """`sed -i`, the program itself."""
    number = _number(text)
    subprocess.run(
        [shutil.which("sed") or "sed", "-i", rf"/^\[theirs\]/,/^n =/ s/^n = .*/n = {number}/", path], check=True
    )


def configure_set(path: str, text: str) -> None:
    """`aws configure set`: the AWS CLI's own writer, without the half second in which the CLI starts."""
    from awscli.customizations.configure.writer import ConfigFileWriter  # type: ignore[import-untyped]

    ConfigFileWriter().update_config({"__section__": "theirs", "n": str(_number(text))}, path)


KINDS: dict[str, Callable[[str, str], None]] = {
    "in place": in_place,
    "slowly": slowly,
    "beside": beside,
    "backup": backup,
    "sed": with_sed,
    "configure set": configure_set,
}


def theirs(write: Callable[[str, str], None], path: str, end: float, pause: float = THEIR_PAUSE) -> dict[str, int]:
    """Count in a section of their own; return how often the last count was gone, or another's lines."""
    number = lost = damaged = 0
    while time.time() < end:
        text = Path(path).read_text()
        if BYSTANDER not in text:
            damaged += 1
            text = BYSTANDER + THEIRS
            beside(path, text)
        elif _number(text) != number:
            lost += 1
        number += 1
        write(path, re.sub(r"(?<=\[theirs\]\nn = )\d+", str(number), text))
        time.sleep(_chance.uniform(0, pause))
    return {"written": number, "lost": lost, "damaged": damaged}


def ours(path: str, end: float, section: str, *, forgetting: bool = False, reserving: bool = False) -> dict[str, int]:
    """Save sessions; return how often the last one was gone when looked for, and how often a save was refused.

    With `reserving`, as a login that asks a person: space is reserved, and nobody is waited for who does not read.
    """
    files = AwsFiles({"AWS_SHARED_CREDENTIALS_FILE": path})
    store = CredentialsFileStore(files, os.environ)
    number = lost = refused = 0
    while time.time() < end:
        session = made_session(session_token=Secret(str(number)))
        try:
            if reserving:
                store.reserve(section)
                time.sleep(shared_edit.UNREAD + _chance.uniform(0, PAUSE))
            store.save(section, session)
            store.release()
            number += 1
            time.sleep(_chance.uniform(0, PAUSE))
            if forgetting:
                store.forget(section)
            else:
                lost += not _is_there(files, store, section, session)
        except MfaSessionError as error:
            sys.stderr.write(f"{error.message}\n")
            refused += 1
    return {"written": number, "lost": lost, "refused": refused}


def as_elsewhere() -> None:
    """Be on a system that gives no notice of other writers and swaps no files, as macOS is."""
    for name in ("F_SETLEASE", "F_GETLEASE"):
        delattr(fcntl, name)
    sys.modules["ctypes"] = None  # type: ignore[assignment]


def _is_there(files: AwsFiles, store: CredentialsFileStore, section: str, session: Session) -> bool:
    """Whether the session is found; what is in the middle of a write is looked at again."""
    end = time.monotonic() + SETTLED
    while True:
        files.reread()
        with suppress(MfaSessionError):
            if store.load(section) == session:
                return True
        if time.monotonic() > end:
            return False
        time.sleep(SETTLED / 20)


def _number(text: str) -> int:
    found = re.search(r"\[theirs\]\nn = (\d+)", text)
    return int(found[1]) if found else -1


if __name__ == "__main__":
    kind, place, seconds, *names = sys.argv[1:]
    until = time.time() + float(seconds)
    if kind == "ours elsewhere":
        as_elsewhere()
    how = kind.removeprefix("now and then ")
    if how in KINDS:
        counts = theirs(KINDS[how], place, until, THEIR_PAUSE if how == kind else NOW_AND_THEN)
    else:
        counts = ours(place, until, *names, forgetting=kind == "coming and going", reserving=kind == "ours prepared")
    sys.stdout.write(json.dumps(counts))

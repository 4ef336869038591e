"""awsume: it uses the profiles of the AWS files as they are, and keeps sessions in its own folder.

Source: its documentation ("Configuration", "AWS files"); what it writes to the AWS files has `manager = awsume` or
`autoawsume = true`.
"""

import os

from mfasession import files
from mfasession.awsfiles import parse
from mfasession.setup.importers import Found, Request
from mfasession.stores.keys.file import record_of

PLACE = "the AWS files, beside the folder ~/.awsume"


def find(request: Request) -> list[Found]:
    """Return the keys of the AWS files when there is a trace of awsume."""
    files = request.aws_files
    sections = parse(files.credentials_path, files.credentials_text())
    folder = _folder(request)
    if not folder and not any(_is_its_own(keys) for keys in sections.values()):
        return []
    return [
        Found(
            profile=section,
            where=files.credentials_path,
            key=record.key,
            section=section,
            removal=f"the folder {folder}, which holds its sessions" if folder else "",
        )
        for section, keys in sections.items()
        if not _is_its_own(keys) and (record := record_of(keys)) is not None
    ]


def _is_its_own(keys: dict[str, str]) -> bool:
    return keys.get("manager") == "awsume" or keys.get("autoawsume", "").lower() == "true"


def _folder(request: Request) -> str:
    home = files.home(request.environ)
    configured = request.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    places = (os.path.join(home, ".awsume"), os.path.join(configured, "awsume"))
    return next((place for place in places if os.path.isdir(place)), "")

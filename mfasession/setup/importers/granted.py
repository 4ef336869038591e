"""Granted (common-fate, fwdcloudsec): the encrypted files of its secure storage.

Source: its documentation ("Storing IAM credentials in Granted"). Keys in the operating system's keyring stay there:
`granted credentials export-plaintext NAME` puts one into the AWS credentials file.
"""

import os
from shlex import quote

from mfasession.files import paths
from mfasession.setup.importers import Found, Request, vault_items

PLACE = (
    "the folder ~/.granted/secure-storage-aws-iam-credentials; a key in the operating system's keyring comes out with "
    "`granted credentials export-plaintext NAME`"
)


def find(request: Request) -> list[Found]:
    """Return the keys of the encrypted files."""
    folder = _folder(request)
    read = vault_items.reader(folder, request)
    found = []
    for name, path in vault_items.listed(folder):
        item = read(path)
        removal = f"granted credentials remove {quote(name)}"
        found.append(Found(profile=name, where=folder, key=item.key, problem=item.problem, removal=removal))
    return found


def _folder(request: Request) -> str:
    home = paths.home(request.environ)
    configured = request.environ.get("XDG_CONFIG_HOME") or ""
    places = [os.path.join(home, ".granted"), *([os.path.join(configured, "granted")] if configured else [])]
    folders = [os.path.join(place, "secure-storage-aws-iam-credentials") for place in places]
    return next((folder for folder in folders if os.path.isdir(folder)), folders[0])

"""Granted (common-fate, fwdcloudsec): its collection of the Secret Service, or the encrypted files of its storage.

Sources: its documentation ("Storing IAM credentials in Granted"), and the names in its `securestorage.go`. Keys in
another keyring stay there: `granted credentials export-plaintext NAME` puts one into the AWS credentials file.
"""

import os
from shlex import quote

from mfasession import files
from mfasession.setup.importers import Found, Request, vault_items
from mfasession.setup.importers.vault_items import Item, collections

PLACE = (
    "the folder ~/.granted/secure-storage-aws-iam-credentials and the collection granted-aws-iam-credentials of the "
    "Secret Service; a key in another keyring comes out with `granted credentials export-plaintext NAME`"
)
_COLLECTION = "granted-aws-iam-credentials"


def find(request: Request) -> list[Found]:
    """Return the keys of the encrypted files; without one, those of the collection."""
    folder = _folder(request)
    read = vault_items.reader(folder, request)
    found = [_found(name, folder, read(path)) for name, path in vault_items.listed(folder)]
    if found or request.passphrase is None:
        return found
    # Where Granted was never used, a missing Secret Service hides nothing.
    is_used = os.path.isdir(os.path.dirname(folder))
    keys = collections.read(_COLLECTION, "granted credentials list", must=is_used)
    return [_found(name, f"the collection {_COLLECTION} of the Secret Service", item) for name, item in keys]


def unread(request: Request) -> list[str]:
    """Return where else its keys seem to be, in words."""
    if vault_items.listed(_folder(request)) or not collections.is_there(_COLLECTION):
        return []
    return [f"the collection {_COLLECTION} of the Secret Service"]


def _found(name: str, where: str, item: Item) -> Found:
    removal = f"granted credentials remove {quote(name)}"
    return Found(profile=name, where=where, key=item.key, problem=item.problem, removal=removal)


def _folder(request: Request) -> str:
    home = files.home(request.environ)
    configured = request.environ.get("XDG_CONFIG_HOME") or ""
    places = [os.path.join(home, ".granted"), *([os.path.join(configured, "granted")] if configured else [])]
    folders = [os.path.join(place, "secure-storage-aws-iam-credentials") for place in places]
    return next((folder for folder in folders if os.path.isdir(folder)), folders[0])

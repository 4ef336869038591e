"""aws-vault (99designs, ByteNess): its encrypted files and its collection of the Secret Service are read.

Keys in its other backends come through the tool itself. Sources: its USAGE.md ("Environment variables", "Backends"),
and the output of `aws-vault export --format=json`, which is that of a credential_process (Version 1).
"""

from shlex import quote

from mfasession.files import paths
from mfasession.setup.importers import Found, Request, vault_items
from mfasession.setup.importers.vault_items import collections, program

PLACE = (
    "the folder ~/.awsvault/keys, the collection awsvault of the Secret Service, or the backend that the program "
    "aws-vault reads"
)


def find(request: Request) -> list[Found]:
    """Return the keys of the backend that AWS_VAULT_BACKEND names, else of the first one that has some."""
    backend = request.environ.get("AWS_VAULT_BACKEND", "")
    folder = _folder(request)
    items = vault_items.listed(folder) if backend in ("", "file") else []
    if items:
        read = vault_items.reader(folder, request, variable="AWS_VAULT_FILE_PASSPHRASE")
        return [_found(name, folder, read(path)) for name, path in items]
    if request.passphrase is None:
        # The service and the tool may open a dialog: only when somebody has asked for an import.
        return []
    if backend in ("", "secret-service"):
        collection = request.environ.get("AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME") or "awsvault"
        keys = collections.read(collection, "aws-vault list", must=backend != "")
        if keys:
            return [_found(name, f"the collection {collection} of the Secret Service", item) for name, item in keys]
    where = f"its {backend} backend" if backend else "its own keyring"
    return [_found(name, where, item) for name, item in program.export(request.environ)]


def _folder(request: Request) -> str:
    named = request.environ.get("AWS_VAULT_FILE_DIR") or "~/.awsvault/keys/"
    home = paths.home(request.environ)
    return home + named[1:] if named.startswith("~") else named


def _found(name: str, where: str, item: vault_items.Item) -> Found:
    removal = f"aws-vault remove {quote(name)}"
    return Found(profile=name, where=where, key=item.key, problem=item.problem, removal=removal)

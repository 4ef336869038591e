"""aws-vault (99designs, ByteNess): its encrypted files are read, and other backends through the tool itself.

Sources: its USAGE.md ("Environment variables", "Backends"), and the output of `aws-vault export --format=json`, which
is that of a credential_process (Version 1).
"""

from shlex import quote

from mfasession.files import paths
from mfasession.setup.importers import Found, Request, vault_items
from mfasession.setup.importers.vault_items import program

PLACE = "the folder ~/.awsvault/keys, or the backend that the program aws-vault reads"


def find(request: Request) -> list[Found]:
    """Return the keys in the folder of the `file` backend; without one, those that the program exports."""
    folder = _folder(request)
    items = vault_items.listed(folder)
    if items:
        read = vault_items.reader(folder, request, variable="AWS_VAULT_FILE_PASSPHRASE")
        return [_found(name, folder, read(path)) for name, path in items]
    backend = request.environ.get("AWS_VAULT_BACKEND", "")
    where = f"its {backend} backend" if backend else "its own keyring"
    if request.passphrase is None:
        # To run the tool may open a dialog: only when somebody has asked for an import.
        return []
    keys = program.export(request.environ)
    return [_found(name, where, item) for name, item in keys]


def _folder(request: Request) -> str:
    named = request.environ.get("AWS_VAULT_FILE_DIR") or "~/.awsvault/keys/"
    home = paths.home(request.environ)
    return home + named[1:] if named.startswith("~") else named


def _found(name: str, where: str, item: vault_items.Item) -> Found:
    removal = f"aws-vault remove {quote(name)}"
    return Found(profile=name, where=where, key=item.key, problem=item.problem, removal=removal)

"""aws-vault (99designs, ByteNess): its encrypted files and its collection of the Secret Service are read.

Keys in its other backends come through the tool itself. Sources: its USAGE.md ("Environment variables", "Backends"),
and the output of `aws-vault export --format=json`, which is that of a credential_process (Version 1).
"""

from shlex import quote

from mfasession import files
from mfasession.awsfiles import AwsFiles
from mfasession.setup.importers import Found, Request, vault_items
from mfasession.setup.importers.vault_items import backends, collections, program

PLACE = (
    "the folder ~/.awsvault/keys, the collection awsvault of the Secret Service, or the backend that the program "
    "aws-vault reads"
)

_CREDENTIALS = (
    "aws_access_key_id",
    "credential_process",
    "credential_source",
    "login_session",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)
"""Any of them says where a profile's credentials come from."""


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
        collection = backends.collection(request.environ)
        keys = collections.read(collection, "aws-vault list", must=backend != "")
        if keys:
            return [_found(name, f"the collection {collection} of the Secret Service", item) for name, item in keys]
    where = f"its {backend} backend" if backend else "its own keyring"
    return [_found(name, where, item) for name, item in program.export(request.environ)]


def unread(request: Request) -> list[str]:
    """Return where else its keys seem to be, in words: places that an import asks aws-vault for."""
    if vault_items.listed(_folder(request)):
        return []
    return backends.traces(request.environ, _without_key(request.aws_files))


def _without_key(aws_files: AwsFiles) -> list[str]:
    """Return the profiles that have no credentials in the AWS files, as `aws-vault add` leaves them."""
    names = aws_files.profile_names()
    return [name for name in names if not any(key in (aws_files.profile(name) or {}) for key in _CREDENTIALS)]


def _folder(request: Request) -> str:
    named = request.environ.get("AWS_VAULT_FILE_DIR") or "~/.awsvault/keys/"
    home = files.home(request.environ)
    return home + named[1:] if named.startswith("~") else named


def _found(name: str, where: str, item: vault_items.Item) -> Found:
    removal = f"aws-vault remove {quote(name)}"
    return Found(profile=name, where=where, key=item.key, problem=item.problem, removal=removal)

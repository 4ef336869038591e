"""The file that the AWS console gives when it makes an access key."""

from shlex import quote

from mfasession.errors import ConfigurationError
from mfasession.files import inputs
from mfasession.keys import parse
from mfasession.setup.importers import Found, Request

PLACE = "the file that you name, as in `import csv accessKeys.csv`"


def find(request: Request) -> list[Found]:
    """Return the key of the file that was named. Raises ConfigurationError: no such file, or none with one key."""
    if not request.path:
        return []
    text = inputs.read(request.path)
    if text is None:
        raise ConfigurationError(f"there is no file {request.path}", "name the file that the AWS console gave you")
    removal = "" if inputs.is_pipe(request.path) else f"rm {quote(request.path)}"
    key = parse.of_csv(text, request.path)
    return [Found(profile=request.profile, where=request.path, key=key, removal=removal)]

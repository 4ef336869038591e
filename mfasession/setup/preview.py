"""The files as they will be: what a plan looks at before any file is changed."""

from collections.abc import Iterable, Mapping, Sequence

from mfasession import config, files
from mfasession.awsfiles import AwsFiles
from mfasession.config import schema
from mfasession.sessions import Context
from mfasession.setup.file_change import FileChange


class _ChangedFiles(AwsFiles):
    """The AWS files with some changes made."""

    def __init__(self, environ: Mapping[str, str], texts: Mapping[str, str]) -> None:
        super().__init__(environ)
        self._changed = texts

    def credentials_text(self, descriptor: int = -1) -> str:
        """Return the credentials file's text after the changes."""
        return self._changed.get(self.credentials_path) or super().credentials_text(descriptor)

    def config_text(self) -> str:
        """Return the configuration file's text after the changes."""
        return self._changed.get(self.config_path) or super().config_text()


def after(context: Context, changes: Iterable[FileChange], profile: str) -> Context:
    """Return a context that sees these changes, for a profile. Raises ConfigurationError."""
    texts = {change.path: change.after.reveal() for change in changes}
    seen = Context(context.environ, context.request.replace(profile=profile))
    seen.aws_files = _ChangedFiles(context.environ, texts)
    path = files.config_file(context.environ)
    if path in texts:
        seen.config = config.build(path, schema.read(path, texts[path]))
    return seen


def merged(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    """Return one change a file; of several, each begins with the text that the one before has made."""
    found: dict[str, FileChange] = {}
    for change in changes:
        first = found.get(change.path, change)
        found[change.path] = change.replace(before=first.before)
    return tuple(found.values())

"""Adds the manual pages to the wheel and to the source archive (hatchling: "Build hook", custom)."""

import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface[Any]):
    """Writes the pages from what `--help` says, before a build reads its files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add each page to share/man of an installation, or to `man` of the archive."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from packages import man

        self._folder = Path(mkdtemp())
        for name, text in man.pages().items():
            path = self._folder / name
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
            if self.target_name == "wheel":
                build_data["shared_data"][str(path)] = f"share/man/man1/{name}"
            else:
                build_data["force_include"][str(path)] = f"man/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002  # the hook's shape
        """Remove what was written for the build."""
        if version != "editable":
            for path in self._folder.iterdir():
                path.unlink()
            self._folder.rmdir()

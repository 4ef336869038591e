"""What `make site` does to the documents: README is the first page, and links out of `docs` lead to the repository."""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
FILES = "https://github.com/mfasession/mfasession/blob/main/"
DOCS = f"{FILES}docs/"
FOLDERS = "https://github.com/mfasession/mfasession/tree/main/docs/"


def on_files(files: Files, config: Any) -> Files:
    """Add README as the first page, with its links to our pages as links within the site."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace(DOCS, "")
    files.append(File.generated(config, "index.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links to files outside `docs`, and to folders, into links to the repository."""
    depth = page.file.src_uri.count("/") + 1

    def outside(match: re.Match[str]) -> str:
        up, rest = match[1], match[2]
        return f"]({FILES}{rest})" if up.count("../") >= depth else match[0]

    # The site has no pages for folders.
    here = page.file.src_uri.rpartition("/")
    markdown = re.sub(r"\]\((\w[^):\s]*/)\)", rf"]({FOLDERS}{here[0]}{here[1]}\1)", markdown)
    return re.sub(r"\]\(((?:\.\./)+)([^)\s]+)\)", outside, markdown)

"""The driver that findings of an audit and of `policy lint` name in SARIF: mfasession itself."""

from collections.abc import Iterable
from typing import Any

from mfasession import __version__

PAGE = "https://pypi.org/project/mfasession/"
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_driver(rules: Iterable[tuple[str, str, str, str]]) -> dict[str, Any]:
    """Return this program as SARIF's driver. `rules`: name, title, reason and level (error, warning or note)."""
    return {
        "name": "mfasession",
        "version": __version__,
        "informationUri": PAGE,
        "rules": [
            {
                "id": name,
                "shortDescription": {"text": title},
                "fullDescription": {"text": why},
                "defaultConfiguration": {"level": level},
            }
            for name, title, why, level in rules
        ],
    }

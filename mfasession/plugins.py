"""What is found by being there: a file in `shells/`, `codes/` or `stores/` adds one shell, source of codes or store.

Each file of such a room is one, and its name is the one that people write; folders hold what several of them share.
"""

import os


def names(room: str) -> tuple[str, ...]:
    """Return the names of the files of a room, as in `codes` or `stores.keys`, in alphabetical order."""
    folder = os.path.join(os.path.dirname(__file__), *room.split("."))
    found = (name.removesuffix(".py") for name in os.listdir(folder) if name.endswith(".py"))
    return tuple(sorted(name for name in found if not name.startswith("_")))

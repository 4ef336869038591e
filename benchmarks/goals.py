"""What each figure should be, beside what it is: the first table of the page."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks import tables


class Goal(NamedTuple):
    """A figure that users feel, and the most that it should be.

    `part` and `figure` are where the run has put it; `over` names the figure of the same part that it is divided by.
    """

    what: str
    command: str
    part: str
    figure: str
    most: float
    unit: str = "ms"
    over: str = ""


GOALS: Sequence[Goal] = (
    Goal("hit, file, alone", "mfasession process", "alone", "alone process times", 1.10, "times bare"),
    Goal("hit, file, alone", "mfasession env", "alone", "alone env times", 1.12, "times bare"),
    Goal("hit, file, alone", "mfasession exec -- true", "alone", "alone exec -- true times", 1.15, "times bare"),
    Goal("hit, keyring", "mfasession process", "keyring", "keyring process times", 1.6, "times bare"),
    Goal("hit, kernel", "mfasession process", "kernel", "kernel process times", 1.6, "times bare"),
    Goal("login, Enter to prompt", "mfasession login", "login", "login ms", 35),
    Goal("login in a script", "mfasession login --code -", "script", "login --code - ms", 150),
    Goal("renewal of a role", "mfasession process -p ROLE", "script", "process -p ROLE ms", 150),
    Goal("renewal of a role", "mfasession exec -p ROLE -- true", "script", "exec -p ROLE -- true ms", 150),
    Goal("session in a program", "mfasession.session()", "script", "session() ms", 150),
    Goal("status, 10,000 sections", "mfasession status", "growth", "growth status, 10,002 sections ms", 25),
    Goal(
        "hit, 100,000 sections, by that of 2",
        "mfasession process",
        "growth",
        "growth process, 100,002 sections ms",
        1.3,
        "times",
        "growth process, 2 sections ms",
    ),
    Goal("edit of a file of 10 MB", "ini_edit.set_section", "editor", "replace ms", 100),
    Goal("endpoint, an idle hour", "mfasession exec --server", "idle", "hour s", 0.05, "CPU s"),
    Goal("prompt of bash", "__mfasession_hook", "hook", "bash µs", 25, "µs"),
    Goal("prompt of zsh", "__mfasession_hook", "hook", "zsh µs", 25, "µs"),
    Goal("prompt of fish", "__mfasession_hook", "hook", "fish µs", 50, "µs"),
    Goal("500 roles from one code", "mfasession exec --all-matching", "roles", "500 roles s", 1.0, "s"),
    Goal("audit of 10,000 users", "mfasession policy audit", "audit", "10000 users s", 3.35, "s"),
    Goal(
        "lint of 1,000 files, by that of 100",
        "mfasession policy lint",
        "lint",
        "1000 files s",
        10,
        "times",
        "100 files s",
    ),
    Goal("memory of a hit, file", "mfasession process", "alone", "alone process MiB", 9, "MiB"),
    Goal("memory of a hit, keyring", "mfasession process", "keyring", "keyring process MiB", 10.5, "MiB"),
    Goal("memory of a login", "mfasession login", "login", "login MiB", 30, "MiB"),
    Goal("memory of a login in a script", "mfasession login --code -", "script", "login --code - MiB", 25, "MiB"),
)


def table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return all goals, each with what was measured and how many times the goal that is."""
    head = ["where", "command", "measured", "goal", "times the goal"]
    return tables.table(head, [_row(goal, figures.get(goal.part, {})) for goal in GOALS])


def _row(goal: Goal, figures: Mapping[str, float]) -> tuple[str, ...]:
    about = (goal.what, f"`{goal.command}`")
    most = f"{goal.most:g} {goal.unit}"
    if goal.figure not in figures or (goal.over and goal.over not in figures):
        return (*about, "not measured", most, "")
    measured = figures[goal.figure] / (figures[goal.over] if goal.over else 1)
    shown = f"{measured:,.0f}" if measured >= 100 else f"{measured:.3g}"
    return (*about, f"{shown} {goal.unit}", most, f"{measured / goal.most:.2f}")

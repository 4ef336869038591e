"""Tables in Markdown, which `benchmarks/README.md` shows, and the figures that its goals are compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.interleaved import Case


@dataclass(frozen=True)
class Measured:
    """What a part has found: its text in Markdown, figures by name, why rows failed, and SVGs by their names."""

    text: str
    figures: Mapping[str, float] = field(default_factory=dict)
    failures: Sequence[str] = ()
    plots: Mapping[str, str] = field(default_factory=dict)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first column is words and all others figures."""
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def ratios(cases: Sequence[Case], prefix: str, drawn: Mapping[str, str] | None = None) -> Measured:
    """Return the table of cases, the first of which is what the others are compared with.

    The figures of a case are `PREFIX NAME ms`, `… times` and `… MiB`; those of the first one are those of `bare`.
    """
    figures: dict[str, float] = {}
    bare, rows = cases[0], []
    for case in cases:
        if case.failure:
            rows.append((case.name, "failed", "", "", "", ""))
            continue
        times, peak = case.median / bare.median, case.peak / 1024
        name = "bare" if case is bare else case.name.replace("`", "").removeprefix("mfasession ")
        figures |= {f"{prefix} {name} ms": case.median * 1000, f"{prefix} {name} times": times}
        figures[f"{prefix} {name} MiB"] = peak
        memory = (f"{peak:.1f}", f"{case.peak / bare.peak:.2f}")
        rows.append((case.name, f"{case.minimum * 1000:.1f}", f"{case.median * 1000:.1f}", f"{times:.2f}", *memory))
    head = ["command", "minimum ms", "median ms", "times bare Python", "peak MiB", "times bare Python"]
    return Measured(table(head, rows), figures, [case.failure for case in cases if case.failure], drawn or {})

"""Policies: how many requests a second are judged, and how many documents read."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.interleaved import pinned
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from mfasession.policy import callers, document, evaluation, rule
from mfasession.policy.evaluation import Policies, Request

SECONDS = 2.0
"""How long each row is measured."""


def table(_folder: Path) -> Measured:
    """The rule beside AllowAll, and a policy of the largest size that IAM takes."""
    text = json.dumps(rule.DENY_ALL_WITHOUT_MFA, indent=2)
    several = {**rule.ALLOW_ALL["Statement"][0], "Resource": [f"arn:aws:s3:::bucket-{n}/*/x" for n in range(180)]}
    large = json.dumps({"Version": document.NEW, "Statement": several}, indent=2)
    small = (document.parse(text, "rule"), document.parse(json.dumps(rule.ALLOW_ALL), "all"))
    by_resource = (document.parse(large, "large"),)
    request = Request(action="s3:GetObject", resource="arn:aws:s3:::none/a", context=callers.context(callers.MFA))
    rows = [
        (
            "`evaluation.evaluate`: a request by the rule and AllowAll",
            lambda: evaluation.evaluate(Policies(identity=small), request),
        ),
        (
            "`evaluation.evaluate`: a request by 180 ARNs with wildcards",
            lambda: evaluation.evaluate(Policies(identity=by_resource), request),
        ),
        ("`document.parse`: the rule", lambda: document.parse(text, "rule")),
        (f"`document.parse`: a policy of {document.size(large):,} characters", lambda: document.parse(large, "large")),
    ]
    with pinned():
        return Measured(as_table(["what", "a second"], [(name, f"{_a_second(do):,.0f}") for name, do in rows]))


def _a_second(do: Callable[[], object]) -> float:
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        do()
        count += 1
    return count / (time.perf_counter() - began)

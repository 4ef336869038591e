"""Policies: the rule itself, and the evaluation, explanation and lint of any policy. No I/O."""

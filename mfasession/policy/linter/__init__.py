"""Finds faults of a policy about MFA, with the place, the reason and the corrected text.

Each family of rules is a module: `operators`, `exemptions`, `grants`, `names`, and `outcome`, which comes last. Rules
consider what callers may do under the whole document, through `whole`. `engine.check` runs all rules, `engine.fixed`
applies their corrections.
"""

"""What is wrong with a policy about MFA, where, why, and the text that fixes it.

Each family of rules is a module: `operators`, `exemptions`, `grants`, `names`, and `outcome`, which comes last. What a
statement does is never judged by itself: `whole` asks what callers may do under the whole document. `running.check`
runs all rules, `running.fixed` writes what they propose, `shown` renders it for people and machines.
"""

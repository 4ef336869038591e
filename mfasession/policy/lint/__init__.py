"""What is wrong with a policy about MFA, where, why, and the text that mends it.

Each family of rules is a module: `operators`, `exemptions`, `grants`, `names`. `running.check` runs them all,
`running.fixed` writes what they propose, `shown` tells it to people and machines.
"""

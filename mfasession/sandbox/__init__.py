"""An AWS on 127.0.0.1 that really refuses, to try things and to test against. Behind the extra `sandbox`.

It verifies signatures, checks MFA codes, issues sessions that expire and enforces policies, with AWS's own codes and
texts; moto plays the services behind the gate. Nothing else of the package imports this one but its two commands.
"""

from mfasession.sandbox.account import Sandbox, SandboxAccount, SandboxRole
from mfasession.sandbox.call_log import Call
from mfasession.sandbox.handles import SandboxDevice, SandboxUser

__all__ = ["Call", "Sandbox", "SandboxAccount", "SandboxDevice", "SandboxRole", "SandboxUser"]

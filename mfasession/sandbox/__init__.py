"""An AWS on 127.0.0.1 that enforces MFA and policies, for trying and testing. Needs the extra `sandbox`.

It verifies signatures, checks MFA codes, issues sessions that expire and enforces policies, with AWS's own codes and
texts; moto emulates the services behind the gateway. Only two commands import this package.
"""

from mfasession.sandbox.account import Sandbox, SandboxAccount, SandboxRole
from mfasession.sandbox.call_log import Call
from mfasession.sandbox.handles import SandboxDevice, SandboxUser

__all__ = ["Call", "Sandbox", "SandboxAccount", "SandboxDevice", "SandboxRole", "SandboxUser"]

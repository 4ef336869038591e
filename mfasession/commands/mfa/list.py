"""`mfasession mfa list`: your devices, since when, and which one is used here. The key alone is enough."""

import json
import sys
import time
from typing import TYPE_CHECKING

from mfasession import timestamps
from mfasession.keys import locate
from mfasession.messages import complain
from mfasession.mfa import list as list_devices
from mfasession.text import in_columns
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.aws.devices import OwnDevice
    from mfasession.commands import CommandContext
    from mfasession.mfa.list import Listing

SUMMARY = "List your devices: kind, age, and which one is used here"
_NO_CODES = "gives no codes: AWS takes no FIDO answer for an API call"


class Flags(Value):
    """The flags of `mfa list`."""

    json: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--json", action="store_true", default=None, help="print a JSON array, for scripts")


def run(context: "CommandContext", flags: Flags) -> int:
    """Print the devices."""
    listed = list_devices.listing(context, locate.owner(context))
    if flags.json:
        sys.stdout.write(json.dumps([_record(listed, each) for each in listed.devices], indent=2) + "\n")
    elif listed.devices:
        sys.stdout.write(_table(listed))
    else:
        complain(
            f"user {listed.user} in {listed.account} has no MFA device",
            f"{context.command_line('mfa', 'enroll')} adds one",
        )
    return 0


def _table(listed: "Listing") -> str:
    rows = [("DEVICE", "KIND", "SINCE", "IN USE HERE", "SERIAL", "")]
    for each in listed.devices:
        device = each.device
        since = time.strftime("%Y-%m-%d", time.localtime(each.enabled))
        in_use = "yes" if device.serial == listed.in_use else "-"
        note = _NO_CODES if device.is_fido else ""
        rows.append((device.name, list_devices.kind_of(device), since, in_use, device.serial, note))
    return in_columns(rows)


def _record(listed: "Listing", each: "OwnDevice") -> dict[str, object]:
    device = each.device
    return {
        "name": device.name,
        "kind": list_devices.kind_of(device).lower(),
        "serial": device.serial,
        "user": listed.user,
        "account": listed.account,
        "enabled": timestamps.show(each.enabled),
        "in_use": device.serial == listed.in_use,
        "usable": not device.is_fido,
    }

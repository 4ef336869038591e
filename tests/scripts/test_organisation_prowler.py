"""docs/organisation/prowler: the check says of each user what the audit says. Prowler's own part is played."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest

from mfasession.policy.rule import DENY_ALL_WITHOUT_MFA
from tests.helpers.auditing import Estate
from tests.helpers.support import MFASESSION

pytestmark = pytest.mark.checkout
NAME = "iam_user_denied_without_mfa"
FOLDER = Path(__file__).parents[2] / "docs/organisation/prowler" / NAME


class Check:
    """Prowler's base class: it has the metadata of the file that is named as the check."""

    def metadata(self) -> str:
        """The text of the file."""
        return (FOLDER / f"{NAME}.metadata.json").read_text()


class Report:
    """Prowler's finding of one resource."""

    def __init__(self, metadata: str, resource: Any) -> None:
        self.check = json.loads(metadata)["CheckID"]
        self.resource_arn = resource.arn
        self.region = self.status = self.status_extended = ""


def loaded(clients: SimpleNamespace, patch: pytest.MonkeyPatch) -> Any:
    """The check's class, with Prowler's modules as far as it imports them."""
    models, service = ModuleType("models"), ModuleType("iam_client")
    models.__dict__.update(Check=Check, Check_Report_AWS=Report)
    service.__dict__.update(iam_client=clients)
    patch.setitem(sys.modules, "prowler.lib.check.models", models)
    patch.setitem(sys.modules, "prowler.providers.aws.services.iam.iam_client", service)
    patch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location(NAME, FOLDER / f"{NAME}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, NAME)


def test_a_finding_for_each_user(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Prowler's credentials, whatever the environment has; a user of whom nothing is known is for a person."""
    estate.user("covered", DENY_ALL_WITHOUT_MFA)
    key = estate.alice.key
    session = boto3.Session(key.access_key_id, key.secret_access_key.reveal())
    users = [
        SimpleNamespace(name=name, arn=f"arn:aws:iam::123456789012:user/{name}") for name in ("alice", "covered", "new")
    ]
    for name, value in {**estate.home.environ, "MFASESSION": MFASESSION, "AWS_ACCESS_KEY_ID": "another"}.items():
        monkeypatch.setenv(name, value)
    clients = SimpleNamespace(session=session, users=users, region="us-east-1")
    found = {each.resource_arn.rpartition("/")[2]: each for each in loaded(clients, monkeypatch)().execute()}
    assert {name: (each.status, each.status_extended) for name, each in found.items()} == {
        "alice": ("FAIL", "User alice can use without MFA: *."),
        "covered": ("PASS", "User covered is denied everything without MFA (directly)."),
        "new": ("MANUAL", "User new is not in the audit."),
    }
    assert {(each.region, each.check) for each in found.values()} == {("us-east-1", NAME)}

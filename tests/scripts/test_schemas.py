"""The JSON of every command has a schema. `Home.run` validates it in all tests; here is what needs no AWS."""

import json
from pathlib import Path

import pytest

from mfasession.cli import arguments, registry
from tests.helpers import schemas
from tests.helpers.kept_keys import NO_KEYRING
from tests.helpers.support import Home, key_pair, session_section

COMMANDS = [name for name in registry.names() if not registry.has_actions(registry.commands()[name])]
ACTIONS = [
    f"{name} {action}" for name in registry.names() if name not in COMMANDS for action in arguments.actions_of(name)
]
AWS_OWN = ("policy show",)
"""The JSON is a policy."""
RULE = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}\n'


def has_json(line: str) -> bool:
    """Whether a command can print JSON for scripts."""
    command, _, name = line.partition(" ")
    module = registry.find(command)
    assert module is not None
    module = registry.action(module, name) if name else module
    return "--json" in arguments.words_of(line) or "json" in getattr(module, "FORMATS", ())


@pytest.mark.parametrize("line", [line for line in [*COMMANDS, *ACTIONS] if line not in AWS_OWN])
def test_each_command_with_json_has_a_schema(line: str) -> None:
    """And no other has one."""
    assert has_json(line) == (schemas.FOLDER / f"{line.replace(' ', '-')}.json").exists()


@pytest.mark.parametrize("path", sorted(schemas.FOLDER.iterdir()), ids=lambda path: path.stem)
def test_a_schema_is_one(path: Path) -> None:
    """JSON Schema 2020-12, with an address of its own and a description for each field."""
    from jsonschema import Draft202012Validator

    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["$id"].endswith(f"/docs/schemas/{path.name}")
    fields = (schema.get("items") or schema)["properties"]
    assert all("description" in field or "properties" in field for field in fields.values())


def test_what_is_printed_without_aws(home: Home) -> None:
    """Each record is as its schema says, and there is one."""
    home.environ |= NO_KEYRING
    home.write_credentials(key_pair() + session_section())
    home.config.write_text("[default]\nregion = eu-west-1\n[profile lost]\nsource_profile = none\nrole_arn = x\n")
    home.write_settings('store = "file"\n')
    (home.folder / "policy.json").write_text(RULE)
    for words in (
        ("status", "--json"),
        ("profiles", "--json"),
        ("doctor", "--offline", "--json"),
        ("config", "list", "--json"),
        ("keys", "list", "--json"),
        ("policy", "lint", "policy.json", "--format", "json"),
        ("policy", "test", "policy.json", "--action", "s3:GetObject", "--json"),
    ):
        done = home.run(*words)
        assert json.loads(done.stdout), words


def test_a_wrong_record_is_found() -> None:
    """A field of the wrong type, one that is missing, and one that the schema does not know."""
    assert len(schemas.faults(("status", "--json"), '[{"profile": 1}]')) >= 2
    assert "'more' was unexpected" in " ".join(schemas.faults(("whoami", "--json"), '{"more": 1}'))

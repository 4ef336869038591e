"""Which parts of libraries are used that these do not document, and that the installed release still has them.

A part of another library fails until it has a row here: with its reason, and a check against the library itself. The
nightly workflow runs this with the newest releases.
"""

import argparse
import ast
import inspect
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import botocore.credentials
import botocore.handlers
import botocore.session
import botocore.utils
import keyring.core
import keyring.util.platform_
import moto.backends
import pytest
from keyring.backends import SecretService
from moto.core.base_backend import BackendDict
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.iam.models import IAMBackend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.organizations.models import organizations_backends
from moto.utilities.utils import get_partition
from prompt_toolkit.input import typeahead, vt100
from prompt_toolkit.output.vt100 import Vt100_Output

from tests.helpers.support import PACKAGE

LIBRARIES = ("boto3", "botocore", "jeepney", "keyring", "moto", "prompt_toolkit", "secretstorage", "werkzeug")
DOCUMENTED = {
    "boto3",
    "botocore.awsrequest",  # AWSRequest and AWSResponse are those of the events (botocore documentation, "Events")
    "botocore.config",
    "botocore.exceptions",
    "botocore.loaders",
    "botocore.session",
    "jeepney",
    "jeepney.io.blocking",
    "keyring",
    "keyring.backend",
    "keyring.errors",
    "prompt_toolkit.application",
    "prompt_toolkit.data_structures",
    "prompt_toolkit.formatted_text",
    "prompt_toolkit.key_binding",
    "prompt_toolkit.keys",
    "prompt_toolkit.layout",
    "secretstorage",
    "werkzeug.exceptions",
    "werkzeug.serving",
}
"""Modules that have a page in their library's documentation."""
RELEASING = Path(__file__).parents[2] / "packages"
OWN = {"_parts", "_keys", "_call", "_made_client", "_exit"}
"""Attributes of our classes that another object of the same class reads, and `os._exit`, which is documented."""


class Part(NamedTuple):
    """One part: who has it, where it is used, why, and whether it is still there."""

    package: str
    name: str
    used_in: str
    reason: str
    is_there: Callable[[], bool]


def sts() -> Any:
    """A client that sends nothing."""
    return boto3.client("sts", region_name="eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="0")


def component(name: str) -> Any:
    """What a botocore session calls by this name."""
    return botocore.session.Session().get_component(name)


def takes(function: Callable[..., Any], *names: str) -> bool:
    """Whether a function has parameters of these names."""
    return {*names} <= {*inspect.signature(function).parameters}


PARTS = (
    Part(
        *("botocore", "_endpoint", "aws/boto.py", "what sends a client's requests has its proxies and certificates"),
        lambda: callable(sts()._endpoint.http_session.send),
    ),
    Part(
        *("botocore", "_prompter", "aws/ambient.py", "a provider of credentials must not ask for a code by itself"),
        lambda: any(hasattr(each, "_prompter") for each in component("credential_provider").providers),
    ),
    Part(
        *("botocore", "botocore.credentials", "api.py", "a session that renews itself takes credentials from us"),
        lambda: (
            takes(botocore.credentials.DeferredRefreshableCredentials, "refresh_using", "method")
            and takes(botocore.credentials.CredentialResolver, "providers")
            and callable(botocore.credentials.CredentialProvider.load)
        ),
    ),
    Part(
        *("botocore", "botocore.credentials", "aws/visits.py", "what a client signs with is replaced in place"),
        lambda: {"access_key", "secret_key", "token"} <= {*vars(botocore.credentials.Credentials("a", "b"))},
    ),
    Part(
        *("botocore", "botocore.utils", "aws/boto.py", "the proxy that a request would take"),
        lambda: takes(botocore.utils.get_environ_proxies, "url"),
    ),
    Part(
        *("botocore", "botocore.utils", "aws/answer_times.py", "times that are not in the form that AWS sends"),
        lambda: takes(botocore.utils.parse_timestamp, "value"),
    ),
    Part(
        *("botocore", "botocore.handlers", "aws/account.py", "policies are decoded once, not at each user that has it"),
        lambda: any(
            each[:2] == ("after-call.iam", botocore.handlers.json_decode_policies)
            for each in botocore.handlers.BUILTIN_HANDLERS
        ),
    ),
    Part(
        *("keyring", "_keyring_backend", "stores/keyrings/backend.py", "whether a program has named a backend"),
        lambda: hasattr(keyring.core, "_keyring_backend"),
    ),
    Part(
        *(
            "keyring",
            "keyring.core",
            "stores/keyrings/backend.py",
            "a backend is chosen as `keyring` does, and checked",
        ),
        lambda: (
            takes(keyring.core.init_backend, "limit")
            and callable(keyring.core.recommended)
            and callable(keyring.core.load_env)
            and callable(keyring.core.load_config)
        ),
    ),
    Part(
        *("keyring", "keyring.util", "stores/keyrings/backend.py", "where its configuration is, which names code"),
        lambda: callable(keyring.util.platform_.config_root),
    ),
    Part(
        *("keyring", "get_preferred_collection", "stores/keyrings/safe_order.py", "gnome-keyring#195"),
        lambda: callable(SecretService.Keyring.get_preferred_collection),
    ),
    Part(
        *("moto", "moto.backends", "sandbox/moto_backend.py", "the services that moto has"),
        lambda: "iam" in moto.backends.list_of_moto_modules(),
    ),
    Part(
        *("moto", "moto.core.base_backend", "sandbox/moto_backend.py", "each sandbox begins empty"),
        lambda: callable(BackendDict.reset),
    ),
    Part(
        *("moto", "moto.core.request", "sandbox/moto_backend.py", "a request for moto's routers"),
        lambda: takes(Request.from_primitives, "method", "url", "headers"),
    ),
    Part(
        *("moto", "moto.core.routing", "sandbox/moto_backend.py", "the operation that a REST request names"),
        lambda: callable(get_service_router("s3").match),
    ),
    Part(
        *("moto", "moto.iam.models", "sandbox/moto_backend.py", "users, keys and policies, which the gateway judges"),
        lambda: callable(IAMBackend.get_groups_for_user),
    ),
    Part(
        *("moto", "moto.moto_server.werkzeug_app", "sandbox/moto_backend.py", "its services without its server"),
        lambda: (
            callable(DomainDispatcherApplication.get_backend_for_host)
            and bool(DomainDispatcherApplication(create_backend_app).backend_url_patterns)
        ),
    ),
    Part(
        *(
            "moto",
            "moto.organizations.models",
            "sandbox/moto_backend.py",
            "service control policies of an organization",
        ),
        lambda: isinstance(organizations_backends.master_accounts, dict),
    ),
    Part(
        *("moto", "moto.utilities.utils", "sandbox/moto_backend.py", "the partition of a region"),
        lambda: bool(get_partition("cn-north-1") == "aws-cn"),
    ),
    Part(
        *("prompt_toolkit", "prompt_toolkit.input.typeahead", "codes/question/screen.py", "keys for the next program"),
        lambda: callable(typeahead.clear_typeahead),
    ),
    *(
        Part(
            *(
                "prompt_toolkit",
                "prompt_toolkit.input.vt100",
                f"codes/question/{file}.py",
                "a terminal that is not stdin",
            ),
            lambda: takes(vt100.Vt100Input, "stdin"),
        )
        for file in ("choice", "drawn", "live_prompt", "screen")
    ),
    *(
        Part(
            *("prompt_toolkit", "prompt_toolkit.output.vt100", f"codes/question/{file}.py", "the same, to draw on"),
            lambda: takes(Vt100_Output, "stdout", "get_size", "term", "enable_cpr"),
        )
        for file in ("choice", "drawn", "live_prompt", "screen")
    ),
    Part(
        *("argparse", "_group_actions", "cli/parsers.py", "which flags exclude each other"),
        lambda: hasattr(argparse.ArgumentParser().add_mutually_exclusive_group(), "_group_actions"),
    ),
    Part(
        *("argparse", "_actions", "packages/man.py", "the flags, which no public part lists"),
        lambda: bool(argparse.ArgumentParser()._actions),
    ),
    Part(
        *("argparse", "_format_action_invocation", "packages/man.py", "a flag as `--help` writes it"),
        lambda: takes(argparse.HelpFormatter._format_action_invocation, "action"),
    ),
    Part(
        *("argparse", "_expand_help", "packages/man.py", "what `--help` says of a flag"),
        lambda: takes(argparse.HelpFormatter._expand_help, "action"),
    ),
)


def private_names(tree: ast.AST) -> Iterator[str]:
    """The names of others' attributes with one underscore, also those that stand in a string."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                continue
            case ast.Attribute(attr=name):
                yield name
            case ast.Call(
                func=ast.Name(id="getattr" | "hasattr" | "setattr"), args=[_, ast.Constant(value=str(name)), *_]
            ):
                yield name
            case ast.Subscript(value=ast.Call(func=ast.Name(id="vars")), slice=ast.Constant(value=str(name))):
                yield f"_{name}".removeprefix("__")


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """The modules of the libraries that are imported, also within functions."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole = node.module in ("keyring", "botocore", "moto", "prompt_toolkit")
            names = [f"{node.module}.{each.name}" for each in node.names] if whole else [node.module]
        yield from (name for name in names if name.partition(".")[0] in LIBRARIES)


def used(path: Path) -> set[str]:
    """The parts that a module of ours uses, by the names that they have in the table."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = {name for name in private_names(tree) if name.startswith("_") and not name.startswith("__")}
    return (attributes - OWN) | ({*imported_modules(tree)} - DOCUMENTED)


def test_each_private_part_is_listed() -> None:
    """A new one needs a row with its reason and a check, or a public part in its place; an old row goes."""
    places = {path: str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")}
    places |= {path: f"packages/{path.name}" for path in RELEASING.glob("*.py")}
    found = {(name, place) for path, place in places.items() for name in used(path)}
    listed = {(f"_{each.name}" if each.name.startswith("get_") else each.name, each.used_in) for each in PARTS}
    assert found - listed == set()
    assert listed - found == set()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("client._endpoint", "_endpoint"),
        ("getattr(core, '_backend', None)", "_backend"),
        ("vars(ring)['get_collection'] = 1", "_get_collection"),
        ("from keyring import core", "keyring.core"),
        ("import botocore.utils", "botocore.utils"),
        ("def f():\n    from moto.core import x", "moto.core"),
    ],
)
def test_a_private_part_is_found(tmp_path: Path, source: str, name: str) -> None:
    """However it is written."""
    (tmp_path / "module.py").write_text(source)
    assert used(tmp_path / "module.py") == {name}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.package}: {part.name} in {part.used_in}")
def test_the_part_is_there(part: Part) -> None:
    """In the release that is installed here, as it is used."""
    try:
        is_there = part.is_there()
    except AttributeError:
        is_there = False
    release = "Python's" if part.package == "argparse" else f"{part.package} {version(part.package)}:"
    assert is_there, f"{release} {part.name} has changed: look at {part.used_in} ({part.reason})"

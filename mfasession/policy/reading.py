"""Reads policies: a document of its own, and those inside templates, plans, states and AWS's answers."""

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from mfasession.errors import ConfigurationError
from mfasession.files import inputs
from mfasession.policy import document, located_json, unwrap
from mfasession.policy.document import Document, Kind, Malformed, Problem
from mfasession.policy.located_json import Node, Place
from mfasession.text import printable
from mfasession.values import Value

Policy = str | Mapping[str, Any] | os.PathLike[str]
"""A policy: JSON text, the same as a mapping, or the path of a file that holds the text."""

_UNNAMED = "the policy"
_TERRAFORM = re.compile(
    r"^\s*(resource|data|module|variable|provider|terraform|locals|output)\b[^\n:]*\{", re.MULTILINE
)
_YAML = re.compile(r"(---|%YAML|#|[A-Za-z][\w.]*\s*:(\s|$)|- )", re.MULTILINE)
_CONTAINERS = ("Resources", "planned_values", "values", "resource_changes", "TemplateBody")
"""Members of documents that hold policies, if only by chance none."""


class Extracted(Value):
    """The policies in a text, in its order."""

    documents: tuple[Document, ...]
    """Each with the line numbers of the text; empty only if all policies are undecided."""
    undecided: tuple[str, ...] = ()
    """Places of policies that only an applied plan or a created stack has, as in `aws_iam_policy.later.policy`."""
    is_plain: bool = False
    """Whether the text is one policy and nothing else, so that it can be edited in place."""


def read(policy: Policy, *, name: str = "", kind: Kind | None = None, limit: int = document.LONGEST) -> Document:
    """Return the policy that a JSON text, a mapping or a file is.

    `name` stands for it in errors and answers; without one it is the file's name. `kind`: required kind; None takes
    any and detects it from the elements. `limit`: the most characters without white space, as in MANAGED_SIZE.

    Raises Malformed for what AWS would refuse (IAM User Guide, "Grammar of the IAM JSON policy language"): all its
    `problems` have a line and a column. Names of actions, keys and ARNs are not checked. For a path that cannot be
    read it raises ConfigurationError, of which Malformed is a kind.

    >>> found = read('{"Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}')
    >>> found.statements[0].effect, found.statements[0].actions
    ('Deny', ('iam:*',))
    >>> try:
    ...     read({"Statement": {"Effect": "deny", "Action": "*", "Resource": "*"}}, name="ours")
    ... except Malformed as error:
    ...     print(error.message, error.place.path, sep=" at ")
    ours, line 3: Effect must be Allow or Deny, with these capitals at Statement.Effect
    """
    if isinstance(policy, Mapping):
        return document.parse(_written(policy, name or _UNNAMED), name or _UNNAMED, limit=limit, kind=kind)
    if isinstance(policy, str):
        return _of_text(policy, name or _UNNAMED, limit, kind)
    path = _path(policy)
    return document.parse(_of_file(path, document.LONGEST), name or printable(path), limit=limit, kind=kind)


def extract(text: str | os.PathLike[str], *, name: str = "", limit: int = document.LONGEST) -> Extracted:
    """Return the policies in a text, or in the file at a path.

    It takes a policy, JSON and YAML templates of CloudFormation (YAML needs PyYAML), `terraform show -json` of a plan
    or a state, answers of the AWS CLI, and what of these is URL-encoded. `limit`: as in `read`; inside something else
    a policy may have ROLE_SIZE at least. Raises Malformed for a policy that AWS would refuse, and ConfigurationError
    for a text without policies, for Terraform's code, which is not known before it is planned, and as `read`.

    >>> answer = '{"PolicyVersion": {"Document": {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}}}'
    >>> [each.where for each in extract(answer, name="answer.json").documents]
    ['answer.json, PolicyVersion.Document']
    """
    if isinstance(text, str):
        return _extracted(text, name or _UNNAMED, limit)
    path = _path(text)
    return _extracted(_of_file(path, unwrap.LONGEST), name or printable(path), limit)


@lru_cache(maxsize=1024)
def _parsed(text: str, name: str, limit: int, kind: Kind | None) -> Document:
    return document.parse(text, name, limit=limit, kind=kind)


def _of_text(text: str, name: str, limit: int, kind: Kind | None) -> Document:
    parse = _parsed if len(text) <= document.RESOURCE_SIZE else _parsed.__wrapped__
    try:
        return parse(text, name, limit, kind)
    except Malformed as error:
        if "{" not in text:
            error.hint = 'the text of a policy is expected; a file is read as in read(pathlib.Path("policy.json"))'
        raise


def _path(path: os.PathLike[str]) -> str:
    """The path's text. Raises TypeError for what is no path of text."""
    found = os.fspath(path)
    if not isinstance(found, str):
        raise TypeError("a policy is JSON text, a mapping or a path")
    return found


def _written(policy: Mapping[str, Any], name: str) -> str:
    try:
        return json.dumps(policy, indent=2, allow_nan=False, default=_as_dict)
    except (TypeError, ValueError, RecursionError) as error:
        start = Place(line=1, column=1, path="")
        raise Malformed(name, (Problem(what=f"not JSON: {error}", place=start),)) from None


def _as_dict(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__}")


def _of_file(path: str, longest: int) -> str:
    if "\0" in path:
        raise ConfigurationError("a path has no NUL character", "name a file that holds a policy, as JSON")
    # In UTF-8 a character has up to 4 bytes; most have one.
    text = inputs.read(path, 2 * longest)
    if text is None:
        raise ConfigurationError(f"there is no file {printable(path)}", "name a file that holds a policy, as JSON")
    return text


def _extracted(text: str, where: str, limit: int) -> Extracted:
    text = unwrap.decoded(text)
    if len(text) > unwrap.LONGEST:
        raise ConfigurationError(
            f"{where} is too large: more than {unwrap.LONGEST // 1_000_000} million characters",
            "give the policies alone",
        )
    root = _tree(text, where)
    if root is not None and root.kind == "string":
        return _extracted(root.text, where, limit)
    body = root.get("TemplateBody") if root is not None else None
    if body is not None and body.kind == "string":
        return _extracted(body.text, where, limit)
    if root is None or _is_alone(root):
        plain = text if root is None or text.lstrip()[:1] == "{" else unwrap.laid_out(root)
        line = 1 if root is None or plain is text else root.place.line
        parsed = document.parse(plain, where, limit=limit, kind=None, first_line=line)
        return Extracted(documents=(parsed,), is_plain=plain is text)
    return _inside(body or root, where, limit)


def _is_alone(root: Node) -> bool:
    """Whether the document is a policy, or nothing that policies are looked for in."""
    if unwrap.is_policy(root) or root.get("Statement") is not None:
        return True
    return root.kind not in ("object", "list") or (not root.members and not root.items)


def _inside(root: Node, where: str, limit: int) -> Extracted:
    found = unwrap.read(root)
    if not found.found and not found.unknown:
        if any(root.get(name) is not None for name in _CONTAINERS):
            raise ConfigurationError(f"there is no policy in {where}", "name a file that holds one")
        document.parse(unwrap.laid_out(root), where, limit=limit, kind=None)
    limit = max(limit, document.ROLE_SIZE)
    names = [f"{where}, {printable(each.name)}" for each in found.found]
    parsed = (
        document.parse(each.text, name, limit=limit, kind=None, first_line=each.first_line)
        for each, name in zip(found.found, names, strict=True)
    )
    return Extracted(documents=tuple(parsed), undecided=found.unknown)


def _tree(text: str, where: str) -> Node | None:
    """The document that a text is, in JSON or YAML; None for a text that is neither. Raises ConfigurationError."""
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            return unwrap.tree(text)
        except located_json.NotJson:
            return None
    if _TERRAFORM.search(text):
        raise ConfigurationError(
            f"{where} is Terraform code: what it makes of it is not known before it is planned",
            "terraform plan -out plan; terraform show -json plan > plan.json; then give plan.json",
        )
    if not _YAML.match(text.lstrip()):
        return None
    from mfasession.policy import yaml_nodes

    try:
        return yaml_nodes.read(text, where)
    except located_json.NotJson as error:
        raise Malformed(where, (Problem(what=f"not YAML: {error}", place=error.place),)) from None

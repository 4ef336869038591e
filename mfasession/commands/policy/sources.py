"""Where policies come from: a file, stdin, or an account; alone, or in what Terraform, CloudFormation and AWS write."""

import os
import re
import sys
from typing import TYPE_CHECKING

from mfasession.aws.errors import NotFound
from mfasession.commands.policy import credentials
from mfasession.errors import ConfigurationError, UsageError
from mfasession.files import inputs
from mfasession.messages import complain
from mfasession.policy import document, located_json, unwrap
from mfasession.policy.document import Kind
from mfasession.text import printable
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.commands import CommandContext
    from mfasession.policy.document import Document
    from mfasession.policy.located_json import Node

_POLICY = re.compile(r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", re.ASCII)
_TERRAFORM = re.compile(
    r"^\s*(resource|data|module|variable|provider|terraform|locals|output)\b[^\n:]*\{", re.MULTILINE
)
_YAML = re.compile(r"(---|%YAML|#|[A-Za-z][\w.]*\s*:(\s|$)|- )", re.MULTILINE)
_CONTAINERS = ("Resources", "planned_values", "values", "resource_changes", "TemplateBody")
"""What documents have that hold policies, if only by chance none."""


class Source(Value):
    """The policies of one source. `is_plain`: it is one policy and nothing else, so that it can be edited in place."""

    documents: "tuple[Document, ...]"
    is_plain: bool


def name_of(source: str) -> str:
    """Return what people call a source."""
    return "stdin" if source == "-" else printable(source)


def is_file(source: str) -> bool:
    """Return whether a source is a file's path."""
    return source != "-" and not source.startswith("arn:")


def path_of(source: str) -> str:
    """Return the file of a source, or `-`; without what follows a `#` there to choose among its policies."""
    return _split(source)[0]


def read(source: str, context: "CommandContext", *, limit: int = document.MANAGED_SIZE) -> Source:
    """Return the policies of a file, of stdin for `-`, of the account for an ARN; of FILE#NAME, those named NAME.

    `limit`: the characters without white space that one may have; AWS's own policies in an account may have more.
    Policies of any kind are taken. Raises Malformed, ConfigurationError for a source without policies, and what
    `text_of` raises.
    """
    if not is_file(source) and path_of(source) != "-":
        parsed = document.parse(text_of(source, context), name_of(source), limit=document.LONGEST)
        return Source(documents=(parsed,), is_plain=True)
    path, chosen = _split(source)
    found = _in_text(text_of(path, context), name_of(path), limit)
    if not chosen:
        return found
    these = tuple(each for each in found.documents if _is_chosen(each.where, f"{name_of(path)}, {chosen}"))
    if not these:
        there = ", ".join(each.where.partition(", ")[2] for each in found.documents) or "one policy, without a name"
        raise ConfigurationError(f"{name_of(path)} has no policy {printable(chosen)}", f"it has {there}")
    return Source(documents=these, is_plain=False)


def one(source: str, context: "CommandContext", *, limit: int = document.MANAGED_SIZE) -> "Document":
    """Return the identity policy that a source is. Raises what `read` raises, and ConfigurationError for any other."""
    found = read(source, context, limit=limit)
    (parsed, *others) = found.documents
    if others or not found.is_plain:
        raise ConfigurationError(
            f"{name_of(source)} is not a policy but holds {len(found.documents)}", "save the one that you mean alone"
        )
    if parsed.kind is not Kind.IDENTITY:
        raise ConfigurationError(
            f"{parsed.where} is a {parsed.kind.value}: it has Principal",
            "users and groups have policies without it, as mfasession policy show prints one",
        )
    return parsed


def text_of(source: str, context: "CommandContext", hint: str = "name a file that holds a policy, as JSON") -> str:
    """Return the text of a policy: of the file, of stdin for `-`, of the account for an ARN.

    `hint`: what to do where there is no such file. Raises ConfigurationError, UsageError, AwsRefused,
    AwsUnreachable, and what keeps a session from being made.
    """
    if source == "-":
        return sys.stdin.buffer.read(unwrap.LONGEST + 1).decode("utf-8", "surrogateescape") if sys.stdin else ""
    if not is_file(source):
        return _text_in_account(source, context)
    text = inputs.read(source, 2 * unwrap.LONGEST)
    if text is None:
        raise ConfigurationError(f"there is no file {printable(source)}", hint)
    return text


def _text_in_account(arn: str, context: "CommandContext") -> str:
    if not _POLICY.fullmatch(arn):
        hint = "as in arn:aws:iam::123456789012:policy/NAME; a file of that name is ./arn:…"
        raise UsageError(f"{printable(arn)} is not the ARN of a policy", hint)
    from mfasession.aws.policies import AwsPolicies

    profile, key = credentials.caller(context)
    try:
        return AwsPolicies(profile, key, context.environ).text(arn)
    except NotFound:
        command = credentials.aws_command(context, "aws iam list-policies --scope Local")
        raise NotFound(f"there is no policy {arn}", f"see what there is: {command}") from None


def _split(source: str) -> tuple[str, str]:
    path, mark, chosen = source.partition("#")
    if not mark or source.startswith("arn:") or os.path.exists(source):
        return source, ""
    return path, chosen


def _is_chosen(where: str, wanted: str) -> bool:
    return where == wanted or where.startswith((f"{wanted}.", f"{wanted}["))


def _in_text(text: str, where: str, limit: int) -> Source:
    """The policies of a text. Raises Malformed, ConfigurationError."""
    text = unwrap.decoded(text)
    if len(text) > unwrap.LONGEST:
        raise ConfigurationError(
            f"{where} is too large: more than {unwrap.LONGEST // 1_000_000} million characters",
            "give the policies alone",
        )
    root = _tree(text, where)
    if root is not None and root.kind == "string":
        return _in_text(root.text, where, limit)
    body = root.get("TemplateBody") if root is not None else None
    if body is not None and body.kind == "string":
        return _in_text(body.text, where, limit)
    if root is None or _is_alone(root):
        plain = text if root is None or text.lstrip()[:1] == "{" else unwrap.laid_out(root)
        line = 1 if root is None or plain is text else root.place.line
        parsed = document.parse(plain, where, limit=limit, kind=None, first_line=line)
        return Source(documents=(parsed,), is_plain=plain is text)
    return _inside(body or root, where, limit)


def _is_alone(root: "Node") -> bool:
    """Whether the document is a policy, or nothing that policies are looked for in."""
    if unwrap.is_policy(root) or root.get("Statement") is not None:
        return True
    return root.kind not in ("object", "list") or (not root.members and not root.items)


def _inside(root: "Node", where: str, limit: int) -> Source:
    found = unwrap.read(root)
    if found.unknown:
        later = ", ".join(map(printable, found.unknown))
        complain(f"{where}: decided only when it is applied, and so not looked at: {later}")
    if not found.found:
        if any(root.get(name) is not None for name in _CONTAINERS):
            raise ConfigurationError(f"there is no policy in {where}", "name a file that holds one")
        document.parse(unwrap.laid_out(root), where, limit=limit, kind=None)
    limit = max(limit, document.ROLE_SIZE)
    names = [f"{where}, {printable(each.name)}" for each in found.found]
    parsed = (
        document.parse(each.text, name, limit=limit, kind=None, first_line=each.first_line)
        for each, name in zip(found.found, names, strict=True)
    )
    return Source(documents=tuple(parsed), is_plain=False)


def _tree(text: str, where: str) -> "Node | None":
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
        raise document.Malformed(where, (document.Problem(what=f"not YAML: {error}", place=error.place),)) from None

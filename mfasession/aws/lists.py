"""Reads the long lists in IAM's answers: only the elements that are wanted, in one walk.

botocore's parser looks at every element several times, and reads times that are not used: that took more of an audit
than its evaluation. Its events `before-parse` let a handler take over the body (Source: botocore, `endpoint.py`).
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import Any

Shape = type[str] | type[bool] | list[Any] | dict[str, Any]
"""`str` and `bool` are texts; `[shape]` is a list of it, `{name: shape}` a structure, of which others are left out."""
Read = Callable[[Any], Any]
"""Takes an element, returns its value as botocore does."""
_OK = 200


def reader(shape: Shape) -> Read:
    """Return the function that reads an element of this shape. It raises ValueError for one that is there twice."""
    if shape is str:
        return _text
    if shape is bool:
        return lambda element: element.text == "true"
    if isinstance(shape, list):
        member = reader(shape[0])
        return lambda element: [member(each) for each in element]
    if isinstance(shape, dict):
        return _structure({name: reader(each) for name, each in shape.items()})
    raise TypeError(shape)


def take_over(client: Any, operation: str, shape: Shape) -> None:
    """Have a client of botocore read the result of an operation by this shape, where IAM answers in XML as today."""
    if client.meta.service_model.resolved_protocol != "query":
        return
    wrapper, read = f"{operation}Result", reader(shape)

    def parse(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
        if response_dict["status_code"] != _OK:
            return
        # As botocore does; expat itself limits what entities grow to.
        root = ET.fromstring(response_dict["body"], ET.XMLParser(encoding="utf-8"))  # noqa: S314
        result = next((each for each in root if _name(each.tag) == wrapper), None)
        if result is not None:
            customized_response_dict.update(read(result))
            response_dict["body"] = f"<{operation}Response><{wrapper}/></{operation}Response>".encode()

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-parse.{service}.{operation}", parse)


def _structure(readers: Mapping[str, Read]) -> Read:
    known: dict[str, tuple[str, Read | None]] = {}

    def read(element: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in element:
            tag = each.tag
            if tag not in known:
                known[tag] = _name(tag), readers.get(_name(tag))
            name, value = known[tag]
            if value is not None:
                if name in found:
                    raise ValueError(f"{name} is there twice")
                found[name] = value(each)
        return found

    return read


def _text(element: Any) -> str:
    return element.text or ""


def _name(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]

"""A base for frozen values that costs nothing to import.

`dataclasses` and `typing` cost more time than a bare interpreter start (16 and 9 ms against 11), and the path of every
command builds values. So the declaration is a dataclass's, checked by mypy through `dataclass_transform` (PEP 681), and
the machinery is these few lines.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """Do nothing: the real one is there for type checkers alone."""
        return lambda cls: cls


class Secret:
    """A string that shows itself to nobody but the caller of `reveal`. Compares in constant time."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the secret text, for the one place that must write or send it."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest

        # Files are read with surrogateescape, and whatever was read can be compared.
        ours, theirs = self.__value.encode("utf-8", "surrogatepass"), other.__value.encode("utf-8", "surrogatepass")
        return compare_digest(ours, theirs)

    def __hash__(self) -> int:
        return hash(self.__value)

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __reduce__(self) -> "NoReturn":
        raise TypeError("a secret is not pickled")


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Value:
    """A frozen record of the annotated fields, set by keyword. Class attributes are defaults."""

    __fields__: "tuple[str, ...]" = ()

    def __init_subclass__(cls) -> None:
        annotations = cls.__dict__.get("__annotations__", {})  # noqa: RUF063  # `inspect` costs more than all of this
        own = tuple(name for name in annotations if not name.startswith("__"))
        cls.__fields__ = cls.__fields__ + own

    def __init__(self, **fields: "Any") -> None:
        if unknown := set(fields) - set(self.__fields__):
            raise TypeError(f"{type(self).__name__} has no field {sorted(unknown)}")
        for name in self.__fields__:
            if name in fields:
                self.__dict__[name] = fields[name]
            elif not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} needs {name}")

    def __setattr__(self, name: str, value: object) -> "NoReturn":
        raise AttributeError(f"{type(self).__name__} is frozen: {name}")

    def __delattr__(self, name: str) -> "NoReturn":
        raise AttributeError(f"{type(self).__name__} is frozen: {name}")

    def replace(self, **changes: "Any") -> "Self":
        """Return a copy with these fields changed."""
        return type(self)(**{**self.__dict__, **changes})

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__fields__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__fields__))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__fields__)
        return f"{type(self).__name__}({shown})"

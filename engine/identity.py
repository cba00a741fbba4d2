"""An object as a key: by what it is, not by what it equals."""

from typing import Any


class ByIdentity:
    """Equal where `value` is the very same object, which it keeps alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and other.value is self.value

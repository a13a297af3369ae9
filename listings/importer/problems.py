"""What is wrong with a row, a mapping or a file."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

EXCERPT = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: in which field, what, and the beginning of the value. `field` is empty for a whole row."""

    field: str
    message: str
    value: str = ""

    @classmethod
    def of(cls, field: str, message: str, value: object = "") -> "Problem":
        """Note a problem; of the value only the beginning is kept."""
        text = " ".join(str(value).split())
        return cls(field, message, text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…")


class MappingError(Exception):
    """The mapping cannot be used, or does not fit the file; the message says where."""


class UnreadableError(Exception):
    """The file cannot be read (on); the message says why."""


class RuleError(Exception):
    """A value does not do what its rule asks."""

    def __init__(self, message: str, value: object = "") -> None:
        super().__init__(message)
        self.message = message
        self.value = value


class RecordRefusedError(Exception):
    """The record cannot be stored."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


def problems_of(error: ValidationError, values: Any, prefix: str = "") -> list[Problem]:
    """Give a problem for each message."""
    if not hasattr(error, "error_dict"):
        return [Problem.of(prefix.rstrip("."), message) for message in error.messages]
    return [
        Problem.of(f"{prefix}{name}" if name != "__all__" else prefix.rstrip("."), message, values.get(name, ""))
        for name, messages in error.message_dict.items()
        for message in messages
    ]

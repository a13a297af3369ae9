"""Make Django fail in tests where it would guess: undefined template variables, unordered queries, wide locks."""

import sys
from pathlib import Path
from typing import Any

from django.db.models.expressions import OrderBy
from django.db.models.functions import Random
from django.db.models.sql.compiler import SQLAggregateCompiler, SQLCompiler
from django.template.base import Node

ROOT = Path(__file__).resolve().parent.parent

undefined_variables: list[str] = []


class UndefinedVariableError(AssertionError):
    """A template of ours names a variable that its context does not have."""


class UndefinedVariableFails(str):
    """For string_if_invalid: raise when one of our templates outputs an undefined variable.

    Templates of installed packages (the admin's, allauth's) keep Django's leniency.
    """

    __slots__ = ()

    def __mod__(self, variable: object) -> str:
        origin = _template_being_rendered()
        if origin is None:
            return ""
        message = f"{variable} in {origin}"
        undefined_variables.append(message)
        raise UndefinedVariableError(message)


def _template_being_rendered() -> str | None:
    frame: Any = sys._getframe(2)
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None) is not None:
            path = Path(str(node.origin.name))
            inside = path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / ".venv")
            return path.relative_to(ROOT).as_posix() if inside else None
        frame = frame.f_back
    return None


def shuffle_unordered_queries() -> None:
    """Give every query without an order a random one, so that no test leans on the order of a table."""
    original = SQLCompiler.get_order_by

    def get_order_by(self: Any) -> Any:
        result = original(self)
        query = self.query
        if (
            result
            or isinstance(self, SQLAggregateCompiler)
            or query.distinct
            or query.combinator
            or query.subquery
            or query.group_by is not None
            or query.extra_select
            or not self.select
        ):
            return result
        expression = OrderBy(Random()).resolve_expression(query, allow_joins=True, reuse=None)
        sql, params = self.compile(expression)
        return [(expression, (sql, params, False))]

    SQLCompiler.get_order_by = get_order_by  # type: ignore[method-assign]


def require_of_in_locks() -> None:
    """Refuse a lock that also takes the rows it joins: select_for_update with select_related needs `of=`."""
    original = SQLCompiler.as_sql

    def as_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        query = self.query
        if query.select_for_update and query.select_related and not query.select_for_update_of:
            raise AssertionError("select_for_update with select_related locks joined rows too: say of=('self',).")
        return original(self, *args, **kwargs)

    SQLCompiler.as_sql = as_sql  # type: ignore[method-assign]

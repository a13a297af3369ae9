"""GET cannot write.

Every GET, HEAD and OPTIONS runs its view under a guard that refuses any statement but a read.
A view that must write on GET says so with `@writes_on_get("reason")`; third-party views are listed by module.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from django.db import connection
from django.http import HttpRequest, HttpResponse

View = TypeVar("View", bound=Callable[..., Any])
READS = ("SELECT", "SHOW", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "DECLARE", "FETCH", "CLOSE")
EXEMPT_MODULES = ("allauth.",)  # sign-in flows of the library keep state on GET (mail confirmation, OIDC callbacks)


class WriteOnGet(AssertionError):
    """A view tried to write while answering a GET."""


def writes_on_get(reason: str) -> Callable[[View], View]:
    """Let a view write on GET, for a stated reason."""
    assert reason

    def mark(view: View) -> View:
        view.writes_on_get = reason  # type: ignore[attr-defined]
        return view

    return mark


def refuse_writes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Run a read; raise WriteOnGet on anything else."""
    statement = sql.lstrip(" (\n").upper()
    if not statement.startswith(READS) or " FOR UPDATE" in statement:
        raise WriteOnGet(f"A GET tried to write: {sql[:200]}")
    return execute(sql, params, many, context)


class ReadOnlyMiddleware:
    """Wrap the view of every safe request in the guard."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ExitStack() as guard:
            request.read_only_guard = guard  # type: ignore[attr-defined]
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Put up the guard that falls when the answer is made; Django calls the view and handles its errors."""
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            return
        target = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
        if getattr(view, "writes_on_get", "") or getattr(target, "writes_on_get", ""):
            return
        if (getattr(target, "__module__", "") or "").startswith(EXEMPT_MODULES):
            return
        request.read_only_guard.enter_context(connection.execute_wrapper(refuse_writes))  # type: ignore[attr-defined]

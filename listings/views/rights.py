"""IP rights: a list, and a page for each right with its owners."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from listings import policies, selectors, services
from listings.forms import OwnerFormSet, RightForm
from listings.views.lookup import find, posted_version, url
from listings.views.steps import step_context, step_named
from marketplace.kit.errors import Conflict, Stale, require
from marketplace.kit.formrows import wants_row, with_added_row

PREFIX = "owners"


def overview(request: HttpRequest, technology: Any, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """List the rights of a draft."""
    context |= {"rights": selectors.rights_of(technology), "version": technology.version}
    context.setdefault("problem", "")
    return render(request, "listings/step_rights.html", context, status=status)


@require_http_methods(["GET", "POST"])
def edit_right(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show and save the `number`th right (from 1); one beyond the last adds a right."""
    technology = find("technology", request.user, pk)
    require(policies.can_edit(request.user, technology))
    stored = selectors.rights_as_rows(technology)
    # A right that was taken away meanwhile is a stale form when it is sent, and nothing to show when asked for.
    if number < 1 or number > 100 or (request.method == "GET" and number > len(stored) + 1):
        raise Http404
    if request.method == "POST":
        return _save(request, technology, stored, number)
    if not technology.is_editable:
        messages.info(request, _("This cannot be edited in its present state. Take it back or withdraw it first."))
        return redirect(url(technology, "manage"))
    row = dict(stored[number - 1]) if number <= len(stored) else {}
    owners = row.pop("owners", None)
    if owners is None:
        owners = [{"name": str(technology.organisation), "share_pct": 100}]
    form = RightForm(initial=row)
    return _show(request, technology, number, form, OwnerFormSet(initial=owners, prefix=PREFIX))


def _save(request: HttpRequest, technology: Any, stored: list[dict[str, Any]], number: int) -> HttpResponse:
    version = posted_version(request)
    form = RightForm(request.POST)
    if wants_row(request.POST, PREFIX):
        more = OwnerFormSet(with_added_row(request.POST, PREFIX), prefix=PREFIX)
        return _show(request, technology, number, form, more, version=version)
    owners: Any = OwnerFormSet(request.POST, prefix=PREFIX)
    if not (form.is_valid() and owners.is_valid()):
        return _show(request, technology, number, form, owners, version=version)
    row = {**form.cleaned_data, "owners": owners.owners()}
    rows = [*stored[: number - 1], row, *stored[number:]]
    try:
        services.save_technology(technology=technology, actor=request.user, version=version, ip_rights=rows)
    except Stale as error:
        now = find("technology", request.user, technology.pk)
        return _show(
            request, now, number, form, owners, version=now.version, problem=error.message,
            rights=selectors.rights_of(now), status=409,
        )  # fmt: skip
    except Conflict as error:
        return _show(request, technology, number, form, owners, version=version, problem=error.message, status=409)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _show(request, technology, number, form, owners, version=version)
    messages.success(request, _("The right is saved."))
    return redirect(url(technology, "edit", "rights"))


def _show(
    request: HttpRequest,
    technology: Any,
    number: int,
    form: Any,
    owners: Any,
    *,
    version: int | None = None,
    problem: str = "",
    rights: Any = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **step_context(technology, step_named("technology", "rights")),
        "number": number,
        "form": form,
        "owners": owners,
        "version": technology.version if version is None else version,
        "problem": problem,
        "rights": rights,
        "back_url": url(technology, "edit", "rights"),
    }
    return render(request, "listings/right.html", context, status=status)


@require_POST
def remove_right(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Take a right off the draft."""
    technology = find("technology", request.user, pk)
    require(policies.can_edit(request.user, technology))
    stored = selectors.rights_as_rows(technology)
    kept = [row for place, row in enumerate(stored, 1) if place != number]
    # The service refuses a stale version before it looks at the rows.
    services.save_technology(
        technology=technology, actor=request.user, version=posted_version(request), ip_rights=kept
    )  # fmt: skip
    messages.success(request, _("The right is removed."))
    return redirect(url(technology, "edit", "rights"))

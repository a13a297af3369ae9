"""The long forms: a page a topic, saved as they go."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.selectors import organisations_of
from listings import policies, selectors, services
from listings.forms import START_FORMS, WIZARDS, Step, say_language
from listings.views import documents, rights
from listings.views.lookup import WORDS, find, posted_version, url
from listings.views.steps import step_context, step_named
from marketplace.kit.errors import Conflict, Stale, require
from marketplace.kit.formrows import wants_row, with_added_row


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, kind: str) -> HttpResponse:
    """Start a draft: on whose behalf, in which language, its title."""
    form_class = START_FORMS[kind]
    user: Any = request.user
    require(
        organisations_of(user, *form_class.roles).exists(),
        _("Only people with a fitting role in an organisation can do this. Ask its administrator for a seat."),
    )
    if request.method == "POST":
        form = form_class(request.POST, user=user)
        if form.is_valid():
            values = dict(form.cleaned_data)
            create: Any = services.create_technology if kind == "technology" else services.create_demand
            try:
                listing = create(actor=user, **values)
            except ValidationError as error:
                add_errors(form, error)
            else:
                return redirect(
                    url(listing, "edit", WIZARDS[kind][0].slug if kind == "demand" else WIZARDS[kind][1].slug)
                )
    else:
        language = "en" if request.LANGUAGE_CODE == "en" else "vi"
        form = form_class(user=user, initial={"draft_key": uuid.uuid4(), "language": language})
    return render(request, "listings/start.html", {"form": form, "kind": kind, "word": WORDS[kind]})


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: str, pk: int, slug: str) -> HttpResponse:
    """Show and save one step of a draft."""
    listing = find(kind, request.user, pk)
    require(policies.can_edit(request.user, listing))
    step = step_named(kind, slug)
    if request.method == "POST" and step.slug not in {"rights", "documents"}:
        return _save(request, listing, step)
    if not listing.is_editable and step.slug != "documents":
        return _to_manage(request, listing)
    if step.slug == "rights":
        return rights.overview(request, listing, step_context(listing, step))
    if step.slug == "documents":
        return documents.step(request, listing, step_context(listing, step))
    form = step.form(instance=listing) if step.form else None
    rows = step.rows(listing) if step.rows else None
    return _show(request, listing, step, form, rows)


def _to_manage(request: HttpRequest, listing: Any) -> HttpResponse:
    messages.info(request, _("This cannot be edited in its present state. Take it back or withdraw it first."))
    return redirect(url(listing, "manage"))


def _show(
    request: HttpRequest,
    listing: Any,
    step: Step,
    form: Any,
    rows: Any,
    *,
    version: int | None = None,
    stale: list[dict[str, Any]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    for part in [form, *(rows.forms if rows else ())]:
        if part is not None:
            say_language(part, listing.language)
    context = {
        **step_context(listing, step),
        "form": form,
        "rows": rows,
        "version": listing.version if version is None else version,
        "stale": stale,
        "problem": problem,
    }
    return render(request, step.template, context, status=status)


def _save(request: HttpRequest, listing: Any, step: Step) -> HttpResponse:
    version = posted_version(request)
    stored = find(listing.kind, request.user, listing.pk)  # the form writes what was typed onto `listing`
    form = step.form(request.POST, instance=listing) if step.form else None
    if step.rows and wants_row(request.POST, step.prefix):
        rows = step.rows(stored, with_added_row(request.POST, step.prefix))
        return _show(request, stored, step, form, rows, version=version)
    rows = step.rows(stored, request.POST) if step.rows else None
    if not all(part.is_valid() for part in (form, rows) if part is not None):
        return _show(request, stored, step, form, rows, version=version)
    changes: dict[str, Any] = form.changes() if form is not None else {}
    if rows is not None:
        changes[step.prefix] = [
            {name: value for name, value in row.cleaned_data.items() if name != "DELETE"}
            for row in rows.forms
            if row.cleaned_data.get("claim") and not row.cleaned_data.get("DELETE")
        ]
    try:
        save(listing=stored, actor=request.user, version=version, **changes)
    except Stale as error:
        now = find(listing.kind, request.user, listing.pk)
        comparison = compare(step, now, form, rows)
        return _show(
            request, now, step, form, rows, version=now.version, stale=comparison, problem=error.message, status=409
        )
    except Conflict as error:
        return _show(request, stored, step, form, rows, version=version, problem=error.message, status=409)
    except ValidationError as error:
        add_errors(form, error)
        return _show(request, stored, step, form, rows, version=version)
    if "more_fields" in request.POST or "ipc" in request.POST:
        _tell_fields(request, form, changes)
    then = request.POST.get("then", "")
    if then == "leave":
        messages.success(request, _("Saved. You can go on later."))
        return redirect(url(listing, "manage"))
    if then in PRICE_PAGES and listing.kind == "technology":
        return redirect(PRICE_PAGES[then], listing.pk)
    return redirect(step_context(stored, step)["next_url"])


def _tell_fields(request: HttpRequest, form: Any, changes: dict[str, Any]) -> None:
    """Say so when the field was taken from the IPC symbols."""
    if not request.POST.get("main_field") and not request.POST.getlist("more_fields") and changes.get("fields"):
        names = ", ".join(str(field) for field in changes["fields"])
        messages.info(
            request,
            _("You chose no field, so your IPC symbols gave it: %(fields)s. “Applications and field” changes it.")
            % {"fields": names},
        )


def save(*, listing: Any, actor: Any, version: int, **changes: Any) -> Any:
    """Save a step through the service of its kind."""
    if listing.kind == "technology":
        return services.save_technology(technology=listing, actor=actor, version=version, **changes)
    return services.save_demand(demand=listing, actor=actor, version=version, **changes)


def compare(step: Step, now: Any, form: Any, rows: Any) -> list[dict[str, Any]]:
    """Give label, what is stored now and what was typed, for each field of the step that differs."""
    if form is not None and step.form is not None:
        before, after = dict(step.form(instance=now).shown()), dict(form.shown())
    else:
        before = {_("Rows"): row_lines(selectors.advantages_as_rows(now))}
        after = {_("Rows"): row_lines([row.cleaned_data for row in rows.forms if row.cleaned_data.get("claim")])}
    return [
        {"label": label, "stored": before.get(label, ""), "typed": typed}
        for label, typed in after.items()
        if before.get(label, "") != typed
    ]


def row_lines(rows: Any) -> str:
    """Write rows as lines of text."""
    return "\n".join(
        " · ".join(str(value) for name, value in row.items() if value and name != "DELETE") for row in rows
    )


def add_errors(form: Any, error: ValidationError) -> None:
    """Put what a service refused beside the fields it names, the rest above the form."""
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(None, error)


@require_GET
def check(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Show what is missing, what is risky and how the listing will look, before it is submitted."""
    listing = find(kind, request.user, pk)
    require(policies.can_edit(request.user, listing))
    if not listing.is_editable:
        return _to_manage(request, listing)
    return show_check(request, listing)


def show_check(
    request: HttpRequest, listing: Any, *, problem: str = "", unacknowledged: bool = False, status: int = 200
) -> HttpResponse:
    """Render the last page of the long form."""
    context = step_context(listing, None)
    missing = [
        {
            "message": message,
            "step": step.label,
            "href": f"{url(listing, 'edit', step.slug)}#id_{name}{'_0' if name in GROUPS else ''}",
        }
        for step in WIZARDS[listing.kind]
        for name in step.answers
        if (message := context["missing"].get(name))
    ]
    technology = listing.kind == "technology"
    to_owner = (
        technology
        and listing.organisation.needs_tto_approval
        and not policies.is_tto_officer(request.user, listing)
    )  # fmt: skip
    context |= {
        "gaps": missing,
        "novelty": selectors.novelty_at_risk(listing) if technology else [],
        "over": selectors.rights_over(listing) if technology else [],
        "documents": selectors.documents_of(listing) if technology else [],
        "to_owner": to_owner,
        "problem": problem,
        "unacknowledged": unacknowledged,
        "last_review": selectors.decided_reviews(listing).first() if listing.state == "changes_requested" else None,
    }
    return render(request, "listings/check.html", context, status=status)


#: Where the buttons of the price step lead once it is saved.
PRICE_PAGES = {"range": "valuation:suggestion", "questions": "valuation:interview"}
#: Fields shown as a group of boxes: the error link goes to the first box.
GROUPS = {"rights_offered", "transfer_methods", "cooperation", "trl"}

"""Pages of people and organisations."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import policies, selectors, services
from accounts.forms import (
    EditOrganisationForm,
    MemberForm,
    NoteForm,
    ProfileForm,
    RefusalForm,
    RegisterOrganisationForm,
)
from accounts.models import Organisation, Role, User
from marketplace.kit.errors import Conflict, Stale
from marketplace.kit.pagination import paginate


def actor_of(request: HttpRequest) -> User:
    """Give the signed-in person; the middleware has seen to it that there is one."""
    assert isinstance(request.user, User)
    return request.user


def own_organisation(request: HttpRequest, pk: int) -> Organisation:
    """Give an organisation that concerns the person: the own ones, and for operators those of the exchange; else 404."""
    actor = actor_of(request)
    organisation = get_object_or_404(selectors.visible_organisations(actor), pk=pk)
    if not (policies.belongs_to(actor, pk) or policies.serves_exchange(actor, organisation.exchange_id)):
        raise Http404
    return organisation


def add_errors(form: Any, error: ValidationError) -> None:
    """Show a service's ValidationError on the form."""
    for name, problems in (error.message_dict if hasattr(error, "error_dict") else {None: error.messages}).items():
        form.add_error(name if name in form.fields else None, problems)


@require_http_methods(["GET", "POST"])
def register_organisation(request: HttpRequest) -> HttpResponse:
    """Register an organisation."""
    form = RegisterOrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            organisation = services.create_organisation(actor=actor_of(request), **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The organisation is registered. Ask for verification next."))
            return redirect("accounts:organisation", organisation.pk)
    return render(request, "accounts/register_organisation.html", {"form": form}, status=400 if form.errors else 200)


@require_GET
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an organisation to its people and to the operators: details, seats, verification."""
    return organisation_page(request, own_organisation(request, pk))


def organisation_page(request: HttpRequest, subject: Organisation, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Render the page, with the forms as they were sent when one was refused."""
    actor = actor_of(request)
    lifecycle = subject.lifecycle
    may_verify = policies.can_verify_organisation(actor, subject)
    seat_first = not policies.can_manage_members(actor, subject) and selectors.may_invite(actor, subject)
    member_form = forms.get("member_form") or MemberForm(initial={"role": Role.ADMIN} if seat_first else {})
    if seat_first:  # the exchange gives this one role and no other
        member_form.offer_only(Role.ADMIN)
    context = {
        "organisation": subject,
        "members": selectors.members_of(subject),
        "invitations": selectors.open_invitations(subject) if selectors.may_invite(actor, subject) else [],
        "can_edit": policies.can_edit_organisation(actor, subject),
        "can_manage": policies.can_manage_members(actor, subject),
        "can_seat_first": seat_first,
        "can_request": policies.can_request_verification(actor, subject)
        and lifecycle.can(subject.state, "request_verification"),
        "can_verify": may_verify and lifecycle.can(subject.state, "verify"),
        "rivals": selectors.rivals_of(subject) if may_verify else [],
        "can_revoke": may_verify and lifecycle.can(subject.state, "revoke"),
        "member_form": member_form,
        "reason_form": forms.get("reason_form") or RefusalForm(),
        "note_form": forms.get("note_form") or NoteForm(),
        "typed": forms.get("typed", ""),
    }
    return render(request, "accounts/organisation.html", context, status=status)


@require_http_methods(["GET", "POST"])
def edit_organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the details."""
    subject = own_organisation(request, pk)
    actor = actor_of(request)
    if request.method == "POST":
        form = EditOrganisationForm(request.POST, instance=selectors.visible_organisations(actor).get(pk=pk))
        if form.is_valid():
            details = {name: form.cleaned_data[name] for name in EditOrganisationForm.Meta.fields}
            try:
                services.edit_organisation(
                    organisation=subject, actor=actor, version=form.cleaned_data["version"], **details
                )
            except ValidationError as error:
                add_errors(form, error)
            except Stale as stale:
                form.add_error(None, stale.message)
                stored = selectors.visible_organisations(actor).get(pk=pk)
                context = {"form": form, "organisation": subject, "stored": stored, "version": stored.version}
                return render(request, "accounts/edit_organisation.html", context, status=409)
            else:
                messages.success(request, _("Saved."))
                return redirect("accounts:organisation", pk)
        context = {"form": form, "organisation": subject, "stored": None, "version": request.POST.get("version", "")}
        return render(request, "accounts/edit_organisation.html", context, status=400)
    if not policies.can_edit_organisation(actor, subject):
        raise Http404
    form = EditOrganisationForm(instance=subject, initial={"version": subject.version})
    context = {"form": form, "organisation": subject, "stored": None, "version": subject.version}
    return render(request, "accounts/edit_organisation.html", context)


@require_POST
def request_verification(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for verification."""
    services.request_verification(organisation=own_organisation(request, pk), actor=actor_of(request))
    messages.success(request, _("The exchange will check your papers."))
    return redirect("accounts:organisation", pk)


@require_POST
def verify_organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm who the organisation is."""
    form = NoteForm(request.POST)
    subject = own_organisation(request, pk)
    if not form.is_valid():
        return organisation_page(request, subject, status=400, note_form=form)
    try:
        services.verify_organisation(organisation=subject, actor=actor_of(request), **form.cleaned_data)
    except Conflict as conflict:
        return _conflict(request, pk, conflict, act="verify", typed=form.cleaned_data["note"], note_form=form)
    messages.success(request, _("The organisation is verified."))
    return redirect("accounts:organisation", pk)


def _conflict(request: HttpRequest, pk: int, conflict: Conflict, *, act: str, typed: str, **form: Any) -> HttpResponse:
    """Show the page as it stands now with what was typed: in its form, or as text where the act is possible no more."""
    messages.error(request, conflict.message)
    subject = own_organisation(request, pk)
    kept = form if subject.lifecycle.can(subject.state, act) else {"typed": typed}
    return organisation_page(request, subject, status=409, **kept)


def _with_reason(request: HttpRequest, pk: int, act: str, service: Any, done: str) -> HttpResponse:
    subject = own_organisation(request, pk)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return organisation_page(request, subject, status=400, reason_form=form)
    try:
        service(organisation=subject, actor=actor_of(request), **form.cleaned_data)
    except Conflict as conflict:
        return _conflict(request, pk, conflict, act=act, typed=form.cleaned_data["reason"], reason_form=form)
    messages.success(request, done)
    return redirect("accounts:organisation", pk)


@require_POST
def refuse_verification(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse to verify."""
    return _with_reason(request, pk, "refuse", services.refuse_verification, _("The verification is refused."))


@require_POST
def revoke_verification(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the verification back."""
    return _with_reason(request, pk, "revoke", services.revoke_verification, _("The verification is taken back."))


@require_GET
def organisation_queue(request: HttpRequest) -> HttpResponse:
    """List the organisations that wait for verification."""
    actor = actor_of(request)
    if not actor.is_operator:
        raise Http404
    page = paginate(request, selectors.verification_queue(actor))
    return render(request, "accounts/organisation_queue.html", {"page": page})


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Change the own name and language."""
    user = actor_of(request)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        services.edit_profile(user=user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=400 if form.errors else 200)


@require_GET
def notifications(request: HttpRequest) -> HttpResponse:
    """List what the person was told."""
    page = paginate(request, selectors.notifications_of(actor_of(request)))
    return render(request, "accounts/notifications.html", {"page": page})


@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """Mark all notifications read."""
    services.mark_notifications_read(user=actor_of(request))
    return HttpResponseRedirect(reverse("accounts:notifications"))


@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)
def tokens(request: HttpRequest) -> HttpResponse:
    """List the API tokens; make one, which is shown once, after a recent sign-in."""
    user = actor_of(request)
    secret = services.create_token(user=user) if request.method == "POST" else ""
    return render(request, "accounts/tokens.html", {"tokens": selectors.tokens_of(user), "secret": secret})


@require_POST
def revoke_token(request: HttpRequest, key: str) -> HttpResponse:
    """End a token."""
    if not services.revoke_token(user=actor_of(request), key=key):
        raise Http404
    messages.success(request, _("The token no longer works."))
    return redirect("accounts:tokens")

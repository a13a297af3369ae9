"""Appraisals: commission a firm, the firm's work, its certificate."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Organisation, User
from listings.models import Technology
from listings.selectors import rights_of
from marketplace.kit.errors import Conflict, require
from marketplace.kit.files import filename_of
from marketplace.kit.pagination import paginate
from marketplace.kit.uploads import too_large
from valuation import appraisal_policies as policies
from valuation import appraisal_selectors as selectors
from valuation import selectors as range_selectors
from valuation.appraisal_steps import has_lapsed, steps, turn
from valuation.forms.papers import AcceptForm, AppraisalReasonForm, CertificateForm, CommissionForm
from valuation.lifecycle import AppraisalState
from valuation.models import Appraisal
from valuation.services import appraisals as services


def actor_of(request: HttpRequest) -> User:
    """Give the signed-in person; the middleware has seen to it that there is one."""
    assert isinstance(request.user, User)
    return request.user


def appraisal_or_404(viewer: Any, pk: int) -> Appraisal:
    """Give an appraisal that the viewer may see; for everyone else there is none."""
    return get_object_or_404(selectors.visible_appraisals(viewer), pk=pk)


@require_GET
def appraisal_list(request: HttpRequest) -> HttpResponse:
    """List the appraisals of the person's organisations, the newest first."""
    page = paginate(request, selectors.visible_appraisals(actor_of(request)))
    today = timezone.localdate()
    rows = [
        {"appraisal": row, "certificate": found, "is_expired": found is not None and not found.holds_on(today)}
        for row in page
        for found in [getattr(row, "certificate", None)]
    ]
    return render(request, "valuation/appraisal_list.html", {"page": page, "rows": rows})


def client_of(actor: User, technology: Technology) -> Organisation:
    """Give the owner, for whom the person commissions. Raises NotAllowed."""
    require(policies.can_commission(actor, technology.organisation))
    return technology.organisation


@require_http_methods(["GET", "HEAD", "POST"])
def commission(request: HttpRequest, pk: int) -> HttpResponse:
    """Commission a firm for the owner."""
    actor = actor_of(request)
    technology = get_object_or_404(range_selectors.visible_technologies(actor), pk=pk)
    client = client_of(actor, technology)
    firms = selectors.firms_to_commission(technology, client)
    free = [row["firm"].pk for row in firms if not row["conflicts"]]
    form = CommissionForm(
        request.POST or None, firms=selectors.verified_firms().filter(pk__in=free),
        initial={"purpose": selectors.purpose_for(technology, [client])},
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        made, status = _submit(
            form,
            lambda: services.commission_appraisal(
                technology=technology, client=client, actor=actor, **form.cleaned_data
            ),
        )  # fmt: skip
        if made is not None:
            messages.success(request, _("The firm is asked. You hear from it here and by mail."))
            return redirect("valuation:appraisal", made.pk)
    context = {
        "form": form,
        "listing": technology,
        "refused": [row for row in firms if row["conflicts"]],
        "uses_state_money": form["purpose"].initial == Appraisal.Purpose.STATE,
        "crumbs": [
            (technology.title, technology.get_absolute_url()),
            (_("Suggested range"), reverse("valuation:suggestion", args=[technology.pk])),
        ],
    }
    return render(request, "valuation/commission.html", context, status=status)


def _submit(form: Any, call: Callable[[], Any]) -> tuple[Any, int]:
    """Call a service for a valid form; give its result and 0, or None and the status of the page to show again."""
    if not form.is_valid():
        return None, 400
    try:
        return call(), 0
    except ValidationError as error:
        for name, problems in error.message_dict.items():
            form.add_error(name if name in form.fields else None, problems)
        return None, 400
    except Conflict as conflict:
        form.add_error(None, conflict.message)
        return None, conflict.status


@require_GET
def appraisal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a commission: what is asked, the file for the firm, the certificate."""
    return appraisal_page(request, appraisal_or_404(actor_of(request), pk))


def appraisal_page(request: HttpRequest, found: Appraisal, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Render the page, with a form as it was sent when one was refused."""
    actor, state = actor_of(request), found.state
    firm_acts = policies.acts_for_firm(actor, found)
    certifies = policies.certifies(actor, found)
    certificate = getattr(found, "certificate", None)
    reads_file = state == AppraisalState.ACCEPTED and policies.works(actor, found)
    visible = range_selectors.visible_technologies(actor).filter(pk=found.technology_id).exists()
    can = found.lifecycle.can
    consents = policies.can_consent(actor, found)
    today = timezone.localdate()
    context = {
        "appraisal": found,
        "crumbs": [(_("Appraisals"), reverse("valuation:appraisal_list"))],
        "listing": found.technology,
        "certificate": certificate,
        "certificate_holds": certificate is not None and certificate.holds_on(today),
        "reads_file": reads_file,
        "documents": list(selectors.documents_for_firm(found)) if reads_file else [],
        "rights": rights_of(found.technology) if reads_file else [],
        "technology_url": found.technology.get_absolute_url() if visible else "",
        "deal": found.deal_id if consents or policies.can_cancel(actor, found) else None,
        "reports_url": reverse("valuation:report_list", args=[found.technology_id]) if reads_file or consents else "",
        "has_lapsed": has_lapsed(found),
        "may_consent": consents and can(state, "consent") and not has_lapsed(found),
        "may_accept": certifies and can(state, "accept"),
        "may_decline": (firm_acts and state in {AppraisalState.REQUESTED, AppraisalState.ACCEPTED})
        or (consents and state == AppraisalState.PROPOSED),
        "may_certify": certifies and can(state, "certify"),
        "may_cancel": policies.can_cancel(actor, found) and can(state, "cancel"),
        "may_show": certificate is not None and policies.can_show(actor, found),
        "steps": steps(found),
        "turn": turn(found, actor, on=today),
        "accept_form": forms.get("accept_form") or AcceptForm(prefix="accept"),
        "decline_form": forms.get("decline_form") or AppraisalReasonForm(prefix="decline"),
        "cancel_form": forms.get("cancel_form") or AppraisalReasonForm(prefix="cancel"),
        "certificate_form": forms.get("certificate_form")
        or CertificateForm(
            initial={
                "issued_on": today,
                "valued_on": today,
                "currency": "VND",
                "basis": "market",
                "purpose": found.purpose,
                "right": found.right,
                "term_years": found.term_years,
            }
        ),
        "differences": selectors.differences(certificate) if certificate is not None else [],
    }
    return render(request, "valuation/appraisal.html", context, status=status)


def _act(
    request: HttpRequest, pk: int, form: Any, call: Callable[[Appraisal], Any], *, name: str, done: str
) -> HttpResponse:  # fmt: skip
    """Do an act of a commission; show the page again with what was wrong."""
    found = appraisal_or_404(actor_of(request), pk)
    result, status = _submit(form, lambda: call(found))
    if result is None:
        return appraisal_page(request, found, status=status, **{f"{name}_form": form})
    messages.success(request, done)
    return redirect("valuation:appraisal", pk)


@require_POST
def consent(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the firm of the other side see the file."""
    services.consent_to_appraisal(appraisal=appraisal_or_404(actor_of(request), pk), actor=actor_of(request))
    messages.success(request, _("The firm is asked now."))
    return redirect("valuation:appraisal", pk)


@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept a commission with the declaration of independence."""
    form = AcceptForm(request.POST, prefix="accept")
    return _act(
        request, pk, form,
        lambda found: services.accept_appraisal(appraisal=found, actor=actor_of(request), **form.cleaned_data),
        name="accept", done=_("The file is open to your firm until the certificate is issued."),
    )  # fmt: skip


@require_POST
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline a commission."""
    form = AppraisalReasonForm(request.POST, prefix="decline")
    return _act(
        request, pk, form,
        lambda found: services.decline_appraisal(appraisal=found, actor=actor_of(request), **form.cleaned_data),
        name="decline", done=_("The commission is declined."),
    )  # fmt: skip


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a commission back."""
    form = AppraisalReasonForm(request.POST, prefix="cancel")
    return _act(
        request, pk, form,
        lambda found: services.cancel_appraisal(appraisal=found, actor=actor_of(request), **form.cleaned_data),
        name="cancel", done=_("The commission is taken back."),
    )  # fmt: skip


@require_POST
def certify(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the certificate."""
    form = CertificateForm(request.POST, request.FILES)
    if too_large(request):
        form.errors.pop("file", None)
        form.add_error("file", _("The file is too large. Make it smaller or split it."))

    def record(found: Appraisal) -> Any:
        values = dict(form.cleaned_data)
        upload = values.pop("file")
        return services.certify_appraisal(appraisal=found, actor=actor_of(request), upload=upload, **values)

    done = _("The certificate is recorded. The file is closed to your firm.")
    return _act(request, pk, form, record, name="certificate", done=done)


@require_POST
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the certified value to everyone, or to the parties only."""
    found = appraisal_or_404(actor_of(request), pk)
    certificate = getattr(found, "certificate", None)
    if certificate is None:
        raise Http404
    shown = request.POST.get("shown") == "1"
    services.show_certificate(certificate=certificate, actor=actor_of(request), shown=shown)
    messages.success(
        request,
        _("Everyone who sees the technology now sees the certified value.")
        if shown
        else _("Only the parties see the certified value now."),
    )
    return redirect("valuation:appraisal", pk)


@require_GET
def certificate_file(request: HttpRequest, pk: int) -> FileResponse:
    """Send a certificate to the parties, the firm and the exchange."""
    found = appraisal_or_404(actor_of(request), pk)
    return send_certificate(found)


def send_certificate(found: Appraisal) -> FileResponse:
    """Give the file as an attachment. Raises 404 when there is none."""
    certificate = getattr(found, "certificate", None)
    if certificate is None:
        raise Http404
    try:
        content = certificate.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        content, as_attachment=True, filename=filename_of(certificate.filename, "application/pdf"), content_type="application/pdf"
    )  # fmt: skip
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response

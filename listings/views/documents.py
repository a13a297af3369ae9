"""Documents: upload, removal, download by tier."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from listings import policies, selectors, services
from listings.choices import Tier
from listings.forms import DocumentForm, ReasonForm
from listings.models import Document
from listings.views.lookup import find, url
from listings.views.steps import step_context, step_named
from marketplace.kit.errors import Conflict, require
from marketplace.kit.files import filename_of
from marketplace.kit.readonly import writes_on_get
from marketplace.kit.uploads import too_large


def step(
    request: HttpRequest, technology: Any, context: dict[str, Any], *, form: Any = None, problem: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    """Show the documents of a technology and, on POST, keep one more."""
    if form is None:
        if request.method == "POST":
            return _add(request, technology, context)
        form = DocumentForm()
    refused, typed = context.pop("destroying", (0, None))
    removed = [
        {
            "document": row,
            "form": typed if row.pk == refused else ReasonForm(auto_id=f"id_destroy_{row.pk}_%s"),
            "is_open": row.pk == refused,
            "was_shown": selectors.was_shown(row),
        }
        for row in selectors.removed_documents_of(technology).select_related("technology")
    ]
    documents = list(selectors.documents_of(technology))
    context |= {"form": form, "documents": documents, "removed": removed, "problem": problem}
    return render(request, "listings/step_documents.html", context, status=status)


def _add(request: HttpRequest, technology: Any, context: dict[str, Any]) -> HttpResponse:
    goes_on = request.POST.get("then") == "next"
    if goes_on and not request.POST.get("title", "").strip() and "file" not in request.FILES and not too_large(request):
        return redirect(context["next_url"])  # nothing was begun that could be lost
    form = DocumentForm(request.POST, request.FILES)
    if too_large(request):
        form.errors.pop("file", None)
        limit = filesizeformat(settings.UPLOAD_MAX_BYTES)
        form.add_error("file", _("The file is larger than %(limit)s. Make it smaller or split it.") % {"limit": limit})
    if not form.is_valid():
        return step(request, technology, context, form=form)
    values = form.cleaned_data
    try:
        services.add_document(
            technology=technology, actor=request.user, title=values["title"], tier=values["tier"], upload=values["file"]
        )  # fmt: skip
    except ValidationError as error:
        for name, errors in error.message_dict.items():
            form.add_error(name if name in form.fields else None, errors)
        return step(request, technology, context, form=form)
    except Conflict as error:
        return step(request, technology, context, form=form, problem=error.message, status=409)
    messages.success(request, _("The document is saved."))
    return redirect(context["next_url"] if goes_on else url(technology, "edit", "documents"))


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a document off its technology."""
    document = selectors.document(pk)
    if document is None:
        raise Http404
    technology = find("technology", request.user, document.technology_id)
    require(policies.can_edit(request.user, technology))
    services.remove_document(document=document, actor=request.user)
    messages.success(request, _("The document is removed."))
    return redirect(url(technology, "edit", "documents"))


def destroyable(viewer: Any, pk: int) -> Document:
    """Give a removed document of a technology that the viewer may see; 404 otherwise."""
    document = selectors.removed_document(pk)
    if document is None:
        raise Http404
    find("technology", viewer, document.technology_id)
    return document


@require_POST
def destroy(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete the file of a removed document for good."""
    document = destroyable(request.user, pk)
    technology = find("technology", request.user, document.technology_id)
    require(policies.can_edit(request.user, technology))
    form = ReasonForm(request.POST, auto_id=f"id_destroy_{pk}_%s")
    if form.is_valid():
        try:
            services.destroy_document(document=document, actor=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            for name, errors in error.message_dict.items():
                form.add_error(name, errors)
        else:
            messages.success(request, _("The file is destroyed."))
            return redirect(url(technology, "edit", "documents"))
    context = {**step_context(technology, step_named("technology", "documents")), "destroying": (pk, form)}
    return step(request, technology, context, form=DocumentForm(), status=400)


@writes_on_get("who opened a document that is not public is noted in the audit log")
@login_not_required
@require_safe
def download(request: HttpRequest, pk: int) -> FileResponse:
    """Send a document to whom its tier lets in."""
    return send(request.user, pk)


def send(viewer: Any, pk: int) -> Any:
    """Give the file as an attachment with its stored media type, and note the opening; 404 to whom it is closed."""
    document = openable(viewer, pk)
    try:
        content = document.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    if document.tier != Tier.PUBLIC and isinstance(viewer, User):
        services.log_document_opened(document=document, actor=viewer)
    response = FileResponse(
        content,
        as_attachment=True,
        filename=filename_of(document.filename, document.media_type),
        content_type=document.media_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def openable(viewer: Any, pk: int) -> Document:
    """Give a document that the viewer may open; 404 otherwise."""
    document = selectors.document(pk)
    if document is None:
        raise Http404
    granted = selectors.has_grant(viewer, document.technology)
    if not policies.can_open_document(viewer, document, granted=granted):
        raise Http404
    if not granted and not selectors.is_visible(viewer, document.technology):
        raise Http404  # an operator opens what reached the exchange
    return document

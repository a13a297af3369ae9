"""Documents and disclosure."""

import hashlib
from pathlib import PurePath
from typing import Any

import filetype
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from audit.services import record
from listings import policies
from listings.choices import Tier
from listings.models import DisclosureGrant, Document, Technology
from listings.services.locking import lock
from marketplace.kit.errors import Conflict, require

#: Media types that may be uploaded, by what the content shows, never by the name or the browser's word.
ALLOWED = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
}


def inspect_upload(upload: Any) -> tuple[bytes, str]:
    """Give the content and media type of an uploaded file. Raises ValidationError for what may not be kept."""
    if upload.size > settings.UPLOAD_MAX_BYTES:
        limit = filesizeformat(settings.UPLOAD_MAX_BYTES)
        raise ValidationError(
            {"file": [_("The file is larger than %(limit)s. Make it smaller or split it.") % {"limit": limit}]}
        )
    content = upload.read()
    if not content:
        raise ValidationError({"file": [_("The file is empty.")]})
    kind = filetype.guess(content)
    if kind is None or kind.mime not in ALLOWED:
        raise ValidationError(
            {"file": [_("This kind of file cannot be kept. Use PDF, PNG, JPEG, Word, Excel or PowerPoint.")]}
        )
    return content, kind.mime


@transaction.atomic
def add_document(*, technology: Technology, actor: User, title: str, tier: str, upload: Any) -> Document:
    """Keep a file with a technology; the same file under the same title again is the same document.

    What everyone may open passes review, so that it can be added to a draft only; a file under NDA at any time.
    Raises ValidationError for the wrong kind or size, Conflict.
    """
    technology = lock(technology)
    require(policies.can_edit(actor, technology))
    if tier != Tier.NDA and not technology.is_editable:
        raise Conflict(
            _("What everyone may open passes review: take the listing back or withdraw it, then add the document.")
        )
    content, media_type = inspect_upload(upload)
    sha256 = hashlib.sha256(content).hexdigest()
    again = technology.documents.filter(sha256=sha256, title=title, tier=tier, removed_at=None).first()
    if again is not None:
        return again
    document = Document(
        technology=technology,
        title=title,
        tier=tier,
        filename=PurePath(str(upload.name)).name[:200],
        media_type=media_type,
        size=len(content),
        sha256=sha256,
        uploaded_by=actor,
    )
    document.file.save(document.filename, ContentFile(content), save=False)
    try:
        document.full_clean()
        document.save()
    except Exception:
        document.file.delete(save=False)
        raise
    _count_change(technology)
    data = {"document": document.pk, "tier": tier, "sha256": document.sha256}
    record(tag="technology.add_document", subject=technology, actor=actor, data=data)
    return document


def _count_change(technology: Technology) -> None:
    """A reviewer must see that the content changed; `version` stays, for the typed fields of a step did not."""
    technology.content_version += 1
    technology.save(update_fields=["content_version"])


@transaction.atomic
def remove_document(*, document: Document, actor: User) -> Document:
    """Take a document off the listing; the file stays on record."""
    technology = lock(document.technology)
    require(policies.can_edit(actor, technology))
    document = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    if document.removed_at is None:
        document.removed_at = timezone.now()
        document.save(update_fields=["removed_at"])
        _count_change(technology)
        record(tag="technology.remove_document", subject=technology, actor=actor, data={"document": document.pk})
    return document


@transaction.atomic
def log_document_opened(*, document: Document, actor: User) -> None:
    """Note who opened a document that is not public."""
    record(tag="document.open", subject=document, actor=actor, data={"sha256": document.sha256, "tier": document.tier})


@transaction.atomic
def grant_disclosure(
    *, technology: Technology, organisation: Organisation, basis: str, actor: User | None
) -> DisclosureGrant:
    """Open the documents under NDA to an organisation. The caller has checked the basis (an accepted NDA). Idempotent."""
    grant, created = DisclosureGrant.objects.get_or_create(
        technology=technology, organisation=organisation, revoked_at=None, defaults={"basis": basis}
    )
    if created:
        data = {"organisation": organisation.pk, "basis": basis}
        record(tag="technology.grant_disclosure", subject=technology, actor=actor, data=data)
    return grant


@transaction.atomic
def revoke_disclosure(*, technology: Technology, organisation: Organisation, basis: str, actor: User | None) -> int:
    """Close the documents under NDA that were opened to an organisation on this basis; give how many grants ended."""
    grants = DisclosureGrant.objects.filter(
        technology=technology, organisation=organisation, basis=basis, revoked_at=None
    )
    ended = grants.update(revoked_at=timezone.now())
    if ended:
        data = {"organisation": organisation.pk, "basis": basis}
        record(tag="technology.revoke_disclosure", subject=technology, actor=actor, data=data)
    return ended

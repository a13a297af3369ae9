"""Documents and disclosure."""

import hashlib
from functools import partial
from typing import Any

import filetype
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from audit.services import record
from listings import policies, selectors
from listings.choices import Tier
from listings.models import DisclosureGrant, Document, Technology
from listings.services.locking import lock
from marketplace.kit.errors import Conflict, require
from marketplace.kit.files import ENDINGS, atomic_with_files, filename_of, store_file


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
    if kind is None or kind.mime not in ENDINGS:
        raise ValidationError(
            {"file": [_("This kind of file cannot be kept. Use PDF, PNG, JPEG, Word, Excel or PowerPoint.")]}
        )
    return content, kind.mime


@atomic_with_files
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
        filename=filename_of(str(upload.name), media_type),
        media_type=media_type,
        size=len(content),
        sha256=sha256,
        uploaded_by=actor,
    )
    store_file(document.file, document.filename, content)
    document.full_clean()
    document.save()
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
    """Take a document off the listing; the file stays on record until `destroy_document`."""
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
def destroy_document(*, document: Document, actor: User, reason: str) -> Document:
    """Delete the file of a removed document for good. Its hash stays, and the log says who did it and why.

    For what should never have been uploaded: a passport, somebody else's secret. What was shown to others is evidence,
    too: then the exchange decides. Idempotent; again, it deletes a file that could not be deleted before.
    Raises NotAllowed, Conflict while the document stands, ValidationError without a reason.
    """
    technology = lock(document.technology)
    document = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    shown = selectors.was_shown(document)
    require(
        policies.can_destroy_document(actor, technology, was_shown=shown),
        _("Others could open this document: only the exchange destroys it."),
    )
    if document.removed_at is None:
        raise Conflict(_("Remove the document first."))
    if not reason.strip():
        raise ValidationError({"reason": [_("Give a reason.")]})
    if document.destroyed_at is None:
        document.destroyed_at, document.filename = timezone.now(), ""
        document.save(update_fields=["destroyed_at", "filename"])
        data = {"document": document.pk, "sha256": document.sha256, "reason": reason}
        record(tag="technology.destroy_document", subject=technology, actor=actor, data=data)
    transaction.on_commit(partial(document.file.storage.delete, str(document.file.name)), robust=True)
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

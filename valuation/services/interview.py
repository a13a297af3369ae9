"""Keep the owner's answers: each save is a version, and an older form never overwrites a newer answer."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from listings.models import Technology
from marketplace.kit.errors import Stale, require
from valuation import policies
from valuation.answers import check
from valuation.models import Disclosure, Interview, InterviewRevision


@transaction.atomic
def save_answers(
    *,
    technology: Technology,
    actor: User,
    version: int,
    answers: Mapping[str, Mapping[str, Any] | None],
    disclosure: str | None = None,
) -> Interview:
    """Save some answers (None or empty: the default counts again) on top of the others, as a new version.

    `version` is the one that the form showed. Nothing new is stored when nothing changes. Raises NotAllowed, Stale
    (409, someone saved meanwhile), ValidationError by code. What is audited names the codes, never the figures.
    """
    require(policies.can_answer(actor, technology))
    Technology.objects.select_for_update(of=("self",), no_key=True).get(pk=technology.pk)
    interview, _new = Interview.objects.get_or_create(technology=technology)
    if interview.version != version:
        raise Stale(_("Someone saved these answers while you were typing."), version=interview.version)
    checked, errors = {}, {}
    for code, answer in answers.items():
        try:
            checked[code] = check(code, answer)
        except ValidationError as error:
            errors[code] = error
    if disclosure is not None and disclosure not in Disclosure.values:
        errors["disclosure"] = ValidationError(_("Choose one of the answers."), code="choice")
    if errors:
        raise ValidationError(errors)
    changed = sorted(code for code, answer in checked.items() if answer != interview.answers.get(code))
    opened = disclosure is not None and disclosure != interview.disclosure
    if not changed and not opened:
        return interview
    for code in changed:
        if checked[code] is None:
            interview.answers.pop(code, None)
        else:
            interview.answers[code] = checked[code]
    if opened:
        interview.disclosure = str(disclosure)
        changed.append("disclosure")
    interview.version += 1
    interview.save()
    InterviewRevision.objects.create(
        interview=interview, version=interview.version, answers=interview.answers, disclosure=interview.disclosure,
        changed=changed, actor=actor,
    )  # fmt: skip
    data = {"version": interview.version, "changed": changed, "disclosure": interview.disclosure}
    record(tag="technology.answer_price", subject=technology, actor=actor, data=data)
    return interview

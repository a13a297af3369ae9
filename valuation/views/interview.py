"""The guided interview: a page a topic, saved as it goes, then a page to check."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from listings.models import Technology
from listings.views.lookup import posted_version
from marketplace.kit.errors import Stale, require
from valuation import interview_words, policies, selectors, services
from valuation.answers import Answers
from valuation.defaults import Defaults
from valuation.forms.interview import LAST, SectionForm
from valuation.inputs import lacks_sales
from valuation.models import Disclosure, Interview
from valuation.questions import SECTIONS, Section, is_asked, section

PROGRESS = ("todo", "started", "done")


def find(request: HttpRequest, pk: int) -> tuple[Technology, Interview]:
    """Give a technology that the viewer may answer for, and its answers so far. 404, then 403."""
    technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
    require(policies.can_answer(request.user, technology))
    return technology, selectors.interview_of(technology) or Interview(technology=technology)


def _url(technology: Technology, slug: str) -> str:
    return reverse("valuation:interview_step", args=[technology.pk, slug])


def frame(technology: Technology, interview: Interview, slug: str, defaults: Defaults) -> dict[str, Any]:
    """What every page of the interview shows: the steps with their state and the way back."""
    steps: list[dict[str, Any]] = []
    currency = Answers(interview.answers, defaults.choices()).choice("currency")
    for one in SECTIONS:
        asked = [question for question in one.questions if is_asked(question, currency)]
        answered = sum(question.code in interview.answers for question in asked)
        state = "current" if one.slug == slug else PROGRESS[bool(answered) + (answered == len(asked))]
        hint = _("%(answered)s of %(all)s answered") % {"answered": answered, "all": len(asked)}
        steps.append({"label": one.label, "href": _url(technology, one.slug), "state": state, "hint": hint})
    here = "current" if slug == "check" else "todo"
    check = reverse("valuation:interview", args=[technology.pk])
    steps.append({"label": _("Check and suggest"), "href": check, "state": here, "hint": None})
    return {
        "listing": technology,
        "lacks_sales": lacks_sales(technology, Answers(interview.answers), defaults),
        "steps": steps,
        "version": interview.version,
        "price_url": reverse("valuation:suggestion", args=[technology.pk]),
        "check_url": check,
        "crumbs": [
            (technology.title, technology.get_absolute_url()),
            (_("Suggested range"), reverse("valuation:suggestion", args=[technology.pk])),
        ],
    }


@require_safe
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every answer and what stands in where there is none, before the range is computed."""
    technology, interview = find(request, pk)
    defaults = Defaults.on(timezone.localdate())
    answers = Answers(interview.answers, defaults.choices())
    standing = interview_words.standing_words(technology, answers, defaults)
    context = frame(technology, interview, "check" if interview.version else "", defaults) | {
        "sections": interview_words.answer_rows(answers, standing, technology=technology.pk),
        "interview": interview,
        "disclosure": Disclosure(interview.disclosure).label,
        "sales_url": f"{_url(technology, 'sales')}#q-revenue",
        "first_url": _url(technology, SECTIONS[0].slug),
        "disclosure_url": f"{_url(technology, LAST)}#id_disclosure_0",
        "ask_url": reverse("valuation:suggest", args=[technology.pk]),
        "revisions": selectors.revisions(interview),
    }
    return render(request, "valuation/interview.html", context)


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """Ask one topic; POST saves it and goes on to the next."""
    technology, interview = find(request, pk)
    asked = section(slug)
    if asked is None:
        raise Http404
    first = {"disclosure": interview.disclosure} if slug == LAST else {}
    defaults = Defaults.on(timezone.localdate())
    standing = defaults.choices()
    if request.method != "POST":
        form = SectionForm(asked, interview.answers, standing, initial=first)
        return _show(request, technology, interview, asked, form, defaults)
    form = SectionForm(asked, interview.answers, standing, request.POST, initial=first)
    version = posted_version(request)
    if not form.is_valid():
        return _show(request, technology, interview, asked, form, defaults, version=version)
    assert request.user.is_authenticated
    try:
        services.save_answers(
            technology=technology, actor=request.user, version=version, answers=form.answers,
            disclosure=form.cleaned_data.get("disclosure") or None,
        )  # fmt: skip
    except Stale as error:
        now = selectors.interview_of(technology) or interview
        stored = dict(SectionForm(asked, now.answers, standing).shown())
        stale = [
            {"label": label, "stored": stored.get(label, ""), "typed": typed}
            for label, typed in form.shown()
            if stored.get(label, "") != typed
        ]
        return _show(request, technology, now, asked, form, defaults, stale=stale, problem=error.message, status=409)
    if request.POST.get("then") == "leave":
        messages.success(request, _("Saved. You can go on later."))
        return redirect("valuation:interview", pk)
    slugs = [one.slug for one in SECTIONS]
    after = slugs[slugs.index(slug) + 1 :]
    return redirect(_url(technology, after[0]) if after else reverse("valuation:interview", args=[pk]))


def _show(
    request: HttpRequest,
    technology: Technology,
    interview: Interview,
    asked: Section,
    form: SectionForm,
    defaults: Defaults,
    *,
    version: int | None = None,
    stale: list[dict[str, Any]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    answers = Answers(interview.answers, defaults.choices())
    context = frame(technology, interview, asked.slug, defaults) | {
        "section": asked,
        "form": form,
        "blocks": form.blocks(interview_words.standing_words(technology, answers, defaults)),
        "stale": stale,
        "problem": problem,
    }
    if version is not None:
        context["version"] = version
    return render(request, "valuation/interview_step.html", context, status=status)

"""The owner's answers over the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from listings.models import Technology
from marketplace.kit.errors import require
from valuation import policies, selectors, services
from valuation.answers import Answers
from valuation.defaults import Defaults
from valuation.interview_words import standing_words
from valuation.methods.statement import Origin
from valuation.models import Disclosure, Interview
from valuation.questions import SECTIONS, Kind


class AnswerSerializer(serializers.Serializer[Any]):
    """An answer: values as text of decimals (VND, percent 0-100, years), and where they come from."""

    value = serializers.ListField(child=serializers.CharField(allow_blank=True, max_length=300), max_length=40)
    origin = serializers.ChoiceField(choices=["measured", "owner", "assumption"], default="owner")


class StandingSerializer(serializers.Serializer[Any]):
    """What counts where nobody answers: words in the reader's language, from a dated record with its source."""

    text = serializers.CharField()
    origin = serializers.ChoiceField(choices=[(origin.value, origin.value) for origin in Origin])
    source = serializers.CharField()  # type: ignore[assignment]
    note = serializers.CharField(allow_blank=True)
    unconfirmed = serializers.BooleanField()


class InterviewQuestionSerializer(serializers.Serializer[Any]):
    """A question: its code, words in the reader's language, the form of its answer, and whether it stays secret.

    `default` is null only of the exchange rate while the currency is đồng: it is not asked then.
    """

    code = serializers.CharField()
    section = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    hint = serializers.CharField()
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in Kind])
    parts = serializers.IntegerField()
    choices = serializers.ListField(child=serializers.CharField())
    is_secret = serializers.BooleanField()
    default = StandingSerializer(allow_null=True)


class InterviewSerializer(serializers.Serializer[Any]):
    """The answers as stored; `version` goes back with a save."""

    version = serializers.IntegerField()
    disclosure = serializers.ChoiceField(choices=Disclosure.choices)
    answers = serializers.DictField(child=AnswerSerializer())
    questions = InterviewQuestionSerializer(many=True)


class SaveSerializer(serializers.Serializer[Any]):
    """Some answers by code; null takes an answer back, so that its default counts again."""

    version = serializers.IntegerField(min_value=0)
    disclosure = serializers.ChoiceField(choices=Disclosure.choices, required=False)
    answers = serializers.DictField(child=AnswerSerializer(allow_null=True), default=dict)


def shape(technology: Technology, interview: Interview) -> dict[str, Any]:
    """Give an interview with its questions and what counts where they are not answered."""
    defaults = Defaults.on(timezone.localdate())
    standing = standing_words(technology, Answers(interview.answers, defaults.choices()), defaults)
    questions = [
        {
            "code": question.code, "section": section.slug, "label": str(question.label), "hint": str(question.hint),
            "kind": question.kind.value, "parts": question.parts, "choices": [code for code, _ in question.choices],
            "is_secret": question.is_secret, "default": _standing(standing.get(question.code)),
        }
        for section in SECTIONS
        for question in section.questions
    ]  # fmt: skip
    return {
        "version": interview.version,
        "disclosure": interview.disclosure,
        "answers": interview.answers,
        "questions": questions,
    }


def _standing(words: dict[str, Any] | None) -> dict[str, Any] | None:
    if words is None:
        return None
    texts = {name: str(words[name]) for name in ("text", "origin", "source", "note")}
    return texts | {"unconfirmed": words["unconfirmed"]}


class PriceInterview(APIView):
    """The guided interview about a technology's price, for who edits it."""

    permission_classes = [IsAuthenticated]

    def _find(self, request: Request, pk: int) -> tuple[Technology, Interview]:
        technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
        require(policies.can_answer(request.user, technology))
        return technology, selectors.interview_of(technology) or Interview(technology=technology)

    @extend_schema(responses=InterviewSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show questions and answers."""
        return Response(shape(*self._find(request, pk)))

    @extend_schema(request=SaveSerializer, responses=InterviewSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Save some answers; 409 with code `stale` and the stored `version` when someone saved meanwhile."""
        technology, _interview = self._find(request, pk)
        form = SaveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        saved = services.save_answers(
            technology=technology, actor=request.user, version=given["version"], answers=given["answers"],
            disclosure=given.get("disclosure"),
        )  # fmt: skip
        return Response(shape(technology, saved))

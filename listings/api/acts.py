"""Every act on a listing, each at an address of its own, through the services that the pages call."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from listings import policies, selectors, services
from listings.acts import acts_of
from listings.api.drafts import DETAIL, shown
from listings.serializers import (
    ActReasonSerializer,
    ApproveSerializer,
    NothingSerializer,
    PublishSerializer,
    QueueRowSerializer,
    ReviewSerializer,
    SubmitSerializer,
)
from listings.views.acting import perform
from listings.views.lookup import find
from marketplace.kit.errors import require

#: What each act takes; the others take nothing.
TAKES: dict[str, Any] = {
    "submit": SubmitSerializer,
    "withdraw": ActReasonSerializer,
    "approve_by_owner": ApproveSerializer,
    "return_by_owner": ActReasonSerializer,
    "release": ActReasonSerializer,
    "publish": PublishSerializer,
    "request_changes": ActReasonSerializer,
    "reject": ActReasonSerializer,
}


class ActView(APIView):
    """POST does the act and gives the listing as it is then; 403 not permitted, 404 not visible, 409 not now."""

    kind: ClassVar[str]
    act: ClassVar[str]

    def post(self, request: Request, pk: int) -> Response:
        """Do it."""
        listing = find(self.kind, request.user, pk)
        form = TAKES.get(self.act, NothingSerializer)(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        if self.act == "submit":
            services.submit_listing(listing=listing, actor=request.user, **values)
        else:
            perform(self.act, listing, request.user, values)
        return Response(shown(self.kind, request, pk))


def act_views(kind: str) -> dict[str, Any]:
    """Give the view of each act that the kind knows."""
    views = {}
    for name in acts_of(kind):
        view: Any = type(f"{kind}_{name}", (ActView,), {"kind": kind, "act": name, "__doc__": ActView.__doc__})
        schema = extend_schema(
            operation_id=f"{kind}_{name}", request=TAKES.get(name), responses=DETAIL[kind], tags=[f"{kind} acts"]
        )
        views[name] = extend_schema_view(post=schema)(view).as_view()
    return views


class Reviews(APIView):
    """The decisions about a listing, newest first, for its own people and the exchange."""

    kind: ClassVar[str] = "technology"

    @extend_schema(responses=ReviewSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Give them."""
        listing = find(self.kind, request.user, pk)
        user: Any = request.user
        require(policies.can_follow(user, listing))
        return Response(ReviewSerializer(selectors.decided_reviews(listing), many=True).data)


class Queue(APIView):
    """What waits for the operator's exchanges, technologies and demands together, oldest first."""

    @extend_schema(responses=QueueRowSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Give the queue."""
        user: Any = request.user
        require(user.is_operator)
        waiting = selectors.review_queue(user)
        reviews = selectors.open_reviews_by_listing(waiting)
        clock = selectors.review_clock(waiting)
        for listing in waiting:
            review = reviews.get((listing.kind, listing.pk))
            listing.answer_due = clock.due(listing)
            listing.reviewer = str(review.reviewer) if review else None
        return Response(QueueRowSerializer(waiting, many=True).data)

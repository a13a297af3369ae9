"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path, register_converter

from rules import api, views


class CodeConverter:
    """A rule's code: parts of letters, digits, underscores and hyphens between dots."""

    regex = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"

    def to_python(self, value: str) -> str:
        """Give it as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Give it as it is."""
        return value


register_converter(CodeConverter, "rule_code")

app_name = "rules"
urlpatterns: list[URLPattern | URLResolver] = [
    path("rules/", views.rule_list, name="rule_list"),
    path("rules/proposals/", views.proposals, name="proposals"),
    path("rules/proposals/<int:pk>/approve/", views.approve, name="approve"),
    path("rules/proposals/<int:pk>/reject/", views.reject, name="reject"),
    path("rules/proposals/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("rules/of/<rule_code:code>/", views.rule, name="rule"),
    path("rules/of/<rule_code:code>/propose/", views.propose, name="propose"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("rules/", api.Rules.as_view(), name="rules"),
    path("rules/<rule_code:code>/", api.RuleHistory.as_view(), name="rule"),
    path("rules/<rule_code:code>/proposals/", api.ProposalsOfRule.as_view(), name="rule_proposals"),
    path("rule-proposals/", api.Proposals.as_view(), name="rule_proposal_list"),
    path("rule-proposals/<int:pk>/approve/", api.ApproveProposal.as_view(), name="rule_proposal_approve"),
    path("rule-proposals/<int:pk>/reject/", api.RejectProposal.as_view(), name="rule_proposal_reject"),
    path("rule-proposals/<int:pk>/withdraw/", api.WithdrawProposal.as_view(), name="rule_proposal_withdraw"),
]

"""The test suite's own strictness: what Django would let pass fails here."""

import pytest
from django.contrib.auth.models import Permission
from django.template import engines
from django.template.base import Origin

from tests import strictness
from tests.strictness import ROOT, UndefinedVariableError


def render_as(path: str, source: str) -> str:
    engine = engines["django"].engine
    from django.template import Context, Template

    return Template(source, origin=Origin(path), engine=engine).render(Context({"known": 1}))


def test_undefined_variable_fails_in_our_templates() -> None:
    with pytest.raises(UndefinedVariableError, match=r"unknown in templates/x\.html"):
        render_as(str(ROOT / "templates" / "x.html"), "{{ known }} {{ unknown }}")
    strictness.undefined_variables.clear()


def test_undefined_variable_is_empty_in_templates_of_packages() -> None:
    assert render_as("/elsewhere/x.html", "{{ known }} {{ unknown }}") == "1 "


@pytest.mark.django_db
def test_unordered_query_is_shuffled() -> None:
    orders = {tuple(Permission.objects.order_by().values_list("pk", flat=True)) for _ in range(5)}
    assert len(orders) > 1


@pytest.mark.django_db
def test_ordered_query_keeps_its_order() -> None:
    keys = list(Permission.objects.order_by("pk").values_list("pk", flat=True))
    assert keys == sorted(keys)


@pytest.mark.django_db
def test_shuffling_keeps_counts_subqueries_and_unions() -> None:
    everything = Permission.objects.order_by()
    some = everything.filter(pk__in=everything.filter(codename__startswith="add_"))
    assert everything.exists()
    assert some.count() == len(some) == len(some.union(some))
    assert set(everything.values_list("codename", flat=True).distinct()) == {row.codename for row in everything}
    assert everything.select_for_update().first() is not None


@pytest.mark.django_db
def test_lock_with_joined_rows_needs_of() -> None:
    with pytest.raises(AssertionError, match="of="):
        Permission.objects.select_related("content_type").select_for_update().first()
    assert Permission.objects.select_related("content_type").select_for_update(of=("self",)).first() is not None

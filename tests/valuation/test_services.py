import pytest

from tests.factories.listings import TechnologyFactory
from valuation import services
from valuation.inputs import rebuild
from valuation.methods.suggest import suggest_range

pytestmark = pytest.mark.django_db


def test_x():
    t = TechnologyFactory(published=True, with_right=True)
    s = services.suggest_for(pk=t.pk)
    s.refresh_from_db()
    again = suggest_range(rebuild(s.inputs["parameters"]), seed=s.seed, paths=s.paths)
    assert again.as_dict() == s.result

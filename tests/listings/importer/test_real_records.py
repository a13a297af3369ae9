"""The shipped mappings on the records beside the checkout."""

import pytest

from listings.models import Demand, Technology
from tests.listings.importer.records import SHARED, run


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "kind", "untitled"),
    [
        ("supply/nasa_patents", "technology", 0),
        ("supply/sbir_awards-1", "technology", 1),
        ("demand/sbir_topics", "demand", 0),
    ],
)
def test_real_records_are_imported(exchange, capsys, client, name, kind, untitled):
    path = SHARED / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {name} beside the repository")
    run(path, "--limit", "50", kind=kind)
    assert f", {untitled} refused" in capsys.readouterr().out  # “Not Available” is no title
    model = Technology if kind == "technology" else Demand
    listing = model.objects.order_by("pk").first()
    assert model.objects.published().count() > 40
    assert model.objects.exclude(main_field=None).count() > 35
    page = client.get(listing.get_absolute_url())
    assert page.status_code == 200

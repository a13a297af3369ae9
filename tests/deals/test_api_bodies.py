"""What is sent to the API and is no object is refused by the field's own door, never by a failure."""

from decimal import Decimal

import pytest

from tests.factories.tracking import tracked

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("body", ["[]", "[1]", '["period_start"]', '"period_start"', "5", "null", "true"])
def test_a_correction_that_is_no_object_is_refused(client, body):
    room = tracked(royalty_pct=Decimal(5))
    statement = room.file()
    client.force_login(room.buyer)
    client.raise_request_exception = False
    address = f"/api/v1/statements/{statement.pk}/correct/"
    answered = client.post(address, body, content_type="application/json")
    assert (answered.status_code, list(answered.json())) == (400, ["non_field_errors"])
    sent = client.post(address, '{"gross_sales": "200000000"}', content_type="application/json")
    assert (sent.status_code, sent.json()["period_start"]) == (201, str(statement.period_start))

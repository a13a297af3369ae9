"""What the API answers when there is nothing."""

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "said"), [("vi", "Không tìm thấy."), ("en", "Not found.")])
def test_what_is_not_there_is_said_in_the_reader_s_language_without_a_model_s_name(
    client: Client, language: str, said: str
) -> None:
    for path in ("technologies/999999/", "demands/999999/", "organisations/999999/"):
        answer = client.get(f"/api/v1/{path}", headers={"accept-language": language})
        assert (answer.status_code, answer.json()) == (404, {"detail": said}), path

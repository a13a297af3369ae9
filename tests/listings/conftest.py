"""Each test begins in Vietnamese: the language of the request before must not leak into addresses."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _in_vietnamese():
    with translation.override("vi"):
        yield

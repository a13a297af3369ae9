"""Fixtures of the tests of layers."""

import pytest

from accounts.models import User
from matching import answers
from tests.factories.accounts import person
from tests.factories.layers import FEW


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few answers be enough to learn from."""
    monkeypatch.setattr(answers, "terms", lambda: FEW)


@pytest.fixture
def manager() -> User:
    return person(role="manager")

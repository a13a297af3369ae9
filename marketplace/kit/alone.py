"""What sweeps share: a row that fails keeps no other back."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from marketplace.kit.errors import Conflict

logger = logging.getLogger(__name__)


@contextmanager
def alone(what: str, pk: int) -> Iterator[None]:
    """Do something with one row: when it fails that is logged, and the rows after it have their turn.

    What is done has a transaction of its own.
    """
    try:
        yield
    except Conflict as conflict:
        logger.info("%s %s changed while the sweep ran: %s", what, pk, conflict.message)
    except Exception:
        logger.exception("%s %s failed in the sweep", what, pk)

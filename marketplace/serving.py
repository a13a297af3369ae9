"""How a process that answers people shares its time: for the web server, and for who measures what it does."""

import gc
import sys

SWITCH_SECONDS = 0.0005


def settle() -> None:
    """Call once, when all that stays is loaded.

    Of a search page, collections took 3 ms, four times a page, and a full one 200 ms of every hundredth: what stays
    for good is not looked through again, and the rest, most of which goes by itself, seldom. And a thread that waits
    for PostgreSQL while another one reads words takes over when the answer is there, not up to 5 ms later.
    """
    gc.set_threshold(20_000, 20, 20)
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)

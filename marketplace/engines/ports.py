"""Find ports that nobody listens on, and claim them."""

import socket

HOST = "127.0.0.1"


def is_free(port: int, host: str = HOST) -> bool:
    """Say whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None, host: str = HOST) -> int:
    """Give `preferred` when it is free; otherwise, and for 0 or None, any free port."""
    if preferred and is_free(preferred, host):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def claim_port(preferred: int | None = None, host: str = HOST) -> tuple[int, socket.socket]:
    """Give a free port that no other process has claimed, and the claim: the kernel ends it with its socket.

    Several web servers may listen on one port, so that finding it free is not enough for two runs that start together.
    """
    while True:
        port = free_port(preferred, host)
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0nhipcau-port-{port}")
        except OSError:
            claim.close()
            preferred = None
        else:
            return port, claim

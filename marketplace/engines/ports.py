"""Find ports that nobody listens on."""

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


def hold_port(preferred: int | None = None, host: str = HOST) -> socket.socket:
    """Take `preferred` when it is free, otherwise any free port, and give the socket that holds it without listening.

    Only a server that shares its port (SO_REUSEPORT, as granian does) can listen on a port that is held; `is_free` and
    another holder find it taken. So of two demos that start at once each has a port of its own.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of an earlier run may still fade out
    try:
        holder.bind((host, preferred or 0))
    except OSError:
        holder.bind((host, 0))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return holder

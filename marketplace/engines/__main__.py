"""`python -m marketplace.engines demo`: run the whole site on this machine until Ctrl-C."""

import argparse
import os
import sys

from marketplace.engines.demo import Demo
from marketplace.engines.process import EngineError


def main() -> int:
    """Run the demo; PORT (or --port) wishes for a port, HOST for an address to listen on."""
    parser = argparse.ArgumentParser(prog="python -m marketplace.engines", description=(__doc__ or "").strip())
    parser.add_argument("command", choices=["demo"])
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    arguments = parser.parse_args()
    try:
        return Demo(host=arguments.host, port=arguments.port).run()
    except EngineError as error:
        print(f"Stopped: {error}", file=sys.stderr)
    except PermissionError as error:
        print(
            f"Stopped: {error.filename} belongs to another user. Run as that user, or remove it.",
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main())

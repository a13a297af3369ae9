"""How long `make demo` takes: from nothing, again, and after `kill -9`, in a clean clone whose path has a space.

    python -m benchmarks.demo            with the package caches of this machine
    python -m benchmarks.demo --cold     with empty caches: every package comes over the network

Prints JSON: seconds until run.json stands and the home page answers, the processor time of a start and a stop, which
says more on a busy machine, and what was left running at the end (nothing).
"""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from marketplace.engines.process import leftovers

ROOT = Path(__file__).resolve().parent.parent


def start(clone: Path, environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], float]:
    """Run `make demo` until it is ready; give it and the seconds that took."""
    run_file = clone / "var" / "run.json"
    run_file.unlink(missing_ok=True)
    began = time.monotonic()
    demo = subprocess.Popen(["make", "demo"], cwd=clone, env=environment, stdout=sys.stderr, start_new_session=True)
    while not run_file.exists():
        if demo.poll() is not None or time.monotonic() - began > 600:
            sys.exit("make demo did not get ready; see above.")
        time.sleep(0.05)
    seconds = time.monotonic() - began
    url = json.loads(run_file.read_text())["url"]
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 -- our own address
        if answer.status != 200:
            sys.exit(f"{url} answers {answer.status}.")
    return demo, round(seconds, 1)


def end(demo: subprocess.Popen[bytes], how: int) -> float:
    """Send a signal to make and the supervisor, as a terminal does; give the seconds until both are gone."""
    began = time.monotonic()
    os.killpg(demo.pid, how)
    demo.wait(60)
    return round(time.monotonic() - began, 1)


def cpu_seconds() -> float:
    """Give the processor time of everything that was started here and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Clone, start three times, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cold", action="store_true")
    cold = parser.parse_args().cold
    scratch = Path(tempfile.mkdtemp(prefix="nhip cau "))
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    if cold:
        environment |= {"UV_CACHE_DIR": str(scratch / "uv"), "PIP_NO_CACHE_DIR": "1"}
    try:
        clone = scratch / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        result: dict[str, object] = {"cold": cold, "load_before": os.getloadavg()[0]}
        demo, result["from_nothing_s"] = start(clone, environment)
        result["accounts"] = len(json.loads((clone / "var" / "run.json").read_text())["accounts"])
        result["stop_s"] = end(demo, signal.SIGINT)
        before = cpu_seconds()
        result["from_nothing_cpu_s"] = round(before, 1)
        demo, result["again_s"] = start(clone, environment)
        end(demo, signal.SIGINT)
        result["again_cpu_s"] = round(cpu_seconds() - before, 1)
        demo, _ = start(clone, environment)
        end(demo, signal.SIGKILL)
        demo, result["after_kill_s"] = start(clone, environment)
        end(demo, signal.SIGINT)
        result["left_running"] = len(list(leftovers(clone.resolve() / "var")))
        print(json.dumps(result, indent=1))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()

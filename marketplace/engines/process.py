"""Start programs so that none outlives its supervisor, and find those that did.

A child is told by the kernel when its parent dies (PR_SET_PDEATHSIG). It carries MARKER in its environment,
so the next run recognises and ends whatever a killed run left behind.
"""

import contextlib
import ctypes
import os
import pwd
import signal
import stat
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MARKER = "NHIPCAU_FOLDER"

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 4
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522


class EngineError(RuntimeError):
    """A server could not be started or prepared; the message says what to do."""


@dataclass(frozen=True)
class RunAs:
    """The system user that a server runs as when we are root, which PostgreSQL refuses to be.

    `capability` lets it pass folders that only root may enter (a checkout below /root), without opening
    them to everyone else; None when it needs no such help.
    """

    uid: int
    gid: int
    capability: int | None


def choose_user(data_folder: Path, *programs: Path) -> RunAs | None:
    """Name the user for a server with its data in `data_folder`; None unless we are root.

    The owner of existing data is kept; otherwise `nobody`, which every Linux has.
    """
    if os.geteuid() != 0:
        return None
    owner = data_folder.stat().st_uid if data_folder.exists() else 0
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        raise EngineError(f"The owner of {data_folder} ({owner or 'nobody'}) has no entry in /etc/passwd.") from None
    reachable = all(_others_may_enter(path) for path in (data_folder, *programs))
    return RunAs(entry.pw_uid, entry.pw_gid, None if reachable else _passing_capability())


def _others_may_enter(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _passing_capability() -> int:
    status = Path("/proc/self/status").read_text()
    effective = int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if effective & (1 << capability):
            return capability
    raise EngineError(
        "PostgreSQL does not run as root, and its user `nobody` may not enter this folder. "
        "Move the checkout to a folder that everyone may enter, or run as an ordinary user."
    )


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.touch(mode=0o600)
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def _become(user: RunAs) -> None:
    """Change to `user` in the child, keeping its standard input and at most the one capability."""
    os.fchown(0, user.uid, user.gid)
    os.setgroups([])
    os.setgid(user.gid)
    if user.capability is not None:
        # Keeps capabilities over setuid, and lets access(2), by which initdb looks for its programs, honour them.
        _check(_libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "PR_SET_SECUREBITS")
    os.setuid(user.uid)
    if user.capability is not None:
        bit = 1 << user.capability
        header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
        _check(_libc.capset(header, struct.pack("=6I", bit, bit, bit, 0, 0, 0)), "capset")
        _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, user.capability, 0, 0), "PR_CAP_AMBIENT")


def _in_child(parent: int, user: RunAs | None, death_signal: int) -> Callable[[], None]:
    def prepare() -> None:
        if user is not None:
            _become(user)
        _check(_libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0), "PR_SET_PDEATHSIG")
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def spawn(
    command: Sequence[str | Path],
    *,
    folder: Path,
    log: Path | None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    user: RunAs | None = None,
    stdin: bytes = b"",
    death_signal: int = signal.SIGTERM,
    show: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its output appended to `log`, marked as belonging to `folder`.

    With `show`, its output goes where ours goes. `stdin` (at most a pipe's 64 kB) is what it reads; secrets go there rather than onto the command line.
    Call it from the main thread: the kernel ties PR_SET_PDEATHSIG to the thread that forks.
    """
    environment = {**os.environ, **(env or {}), MARKER: str(folder)}
    with Path(log or os.devnull).open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=None if show else output,
            stderr=None if show else subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_in_child(os.getpid(), user, death_signal),
        )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(stdin)
    return process


def stop(process: subprocess.Popen[bytes], *, how: int = signal.SIGTERM, seconds: float = 20) -> None:
    """End one child: ask first, and kill its whole session when it does not listen."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill_session(process)
    process.wait()


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill a child and everything that it started in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def leftovers(folder: Path) -> Iterator[int]:
    """Give the ids of processes that an earlier run on `folder` left behind.

    They carry MARKER, or work inside the folder (PostgreSQL writes over its environment).
    """
    marker = f"{MARKER}={folder}".encode()
    for pid in _others():
        try:
            if marker in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                yield pid
                continue
        except OSError:
            pass
        if _works_in(pid, folder / "postgres") or _works_in(pid, folder / "valkey"):
            yield pid


def _others() -> Iterator[int]:
    own = {os.getpid(), *_ancestors(os.getpid())}
    yield from (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and int(path.name) not in own)


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def kill_working_in(folder: Path, *, seconds: float = 5) -> None:
    """Kill every process whose working folder is `folder`, and wait until they are gone."""
    deadline = time.monotonic() + seconds
    while found := [pid for pid in _others() if _works_in(pid, folder)]:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise EngineError(f"Processes {found} do not end.")
        time.sleep(0.01)


def _ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            break
        found.add(pid)
    return found


def end_leftovers(folder: Path, *, seconds: float = 8) -> int:
    """End what an earlier run on `folder` left behind and say how many processes that were."""
    first = set(leftovers(folder))
    for how, patience in ((signal.SIGINT, seconds), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + patience
        remaining = set(leftovers(folder))
        for pid in remaining:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                continue
            except PermissionError:
                raise EngineError(f"Process {pid} of an earlier run belongs to someone else; end it first.") from None
        while remaining and time.monotonic() < deadline:
            time.sleep(0.05)
            remaining = set(leftovers(folder))
        if not remaining:
            break
    return len(first)

"""A process that has the parsers loaded and forks a fresh child for each file; started by `ingest.hosted_child` only.

Loading the parsers takes half a second, longer than most files take to read. Every file still has a process of its
own, which can be killed and keeps nothing for the next one.

Standard input is a socket. Each message on it carries three descriptors (the child's standard input, output and
error); the answers are the child's process id and, when it has ended, its wait status, each as eight bytes.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import struct
import sys
from importlib import import_module

NUMBER = struct.Struct("!q")


def main() -> int:
    """Serve until the other end of the socket is closed; then kill the child that is left."""
    _load_parsers()
    control = socket.socket(fileno=os.dup(0))
    ended, wake = socket.socketpair()
    for end in (ended, wake):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(control, 1, 3)
        if not message:
            return 0
        pid = os.fork()
        if pid == 0:
            control.close()
            _become_child(descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(NUMBER.pack(pid))
        status = _wait(pid, control, ended)
        if status is None:
            return 0
        control.sendall(NUMBER.pack(status))


def _load_parsers() -> None:
    """Load what the children need, so that they are forked with it. OCR is left to the children: it starts threads,
    which a fork does not take along."""
    from ingest.parsers.detect import SUFFIXES

    for name in ("ingest.child", "kb_platform.domain.document"):
        import_module(name)
    for parser in sorted(set(SUFFIXES.values())):
        with contextlib.suppress(ImportError):  # a child that needs it says so, and other formats are still read
            import_module(f"ingest.parsers.{parser}")
    gc.collect()
    gc.freeze()  # or a child's collector writes into all that it shares with the host, and each page is copied


def _become_child(descriptors: list[int]) -> None:
    """Run the request in this forked process, and end it."""
    from ingest.child import run

    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        status = run(os.getppid())
    except BaseException:  # noqa: BLE001 - whatever it is, it must not run on in the host's code
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _wait(pid: int, control: socket.socket, ended: socket.socket) -> int | None:
    """Return the child's wait status; None when whoever asked is gone (the child is killed then)."""
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        ready, _, _ = select.select([control, ended], [], [], 1.0)
        if ended in ready:
            with contextlib.suppress(BlockingIOError):
                ended.recv(64)
        if control in ready:  # nothing is sent while a child runs: this is the end
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None


if __name__ == "__main__":
    sys.exit(main())

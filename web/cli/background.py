"""`kb up -d`: the supervisor as a process of its own, which reports to the starting command until it is ready.

The report is a pipe with one JSON object a line: `{"say": text}`, at last `{"ready": text}` or `{"failed": text}`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from kb_platform.domain.errors import KnowledgeBaseError
from web.cli.instance import ROOT, Folder, StartFailed
from web.cli.processes import last_lines, rotate


def start_in_background(folder: Folder, port: int | None) -> str:
    """Start an instance that outlives this process; returns the text for the person once it is ready.

    Raises StartFailed; nothing runs then.
    """
    folder.make()
    log = folder.logs / "supervisor.log"
    rotate(log)
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "web.cli.background", str(folder.path), "" if port is None else str(port)]
    command.append(str(writing))
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    try:
        with os.fdopen(reading) as report:
            for line in report:
                message = json.loads(line)
                if "say" in message:
                    print(message["say"], flush=True)
                elif "failed" in message:
                    raise StartFailed(message["failed"])
                else:
                    return str(message["ready"])
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    raise StartFailed(f"The supervisor ended while starting. Its last lines:\n{last_lines(log)}\n({log})")


def main(arguments: list[str]) -> int:
    """Be the background process: `FOLDER PORT REPORT_DESCRIPTOR`."""
    from web.cli.up import supervise

    folder, port = Folder(Path(arguments[0])), int(arguments[1]) if arguments[1] else None
    with os.fdopen(int(arguments[2]), "w") as report:

        def tell(kind: str, text: str) -> None:
            if not report.closed:
                print(json.dumps({kind: text}), file=report, flush=True)

        def ready(text: str) -> None:
            tell("ready", text)
            report.close()

        try:
            supervise(folder, port, lambda text: tell("say", text), ready)
        except KnowledgeBaseError as error:
            tell("failed", error.message)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

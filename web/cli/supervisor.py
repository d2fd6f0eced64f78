"""`kb up`: starts an instance in order, looks after its processes, and ends them in order.

migrate the database → queue, index → worker, scheduler, web → ready
stop: web, worker, scheduler → index, queue
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from kb_platform.accounts import FirstAdministrator
from kb_platform.database.engine import open_database
from kb_platform.settings import Settings
from web.cli import embedded
from web.cli.first_start import keep_a_key, make_administrator
from web.cli.guardian import Guardian
from web.cli.instance import ROOT, Folder, ProcessState, RunState, Say, StartFailed
from web.cli.processes import Child, Program, free_port, last_lines, rotate, stop

TRIES = 3
START_SECONDS = 240.0


class Stopped(Exception):
    """A signal came while starting."""


class Supervisor:
    """Owns the instance of one data folder, from the caller's lock to the last process's end."""

    def __init__(self, folder: Folder, settings: Settings, say: Say) -> None:
        self.folder = folder
        self.settings = settings
        self.say = say
        self.given = embedded.given_by(settings)
        self.secrets = folder.secrets()
        self.environment = dict(os.environ)
        self.guardian = Guardian()
        self.inner: list[Child] = []
        self.outer: list[Child] = []
        self.signals = 0
        self.url = ""
        self.started_at = datetime.now(UTC).isoformat(timespec="seconds")

    def run(self, when_ready: Say) -> None:
        """Start everything, call `when_ready` with the text for the person, and look after it until a signal comes.

        The caller holds the folder's lock. Raises StartFailed.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            administrator = self.start()
            when_ready(self._welcome(administrator))
            self.folder.password_file.unlink(missing_ok=True)
            while not self.signals:
                self._watch()
                time.sleep(0.2)
        except Stopped:
            pass
        finally:
            self.stop()

    def start(self) -> FirstAdministrator | None:
        """Start the parts in order. Returns the administrator made at the very first start."""
        self._prepare_environment()
        self._migrate()
        administrator = self._prepare_accounts()
        self._start_group(self.inner, self._inner_programs())
        self._point_to_inner()
        self._start_group(self.outer, self._outer_programs())
        self._write_state()
        return administrator

    def stop(self) -> None:
        """End everything in order; a second signal kills what is left."""
        so_far = self.signals
        stop(self.outer, lambda: self.signals > so_far)
        stop(self.inner, lambda: self.signals > so_far + 1)
        self.guardian.close()
        self.folder.forget_state()

    def _prepare_environment(self) -> None:
        self.environment["KB_DATA_DIR"] = str(self.folder.path)
        if not self.given.secret_key:
            self.environment["KB_SECURITY__SECRET_KEY"] = self.secrets.secret_key
        if not self.given.index and not self.settings.index.api_key:
            self.environment["KB_INDEX__API_KEY"] = self.secrets.index_key

    def _migrate(self) -> None:
        log = self._new_log("migrate")
        with log.open("ab") as file:
            done = subprocess.run(
                [sys.executable, "-m", "kb_platform.database.migrate"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            place = embedded.database_place(self.settings)
            raise StartFailed(f"The database {place} cannot be brought up to date.\n{last_lines(log)}\n({log})")

    def _prepare_accounts(self) -> FirstAdministrator | None:
        database = open_database(self.settings)
        try:
            administrator = make_administrator(database, self.folder, self.settings.security)
            keep_a_key(database, self.folder)
        finally:
            database.close()
        return administrator

    def _inner_programs(self) -> list[Callable[[], Program]]:
        programs: list[Callable[[], Program]] = []
        if not self.given.queue:
            programs.append(lambda: embedded.queue_program(self.folder, self.secrets))
        if not self.given.index:
            programs.append(lambda: embedded.index_program(self.folder, self.environment))
        return programs

    def _point_to_inner(self) -> None:
        ports = {child.program.name: child.program.port for child in self.inner}
        if embedded.QUEUE_NAME in ports:
            self.environment["KB_QUEUE__URL"] = embedded.queue_url(ports[embedded.QUEUE_NAME], self.secrets)
        if embedded.INDEX_NAME in ports:
            self.environment["KB_INDEX__URL"] = f"http://{embedded.LOOPBACK}:{ports[embedded.INDEX_NAME]}"

    def _outer_programs(self) -> list[Callable[[], Program]]:
        url = self.environment.get("KB_QUEUE__URL") or self.settings.queue.url.get_secret_value()
        queue = self.settings.queue.model_copy(update={"url": type(self.settings.queue.url)(url)})
        return [
            lambda: embedded.worker_program(self.environment, queue),
            lambda: embedded.scheduler_program(self.environment),
            self._web_program,
        ]

    def _web_program(self) -> Program:
        host, wanted = self.settings.server.host, self.settings.server.port
        port = free_port(wanted, host)
        if wanted and port != wanted:
            self.say(f"Port {wanted} is taken by another program; using {port}.")
        self.url = self.settings.server.public_url or f"http://{embedded.reachable(host)}:{port}"
        return embedded.web_program(self.environment, host, port)

    def _start_group(self, children: list[Child], programs: Sequence[Callable[[], Program]]) -> None:
        """Start programs side by side and wait until all are ready. One that ends at once (its port was taken in
        between) is made anew a few times. Raises StartFailed, Stopped."""
        tries = [0] * len(programs)
        for make in programs:
            children.append(self._start(make))
        deadline = time.monotonic() + START_SECONDS
        while waiting := [child for child in children if not child.ready]:
            if self.signals:
                raise Stopped
            for child in waiting:
                number = children.index(child)
                if child.is_alive():
                    child.ready = child.program.is_ready()
                elif tries[number] + 1 < TRIES:
                    tries[number] += 1
                    children[number] = self._start(programs[number])
                else:
                    raise StartFailed(self._epitaph(child, f"ended with status {child.exit_status()}"))
            if time.monotonic() > deadline:
                raise StartFailed(self._epitaph(waiting[0], f"was not ready after {START_SECONDS:.0f} s"))
            time.sleep(0.1)

    def _start(self, make: Callable[[], Program]) -> Child:
        program = make()
        child = Child(program, self._new_log(program.name), self.guardian)
        child.start()
        return child

    def _epitaph(self, child: Child, what: str) -> str:
        return f"The {child.program.name} process {what}. Its last lines:\n{last_lines(child.log)}\n({child.log})"

    def _watch(self) -> None:
        before = self._states()
        for child in [*self.inner, *self.outer]:
            line = child.watch()
            if line:
                print(datetime.now(UTC).isoformat(timespec="seconds"), line, file=sys.stderr, flush=True)
        if self._states() != before:
            self._write_state()

    def _states(self) -> tuple[ProcessState, ...]:
        return tuple(
            ProcessState(child.program.name, child.pid, child.program.port, child.ready, child.restarts)
            for child in [*self.inner, *self.outer]
        )

    def _write_state(self) -> None:
        self.folder.write_state(RunState(os.getpid(), self.url, self.started_at, self._states()))

    def _welcome(self, administrator: FirstAdministrator | None) -> str:
        lines = [f"Ready:     {self.url}"]
        if administrator is None:
            lines.append("Sign in:   with your account; the administrator was made at the first start")
        else:
            lines.append(f"Sign in:   {administrator.email}")
            password = administrator.password or "the one given by KB_SECURITY__ADMIN_PASSWORD"
            lines.append(f"Password:  {password}" + ("   (shown this once)" if administrator.password else ""))
        lines.append(f"Data:      {self.folder.path}")
        return "\n".join(lines)

    def _new_log(self, name: str) -> Path:
        log = self.folder.logs / f"{name}.log"
        rotate(log)
        return log

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1

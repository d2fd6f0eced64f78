"""The child process that reads files: its limits, its end, what it knows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ingest.pages import render_page
from ingest.sandbox import parse_file, run_child, run_parser
from kb_platform.domain.document import BlockKind, FileFormat
from kb_platform.domain.errors import (
    CorruptFile,
    LimitExceeded,
    NothingReadable,
    PasswordRequired,
    SettingsError,
)
from kb_platform.settings import IngestSettings
from tests.pdf_files import Page, Text, pdf

REPOSITORY = Path(__file__).resolve().parents[3]


def stored(folder: Path, content: bytes | str) -> Path:
    path = folder / "stored"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def children(parent: int | None = None) -> set[int]:
    """Return the parser children of a process (this one): what its parser hosts have forked."""
    hosts = _processes({parent or os.getpid()})
    return _processes(hosts)


def _processes(parents: set[int]) -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
                status = (entry / "status").read_text()
            except OSError:
                continue
            if b"ingest.parser_host" in command and any(f"PPid:\t{parent}\n" in status for parent in parents):
                found.add(int(entry.name))
    return found


def test_a_text_is_read_within_a_tenth_of_a_second_once_the_host_is_there(tmp_path: Path) -> None:
    path = stored(tmp_path, "第一条 总则。\n")
    run_parser(path, "a.txt", IngestSettings())
    fastest = min(run_parser(path, "a.txt", IngestSettings()).seconds for _ in range(10))
    assert fastest < 0.1


def test_each_file_has_a_process_of_its_own(tmp_path: Path) -> None:
    settings = IngestSettings(readers={".pid": "tests.integration.ingest_documents.reading_pids.PidReader"})
    path = stored(tmp_path, "x")
    pids = {parse_file(path, "a.pid", settings).text for _ in range(3)}
    assert len(pids) == 3


def test_a_host_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = stored(tmp_path, "# 标题\n")
    parse_file(path, "a.md", IngestSettings())
    for host in _processes({os.getpid()}):
        os.kill(host, signal.SIGKILL)
    assert parse_file(path, "a.md", IngestSettings()).format == FileFormat.MARKDOWN


def test_what_the_child_reads_comes_back_whole(tmp_path: Path) -> None:
    document = parse_file(stored(tmp_path, "# 标题\n\n正文\n"), "a.md", IngestSettings())
    assert document.format == FileFormat.MARKDOWN
    assert [block.kind for block in document.blocks] == [BlockKind.HEADING, BlockKind.PARAGRAPH]


def test_progress_is_told_page_by_page(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    content = pdf([Page([Text(72, 700, f"page {number}")]) for number in range(4)])
    parse_file(stored(tmp_path, content), "a.pdf", IngestSettings(), on_progress=lambda *step: told.append(step))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_reason_of_the_parser_reaches_the_caller(tmp_path: Path) -> None:
    with pytest.raises(NothingReadable) as refused:
        parse_file(stored(tmp_path, ""), "空.txt", IngestSettings())
    assert (refused.value.file_name, refused.value.reason) == ("空.txt", "the file is empty.")


def test_a_password_reaches_the_child_but_no_command_line_and_no_environment(tmp_path: Path) -> None:
    os.environ["KB_SECURITY__SECRET_KEY"] = "platform-secret"
    path = stored(tmp_path, "*a _b " * 200_000)
    seen: list[bytes] = []

    def look() -> None:
        for pid in children():
            seen.append(Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes())

    try:
        with pytest.raises(LimitExceeded):
            parse_file(path, "a.md", IngestSettings(parse_seconds=2), password="file-secret", keep_going=look)
    finally:
        del os.environ["KB_SECURITY__SECRET_KEY"]
    assert seen
    assert not any(b"secret" in one for one in seen)


def test_too_much_time_ends_the_child(tmp_path: Path) -> None:
    path = stored(tmp_path, "*a _b " * 200_000)
    started = time.monotonic()
    with pytest.raises(LimitExceeded, match=r"slow\.md.*longer than the 1 s"):
        parse_file(path, "slow.md", IngestSettings(parse_seconds=1))
    assert time.monotonic() - started < 5
    assert not children()


def test_too_much_memory_ends_the_child(tmp_path: Path) -> None:
    path = stored(tmp_path, "word " * 8_000_000)
    with pytest.raises(LimitExceeded, match="more than the 64 MiB"):
        parse_file(path, "a.txt", IngestSettings(parse_memory_mib=64, max_characters=10**9))


def test_more_text_than_allowed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="1,000 characters"):
        parse_file(stored(tmp_path, "word " * 300), "a.txt", IngestSettings(max_characters=1_000))


def test_a_child_that_dies_names_the_file_and_how(tmp_path: Path) -> None:
    def kill() -> None:
        for pid in children():
            os.kill(pid, signal.SIGSEGV)

    threading.Timer(0.5, kill).start()
    with pytest.raises(CorruptFile, match=r"slow\.md.*signal 11"):
        parse_file(stored(tmp_path, "*a _b " * 200_000), "slow.md", IngestSettings(parse_seconds=20))


def test_a_lost_lease_kills_the_child_and_goes_on(tmp_path: Path) -> None:
    class Lost(Exception):
        pass

    def lost() -> None:
        raise Lost

    started = time.monotonic()
    with pytest.raises(Lost):
        parse_file(stored(tmp_path, "*a _b " * 200_000), "slow.md", IngestSettings(), keep_going=lost)
    assert time.monotonic() - started < 10
    assert not children()


def _is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_killed_worker_leaves_no_parser_behind(tmp_path: Path) -> None:
    path = stored(tmp_path, "*a _b " * 200_000)
    program = (
        "from pathlib import Path; from ingest.sandbox import parse_file; from kb_platform.settings import "
        f"IngestSettings; parse_file(Path({str(path)!r}), 'slow.md', IngestSettings())"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY)
    deadline = time.monotonic() + 20
    while not (started := children(worker.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(started) == 1
    worker.kill()
    worker.wait()
    deadline = time.monotonic() + 5
    (parser,) = started
    while (alive := _is_running(parser)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive


def test_a_host_loads_what_parsers_need_and_starts_no_thread(tmp_path: Path) -> None:
    program = (
        "import sys, threading; from pathlib import Path; from ingest.parser_host import _load_parsers; _load_parsers()"
        "; print([name for name in ('torch', 'llama_index', 'onnxruntime', 'cv2') if name in sys.modules]"
        ", 'Threads:\\t1' in Path('/proc/self/status').read_text())"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stdout.strip() == "[] True"


def test_a_reader_of_llama_index_can_be_plugged_in(tmp_path: Path) -> None:
    settings = IngestSettings(readers={".note": "llama_index.core.readers.json.JSONReader"})
    document = parse_file(stored(tmp_path, '{"question": "When is the library open?"}'), "a.note", settings)
    assert document.format == FileFormat.OTHER
    assert "When is the library open?" in document.text


def test_a_reader_that_is_none_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="readers"):
        parse_file(stored(tmp_path, "x"), "a.note", IngestSettings(readers={".note": "json.JSONDecoder"}))


def test_a_page_is_rendered_as_wide_as_asked(tmp_path: Path) -> None:
    import io

    from PIL import Image

    path = stored(tmp_path, pdf([Page([Text(72, 700, "one")]), Page([Text(72, 700, "two")], rotate=90)]))
    first, second = (Image.open(io.BytesIO(render_page(path, number, 300))) for number in (1, 2))
    assert (first.width, first.format) == (300, "PNG")
    assert first.height > first.width
    assert second.height < second.width
    with pytest.raises(NothingReadable, match="no page 3"):
        render_page(path, 3, 300)


def test_an_encrypted_page_needs_its_password(tmp_path: Path) -> None:
    import io

    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([Page([Text(72, 700, "secret")])])))
    writer.encrypt("key", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    path = stored(tmp_path, out.getvalue())
    with pytest.raises(PasswordRequired):
        render_page(path, 1, 200)
    assert render_page(path, 1, 200, password="key").startswith(b"\x89PNG")


def test_what_a_parser_prints_is_no_protocol(tmp_path: Path) -> None:
    request = {
        "task": "parse",
        "path": str(stored(tmp_path, "text")),
        "file_name": "a.txt",
        "password": "",
        "ocr": False,
    }
    ran = run_child(request | {"max_characters": 100, "reader": ""}, 512, 30)
    assert ran.peak_mib > 5
    assert ran.result.startswith(b"{")

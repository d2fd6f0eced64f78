"""One instance per data folder; what it keeps is its owner's."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kb_platform.domain.errors import SettingsError
from web.cli.instance import AlreadyRunning, Folder, ProcessState, RunState, birth_of, instance_settings

ROOT = Path(__file__).resolve().parents[4]
HOLDS = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from web.cli.instance import Folder\n"
    "with Folder(Path(sys.argv[1])).hold():\n"
    "    print('held', flush=True)\n"
    "    time.sleep(60)\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "data")
    made.make()
    return made


def test_a_second_start_in_the_same_folder_is_refused_with_the_address(folder: Folder) -> None:
    command = [sys.executable, "-c", HOLDS, str(folder.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        folder.write_state(RunState(other.pid, "http://127.0.0.1:8080", "2026-01-01T00:00:00+00:00", ()))
        with pytest.raises(AlreadyRunning, match="8080"), folder.hold():
            pass
        assert folder.supervisor() == other.pid
        assert folder.running() is not None
        other.kill()
    assert folder.supervisor() == 0
    assert folder.running() is None
    with folder.hold():
        assert folder.supervisor() == os.getpid()


def test_a_process_that_took_over_the_id_is_not_ours(folder: Folder) -> None:
    with folder.hold():
        (folder.run / "lock").write_text(f"{os.getpid()} another-birth")
        assert folder.supervisor() == 0


def test_the_state_is_read_as_it_was_written(folder: Folder) -> None:
    state = RunState(7, "http://127.0.0.1:1", "2026-01-01T00:00:00+00:00", (ProcessState("web", 8, 1, True, 0),))
    folder.write_state(state)
    assert folder.read_state() == state
    folder.forget_state()
    assert folder.read_state() is None


def test_secrets_are_made_once_and_belong_to_their_owner(folder: Folder) -> None:
    first = folder.secrets()
    assert folder.secrets() == first
    assert len({first.secret_key, first.queue_password, first.index_key}) == 3
    assert stat.S_IMODE((folder.path / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_process_has_one_birth() -> None:
    assert birth_of(os.getpid()) == birth_of(os.getpid()) != ""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert birth_of(gone.pid) == ""


def test_the_data_folder_does_not_depend_on_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KB_DATA_DIR", raising=False)
    assert instance_settings().data_dir == ROOT / "data"
    assert instance_settings(Path("here")).data_dir == tmp_path / "here"


def test_a_wrong_setting_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_SERVER__PORT", "many")
    with pytest.raises(SettingsError, match=r"server\.port: Input should be a valid integer"):
        instance_settings()

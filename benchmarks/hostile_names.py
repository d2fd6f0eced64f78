"""Hostile file names: in uploads, and inside ZIP archives. Counted is every file that lies outside the store after."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, progress
from benchmarks.hostile_world import World

NAMES = 2000
QUICK_NAMES = 200
BATCH = 200
CANARY = "hostile-canary"
PLACES = ("/tmp", "/var/tmp", "/dev/shm", "~", ".", "..")

_UP = (
    "../", "..\\", "....//", "..;/", "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "%252e%252e%252f", "..%c0%af",
    "..／", "．．/", "‥/", "..\u2215", "..\u2044", ".\u200b./", "..\x00/", "/../", "\\..\\", "./../",
)  # fmt: skip
_STARTS = (
    "", "/", "//", "///", "\\", "\\\\?\\C:\\", "C:\\", "c:/", "\\\\server\\share\\", "file:///", "~/", "~root/",
    "$HOME/", "%TEMP%\\", "${jndi:ldap://x}/", "-rf ", "|sh ", ";touch ", "`id`", "$(id)", "\x00", "\r\n", "\u202e",
    "CON/", "nul.", "aux:", ".", "..", "...", " ", "\ufeff",
)  # fmt: skip
_TARGETS = (
    "{canary}", "tmp/{canary}", "etc/cron.d/{canary}", "var/tmp/{canary}", "dev/shm/{canary}", ".ssh/{canary}",
    "some/where/{canary}", "where/data/{canary}", "data/kb.sqlite3/{canary}", "files/00/00/{canary}",
)  # fmt: skip
_ENDS = (
    "",
    *(".txt",) * 12,
    ".md",
    ".txt\x00.pdf",
    ".txt/",
    ".txt/.",
    ".txt ",
    ".txt::$DATA",
    ".txt%00",
    '.txt"; x="',
    "\n.md",
)


def hostile_names(count: int) -> list[str]:
    """Return so many names, the same in every run; each would leave a file whose path holds the canary's word."""
    draw = random.Random(11)
    made: dict[str, None] = {}
    while len(made) < count:
        up = draw.choice(_UP) * draw.choice((0, 1, 2, 5, 12))
        target = draw.choice(_TARGETS).format(canary=f"{CANARY}-{len(made)}")
        name = draw.choice(_STARTS) + up + target + draw.choice(_ENDS)
        made[name if draw.random() > 0.02 else name + "长" * 5000] = None
    return list(made)


def measure_files_outside(world: World, quick: bool) -> Iterator[Figure]:
    """Yield how many files of the uploads lie anywhere but in the store."""
    names = hostile_names(QUICK_NAMES if quick else NAMES)
    yield Figure("hostile", "files_outside", len(files_outside(world, names)), "files", len(names))


def files_outside(world: World, names: Sequence[str]) -> list[Path]:
    """Upload a file of each name, half of them also within archives, and return what lies outside the store."""
    client = world.administrator()
    base = client.post("/api/v1/knowledge-bases", json={"name": "hostile names"}).json()["id"]
    taken = refused = 0
    for start in range(0, len(names), BATCH):
        progress(f"file names {start}/{len(names)}")
        batch = names[start : start + BATCH]
        whole = [name for name in batch if name.isprintable()]
        broken = [_plain([name], start + number) for number, name in enumerate(batch) if not name.isprintable()]
        for content_type, body in (_plain(whole, start), *broken, _archive(batch[::2], start)):
            answer = client.post(
                f"/api/v1/knowledge-bases/{base}/documents", content=body, headers={"Content-Type": content_type}
            )
            if answer.status_code != 202:
                refused += 1
                continue
            taken += len(answer.json()["documents"])
    progress(f"{taken} documents were made of {len(names)} names, half of them twice; {refused} uploads refused")
    assert taken, "nothing was taken: nothing was tried"
    return [*_outside_of(world), *_canaries()]


def _plain(names: Sequence[str], start: int) -> tuple[str, bytes]:
    """A multipart body with the names' very bytes, but for what would end the header."""
    boundary = "b0undary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="'.encode()
        + name.encode("utf-8", "surrogatepass")
        .replace(b'"', b"%22" if number % 2 else b'\\"')
        .replace(b"\r", b"%0D")
        .replace(b"\n", b"%0A")
        + f'"\r\nContent-Type: text/plain\r\n\r\n{start + number} 号文件的内容。\r\n'.encode()
        for number, name in enumerate(names)
    ]
    fields = f'--{boundary}\r\nContent-Disposition: form-data; name="keep_folders"\r\n\r\ntrue\r\n'.encode()
    return f"multipart/form-data; boundary={boundary}", b"".join([*parts, fields, f"--{boundary}--\r\n".encode()])


def _archive(names: Sequence[str], start: int) -> tuple[str, bytes]:
    """A ZIP whose members have the names, one of them a symbolic link upwards."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        link = zipfile.ZipInfo("up")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "../../..")
        archive.writestr(f"up/{CANARY}-link-{start}.txt", f"经过链接 {start}")
        for number, name in enumerate(names):
            member = zipfile.ZipInfo("x")
            member.filename = name.replace("\x00", "\x01")[:60_000]
            archive.writestr(member, f"压缩包内 {start + number} 号文件的内容。")
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{start}.zip"\r\n\r\n'.encode()
    return "multipart/form-data; boundary=b", head + data.getvalue() + b"\r\n--b--\r\n"


def _outside_of(world: World) -> list[Path]:
    """Files in the folder around the platform's that are not the platform's own."""
    own = world.data_dir
    store = own / "files"
    found = []
    for path in world.outside.rglob("*"):
        is_index = own / "index" in path.parents or own / "models" in (path, *path.parents)
        is_database = path.parent == own and path.name.startswith("kb.sqlite3")
        if path.is_dir() or is_index or is_database:
            continue
        relative = path.relative_to(store).parts if store in path.parents else ()
        is_stored = len(relative) == 3 and len(relative[2]) == 64
        if not is_stored:
            found.append(path)
    return found


def _canaries() -> list[Path]:
    """Files of the canary's name in places that everybody may write to, and where this process runs."""
    folders = {Path(place).expanduser().resolve() for place in PLACES}
    return [path for folder in folders for path in folder.glob(f"*{CANARY}*")]

"""The folder with all collections and their aliases; one process owns it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from kb_platform.index.embedded.collection import Collection, create_collection, open_collection
from kb_platform.index.embedded.errors import BadRequest, CollectionExists, UnknownCollection

Json = Mapping[str, Any]


class FolderInUse(Exception):
    """Another process owns the folder."""


class Catalogue:
    """The collections of a folder by name, and aliases for them."""

    def __init__(self, folder: Path) -> None:
        """Open the folder and every collection in it. Raises FolderInUse."""
        self._folder = folder
        self._lock = _lock(folder)
        self._collections: dict[str, Collection] = {}
        self._collections_folder.mkdir(exist_ok=True)
        for path in sorted(self._collections_folder.iterdir()):
            collection = open_collection(path)
            if collection is None:
                shutil.rmtree(path)
            else:
                self._collections[collection.name] = collection
        self._aliases: dict[str, str] = {}
        if self._aliases_file.exists():
            self._aliases = json.loads(self._aliases_file.read_text())

    @property
    def _collections_folder(self) -> Path:
        return self._folder / "collections"

    @property
    def _aliases_file(self) -> Path:
        return self._folder / "aliases.json"

    def __iter__(self) -> Iterator[Collection]:
        return iter(list(self._collections.values()))

    def __contains__(self, name: str) -> bool:
        return self._aliases.get(name, name) in self._collections

    def __getitem__(self, name: str) -> Collection:
        """Return the collection of that name or alias. Raises UnknownCollection."""
        try:
            return self._collections[self._aliases.get(name, name)]
        except KeyError:
            raise UnknownCollection(name) from None

    def create(self, name: str, description: Json) -> None:
        """Raises CollectionExists, BadRequest."""
        if name in self:
            raise CollectionExists(name)
        folder = self._collections_folder / _folder_name(name)
        shutil.rmtree(folder, ignore_errors=True)
        self._collections[name] = create_collection(folder, name, description)

    def delete(self, name: str) -> bool:
        """Return whether there was one."""
        collection = self._collections.pop(name, None)
        if collection is None:
            return False
        collection.close()
        shutil.rmtree(collection.folder)
        self._save_aliases({alias: target for alias, target in self._aliases.items() if target != name})
        return True

    def aliases(self, collection: str | None = None) -> list[tuple[str, str]]:
        """Return (alias, collection) of one collection or of all."""
        return [(alias, target) for alias, target in self._aliases.items() if collection in (None, target)]

    def change_aliases(self, actions: list[Json]) -> None:
        """Apply the actions together: all or none. Raises BadRequest, UnknownCollection."""
        changed = dict(self._aliases)
        for action in actions:
            if "create_alias" in action:
                target = action["create_alias"]["collection_name"]
                if target not in self._collections:
                    raise UnknownCollection(target)
                changed[action["create_alias"]["alias_name"]] = target
            elif "delete_alias" in action:
                changed.pop(action["delete_alias"]["alias_name"], None)
            elif "rename_alias" in action:
                old, new = action["rename_alias"]["old_alias_name"], action["rename_alias"]["new_alias_name"]
                if old not in changed:
                    raise BadRequest(f"Alias {old} does not exist!")
                changed[new] = changed.pop(old)
            else:
                raise BadRequest(f"unknown alias action {sorted(action)}")
        self._save_aliases(changed)

    def close(self) -> None:
        for collection in self:
            collection.flush()
            collection.close()
        self._lock.close()

    def _save_aliases(self, aliases: dict[str, str]) -> None:
        partial = self._aliases_file.with_suffix(".partial")
        with partial.open("w") as file:
            json.dump(aliases, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._aliases_file)
        self._aliases = aliases


def _folder_name(name: str) -> str:
    quoted = quote(name, safe="")
    if not name or len(quoted) > 200:
        raise BadRequest("a collection's name has 1 to 200 characters")
    return "c-" + quoted  # the prefix keeps "." and ".." from being names of folders


def _lock(folder: Path) -> IO[str]:
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise FolderInUse(f"The index folder {folder} is in use by another process.") from None
    return file

"""Finished cells of a batch, one JSON line each, so that a stopped batch resumes where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Cells:
    """Cache of finished trials: ``cells.do(key, function)`` computes each key once.

    A cell is on disk (fsync) before the next begins; a torn last line after a crash is ignored.
    Values must be JSON-able. ``path`` None keeps them in memory. ``scope`` names the settings:
    cells of other settings in the same file are not taken.
    """

    def __init__(self, path: Path | None = None, scope: str = "") -> None:
        self.path = path
        self.scope = scope
        self._done: dict[str, Any] = {}
        if path is not None and path.exists():
            self._done = read_cells(path)

    def __len__(self) -> int:
        return len(self._done)

    def do(self, key: tuple[Any, ...], function: Callable[[], Any]) -> Any:
        """The stored value of a key, or the function's, which is then stored."""
        name = self._name(key)
        if name not in self._done:
            value = function()
            self._done[name] = value
            if self.path is not None:
                self._append({"key": name, "value": value})
        return self._done[name]

    def has(self, key: tuple[Any, ...]) -> bool:
        """True when this cell is finished."""
        return self._name(key) in self._done

    def _name(self, key: tuple[Any, ...]) -> str:
        return json.dumps([self.scope, *key])

    def _append(self, line: dict[str, Any]) -> None:
        assert self.path is not None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_cells(path: Path) -> dict[str, Any]:
    """Finished cells of a file; lines that are not whole JSON are left out."""
    found = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            cell = json.loads(line)
            found[cell["key"]] = cell["value"]
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
    return found

"""Work that follows a user's hand: of each kind only the newest request counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.core.runner import Failure, describe


@dataclass(frozen=True)
class Answer:
    """What a request came to; ``key`` is the one it was asked with."""

    key: Any
    value: Any = None
    failure: Failure | None = None


class Newest:
    """One worker thread that lives while there is work.

    A request replaces the waiting one of its kind; a finished one is kept until it is taken.
    Kinds are served in the order of ``kinds``.
    """

    def __init__(self, kinds: tuple[str, ...], name: str = "newest") -> None:
        self.kinds = kinds
        self.name = name
        self._waiting: dict[str, tuple[Any, Callable[[], Any]]] = {}
        self._answers: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, kind: str, key: Any, call: Callable[[], Any]) -> None:
        """Ask for ``call()``; ``key`` says later what the answer belongs to."""
        with self._lock:
            if self._closed:
                return
            self._waiting[kind] = (key, call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self.name)
                self._thread.start()

    def take(self, kind: str) -> Answer | None:
        """The newest answer of a kind, once."""
        return self._answers.pop(kind, None)

    @property
    def idle(self) -> bool:
        """True when nothing is waiting or under way."""
        return self._thread is None

    @property
    def asked(self) -> bool:
        """True when something waits for what is under way."""
        return bool(self._waiting)

    def forget(self, kind: str) -> None:
        """Drop a waiting request."""
        with self._lock:
            self._waiting.pop(kind, None)

    def close(self) -> None:
        """Drop what waits and let the thread end; later requests are ignored."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _next(self) -> tuple[str, Any, Callable[[], Any]] | None:
        with self._lock:
            for kind in self.kinds:
                if kind in self._waiting:
                    return kind, *self._waiting.pop(kind)
            self._thread = None
            return None

    def _work(self) -> None:
        while (request := self._next()) is not None:
            kind, key, call = request
            try:
                answer = Answer(key, call())
            except Exception as error:  # ends as words beside the view
                answer = Answer(key, failure=describe(error))
            self._answers[kind] = answer

"""Of each kind only the newest request counts, and nothing is left running."""

from __future__ import annotations

import threading

from conftest import until
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.newest import Newest
from backend.core.parameters import ParameterError

PATIENCE = 5.0


def hold(newest: Newest, kind: str, gate: threading.Event) -> None:
    """Keep the worker busy with a first request until the gate opens."""
    began = threading.Event()

    def call() -> None:
        began.set()
        gate.wait(PATIENCE)

    newest.ask(kind, 0, call)
    assert began.wait(PATIENCE)


def test_an_answer_comes_once_with_its_key() -> None:
    newest = Newest(("preview",))
    newest.ask("preview", 7, lambda: "picture")
    assert until(lambda: newest.idle)
    answer = newest.take("preview")
    assert answer is not None
    assert (answer.key, answer.value, answer.failure) == (7, "picture", None)
    assert newest.take("preview") is None
    newest.close()


def test_requests_between_are_never_drawn() -> None:
    gate, drawn = threading.Event(), []
    newest = Newest(("preview",))
    hold(newest, "preview", gate)
    for key in range(1, 50):
        newest.ask("preview", key, lambda k=key: drawn.append(k))  # type: ignore[misc]
    gate.set()
    assert until(lambda: newest.idle)
    assert drawn == [49]
    answer = newest.take("preview")
    assert answer is not None
    assert answer.key == 49
    newest.close()


def test_kinds_are_served_in_their_order_not_in_that_of_asking() -> None:
    gate, drawn = threading.Event(), []
    newest = Newest(("preview", "sheet"))
    hold(newest, "sheet", gate)
    newest.ask("sheet", 1, lambda: drawn.append("sheet"))
    newest.ask("preview", 1, lambda: drawn.append("preview"))
    gate.set()
    assert until(lambda: newest.idle)
    assert drawn == ["preview", "sheet"]
    newest.close()


def test_a_failure_is_an_answer_in_words_and_work_goes_on() -> None:
    def broken() -> None:
        raise ParameterError("side", "Side 3 is too small. Use 16.", 16)

    newest = Newest(("preview",))
    newest.ask("preview", 1, broken)
    assert until(lambda: newest.idle)
    answer = newest.take("preview")
    assert answer is not None
    assert answer.failure is not None
    assert (answer.failure.text, answer.failure.field, answer.failure.fix) == (
        "Side 3 is too small. Use 16.", "side", 16,
    )  # fmt: skip
    newest.ask("preview", 2, lambda: "good again")
    assert until(lambda: newest.idle)
    answer = newest.take("preview")
    assert answer is not None
    assert answer.value == "good again"
    newest.close()


def test_a_forgotten_request_is_not_drawn() -> None:
    gate, drawn = threading.Event(), []
    newest = Newest(("preview",))
    hold(newest, "preview", gate)
    newest.ask("preview", 1, lambda: drawn.append(1))
    newest.forget("preview")
    gate.set()
    assert until(lambda: newest.idle)
    assert drawn == []
    newest.close()


def test_close_waits_for_what_is_drawn_and_refuses_more() -> None:
    gate, drawn = threading.Event(), []
    newest = Newest(("preview", "sheet"), "studio of the test")
    hold(newest, "preview", gate)
    newest.ask("sheet", 0, lambda: drawn.append("waiting"))
    closing = threading.Thread(target=newest.close)
    closing.start()
    gate.set()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert "studio of the test" not in [thread.name for thread in threading.enumerate()]
    newest.ask("preview", 1, lambda: drawn.append("after"))
    assert newest.idle
    assert drawn == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 99)), min_size=1))
def test_after_any_storm_the_last_answer_is_that_of_the_last_request(
    requests: list[tuple[str, int]],
) -> None:
    newest = Newest(("a", "b"))
    for number, (kind, value) in enumerate(requests):
        newest.ask(kind, number, lambda v=value: v)  # type: ignore[misc]
    assert until(lambda: newest.idle)
    for kind in ("a", "b"):
        asked = [(n, value) for n, (k, value) in enumerate(requests) if k == kind]
        answer = newest.take(kind)
        assert (answer and (answer.key, answer.value)) == (asked[-1] if asked else None)
    newest.close()

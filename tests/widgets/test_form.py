"""The Set-up form as a user meets it: typing, dragging, refusing, resetting, folding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QFontMetrics, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.core.parameters import Declaration, ParameterError, Parameters, parameter
from widgets import theme
from widgets.form import ParameterForm
from widgets.form.number import NumberField, show_value, stepped
from widgets.form.row import FormRow
from widgets.form.slider import STEPS, to_position, to_value


class Model(Parameters):
    kind: Literal["disc", "file"] = parameter("disc", "Kind", labels={"disc": "Disc"}, group="In")
    film: str = parameter(
        "", "Film", kind="file", formats=("npy",), shown_if=("kind", ("file",)), group="In"
    )
    gain: float = parameter(
        10.0, "Gain", symbol="g_E", unit="mV", low=0, high=40, step=0.5, decimals=1, group="In"
    )
    rate: float = parameter(1.0, "Rate", unit="Hz", low=0.001, high=1000.0, group="In")
    levels: Literal[4, 8] = parameter(4, "Neighbours", group="In")
    trace: list[tuple[float, float]] = parameter([(0.0, 1.0)], "Trace", kind="points", group="In")
    pee: float = parameter(
        0.1,
        "p E to E",
        low=0,
        high=1,
        decimals=2,
        cell=("p", "from E", "to E"),
        group="Net",
        change="rebuild",
    )
    pei: float = parameter(
        0.2,
        "p I to E",
        low=0,
        high=1,
        decimals=2,
        cell=("p", "from I", "to E"),
        group="Net",
        change="rebuild",
    )
    cells: int = parameter(80, "Cells", low=1, high=20_000, group="Net", change="rebuild")
    noisy: bool = parameter(False, "Noisy", group="Net", change="rebuild")
    order: int = parameter(4, "Order", low=1, high=8, advanced=True, group="Net", change="rebuild")
    kernel: list[float] = parameter([], "Kernel", kind="array")


class Log:
    """What the form told its owner."""

    def __init__(self, form: ParameterForm) -> None:
        self.changing: list[tuple[str, Any]] = []
        self.changed: list[tuple[str, Any]] = []
        self.all: list[dict[str, Any]] = []
        form.changing.connect(lambda name, value: self.changing.append((name, value)))
        form.changed.connect(lambda name, value: self.changed.append((name, value)))
        form.reset_all_asked.connect(self.all.append)


@pytest.fixture
def form(qtbot: QtBot) -> Iterator[ParameterForm]:
    made = ParameterForm(Model)
    qtbot.addWidget(made)
    made.resize(336, 700)
    made.show()
    made.activateWindow()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.fixture
def log(form: ParameterForm) -> Log:
    return Log(form)


def type_into(qtbot: QtBot, row: FormRow, text: str) -> None:
    row.take_focus()
    row.field.selectAll()
    qtbot.keyClicks(row.field, text)
    qtbot.keyClick(row.field, Qt.Key.Key_Return)


def test_typed_value_with_unit_applies_on_enter(
    qtbot: QtBot, form: ParameterForm, log: Log
) -> None:
    type_into(qtbot, form.rows["gain"], "15 mV")
    assert log.changed == [("gain", 15.0)]
    assert form.rows["gain"].field.text() == "15.0"
    assert form.rows["gain"].slider.value() == to_position(form.declarations["gain"], 15.0)


def test_typed_value_applies_when_the_focus_leaves(
    qtbot: QtBot, form: ParameterForm, log: Log
) -> None:
    row = form.rows["gain"]
    row.take_focus()
    qtbot.waitUntil(row.field.hasFocus)
    row.field.selectAll()
    qtbot.keyClicks(row.field, "7")
    assert log.changed == []
    form.rows["rate"].take_focus()
    assert log.changed == [("gain", 7.0)]


def test_refused_value_stays_with_its_reason_and_a_fix(
    qtbot: QtBot, form: ParameterForm, log: Log
) -> None:
    row = form.rows["gain"]
    type_into(qtbot, row, "400")
    assert log.changed == []
    assert row.field.text() == "400"
    assert row.field.refused
    assert "from 0 to 40 mV" in row.sentence
    assert form.values()["gain"] == 10.0
    assert form.errors == {"gain": row.sentence}
    row.fixed.emit(row._fix)
    assert log.changed == [("gain", 40.0)]
    assert not row.sentence
    assert form.errors == {}


def test_refused_value_of_a_running_study_names_the_good_one(form: ParameterForm) -> None:
    form.set_running(True)
    form.rows["gain"].entered.emit("-1")
    assert "The last good value, 10.0 mV, is used" in form.rows["gain"].sentence


def test_escape_brings_the_good_value_back(qtbot: QtBot, form: ParameterForm, log: Log) -> None:
    row = form.rows["gain"]
    type_into(qtbot, row, "ten")
    assert row.sentence
    qtbot.keyClick(row.field, Qt.Key.Key_Escape)
    assert row.field.text() == "10.0"
    assert not row.sentence
    assert log.changed == []


def test_a_drag_is_many_changes_and_one_step_of_undo(
    qtbot: QtBot, form: ParameterForm, log: Log
) -> None:
    slider = form.rows["gain"].slider
    assert slider is not None
    middle = slider.rect().center()
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    for x in range(middle.x(), slider.width() - 8, 4):
        qtbot.mouseMove(slider, QPoint(x, middle.y()))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 1, 8))
    assert len(log.changing) >= 1
    assert log.changed == [("gain", 40.0)]
    assert form.rows["gain"].field.text() == "40.0"


def test_a_press_that_changes_nothing_is_no_step_of_undo(
    qtbot: QtBot, form: ParameterForm, log: Log
) -> None:
    form.set_values(Model(gain=40.0))
    slider = form.rows["gain"].slider
    assert slider is not None
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 1, 8))
    assert log.changing == []
    assert log.changed == []


def test_arrow_keys_step_with_alt_and_shift(qtbot: QtBot, form: ParameterForm, log: Log) -> None:
    field = form.rows["gain"].field
    form.rows["gain"].take_focus()
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert log.changed[-1] == ("gain", 10.5)
    gain = form.declarations["gain"]
    assert stepped(gain, 10.0, 0.1) == 10.05
    assert stepped(gain, 10.0, 10) == 15.0
    assert stepped(gain, 39.9, 10) == 40.0
    assert stepped(form.declarations["cells"], 80, 0.1) == 81


def test_wheel_scrolls_the_form_unless_the_field_has_the_focus(
    qtbot: QtBot, form: ParameterForm, log: Log
) -> None:
    form.rows["rate"].take_focus()
    row = form.rows["gain"]
    for target in (row.field, row.slider, form.rows["kind"].field):
        event = wheel(target)
        QApplication.sendEvent(target, event)
        assert not log.changed
    row.take_focus()
    qtbot.waitUntil(row.field.hasFocus)
    QApplication.sendEvent(row.field, wheel(row.field))
    assert log.changed == [("gain", 10.5)]


def wheel(target: Any) -> QWheelEvent:
    middle = QPointF(target.rect().center())
    return QWheelEvent(
        middle, QPointF(target.mapToGlobal(middle.toPoint())), QPoint(0, 0), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip


def test_dot_marks_a_changed_value_and_resets_it(
    qtbot: QtBot, form: ParameterForm, log: Log
) -> None:
    row = form.rows["gain"]
    assert row.dot.isHidden()
    type_into(qtbot, row, "12")
    assert row.dot.isVisible()
    assert "10.0 mV" in row.dot.toolTip()
    qtbot.mouseClick(row.dot, Qt.MouseButton.LeftButton)
    assert log.changed == [("gain", 12.0), ("gain", 10.0)]
    assert row.dot.isHidden()


def test_control_backspace_resets_the_field(qtbot: QtBot, form: ParameterForm, log: Log) -> None:
    row = form.rows["gain"]
    type_into(qtbot, row, "12")
    qtbot.keyClick(row.field, Qt.Key.Key_Backspace, Qt.KeyboardModifier.ControlModifier)
    assert log.changed[-1] == ("gain", 10.0)


def test_reset_all_is_one_step(form: ParameterForm, log: Log) -> None:
    form.set_values(Model(gain=3.0, cells=12, pee=0.5))
    form.rows["rate"].entered.emit("nonsense")
    form.reset_all()
    assert log.all == [{"gain": 10.0, "cells": 80, "pee": 0.1}]
    assert form.values()["cells"] == 80
    assert form.errors == {}
    assert form.rows["rate"].field.text() == show_value(form.declarations["rate"], 1.0)


def test_preset_moves_the_dots(form: ParameterForm) -> None:
    form.set_values(Model(gain=3.0))
    form.set_preset_values(Model(gain=3.0))
    assert form.rows["gain"].dot.isHidden()
    assert form.differing() == {}
    assert "preset 3.0 mV" in form.rows["gain"].field.accessibleDescription()


def test_a_row_appears_with_its_condition(form: ParameterForm, log: Log) -> None:
    assert form.rows["film"].isHidden()
    field = form.rows["kind"].field
    field.setCurrentIndex(1)
    field.activated.emit(1)
    assert log.changed == [("kind", "file")]
    assert form.rows["film"].isVisible()


def test_numbers_of_a_literal_stay_numbers(form: ParameterForm, log: Log) -> None:
    form.rows["levels"].field.activated.emit(1)
    assert log.changed == [("levels", 8)]


def test_file_is_named_shortly_and_can_be_dropped(
    form: ParameterForm, log: Log, tmp_path: Path
) -> None:
    form.set_values(Model(kind="file"))
    field = form.rows["film"].field
    path = str(tmp_path / "clip.npy")
    field.entered.emit(path)
    assert field.edit.text() == "clip.npy"
    assert field.edit.toolTip() == path
    assert "*.npy" in field.name_filter
    drop(field, str(tmp_path / "other.npy"))
    assert log.changed == [("film", path), ("film", str(tmp_path / "other.npy"))]


def drop(target: Any, path: str) -> None:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QDropEvent

    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path)])
    target.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )  # fmt: skip


def test_table_cells_are_edited_refused_and_reset(form: ParameterForm, log: Log) -> None:
    table = form.tables["p"]
    model = table.model
    cell = model.index(1, 0)
    assert model.data(cell) == "0.20"
    model.setData(cell, "0.35")
    assert log.changed == [("pei", 0.35)]
    model.setData(cell, "3")
    assert "from 0 to 1" in form.errors["pei"]
    assert model.data(cell) == "3"
    form.reset("pei")
    assert form.errors == {}
    assert model.data(cell) == "0.20"


def test_folded_group_counts_what_is_to_correct(form: ParameterForm) -> None:
    group = form.groups["Net"]
    assert group.head.count == "rebuild"
    form.rows["cells"].entered.emit("0")
    group.head.click()
    assert not group.body.isVisible()
    assert group.head.errors == 1
    assert group.head.count == "5 · rebuild"
    form.show_parameter("order")
    assert form.rows["order"].isVisible()


def test_tick_sits_in_its_row(qtbot: QtBot, form: ParameterForm, log: Log) -> None:
    qtbot.mouseClick(form.rows["noisy"].field, Qt.MouseButton.LeftButton)
    assert log.changed == [("noisy", True)]


def test_rebuild_parameters_have_no_slider_and_arrays_no_row(form: ParameterForm) -> None:
    assert form.rows["cells"].slider is None
    assert form.rows["gain"].slider is not None
    assert "kernel" not in form.rows


def test_screen_reader_hears_label_unit_policy_and_limits(form: ParameterForm) -> None:
    field = form.rows["gain"].field
    assert field.accessibleName() == "Gain gE, mV"
    assert field.accessibleDescription() == ("acts while dragged; from 0 to 40 mV; preset 10.0 mV")


def test_points_open_an_editor_that_feeds_the_form(
    qtbot: QtBot, form: ParameterForm, log: Log
) -> None:
    field = form.rows["trace"].field
    assert field.text() == "1 point…"
    field.click()
    field.editor.set_points([(0.0, 1.0), (5.0, 2.0)])
    field.editor.changed.emit([(0.0, 1.0), (5.0, 2.0)])
    assert log.changed == [("trace", [(0.0, 1.0), (5.0, 2.0)])]
    assert field.text() == "2 points…"
    field.editor.close()


def test_a_study_can_refuse_what_limits_allow(form: ParameterForm) -> None:
    form.refuse("cells", "Side 500 is not a multiple of 16. Use 496 or 512.", 496)
    assert form.rows["cells"].field.refused
    assert form.rows["cells"].height() > 40
    form.set_values(Model(cells=496))
    assert form.errors == {}


def test_tab_goes_from_field_to_field_and_skips_sliders(qtbot: QtBot, form: ParameterForm) -> None:
    form.rows["gain"].take_focus()
    qtbot.waitUntil(form.rows["gain"].field.hasFocus)
    qtbot.keyClick(form.rows["gain"].field, Qt.Key.Key_Tab)
    assert form.rows["rate"].field.hasFocus()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(st.text(max_size=12), st.floats().map(str), st.integers().map(str)))
def test_whatever_is_typed_gives_a_good_value_or_a_sentence(qtbot: QtBot, text: str) -> None:
    row = FormRow(Model.declaration("gain"), {})
    qtbot.addWidget(row)
    row.set_preset(10.0)
    row.set_value(10.0)
    heard: list[Any] = []
    row.entered.connect(heard.append)
    row.field.lineEdit().setText(text)
    QApplication.sendEvent(
        row.field.lineEdit(),
        QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
    )
    for typed in heard:
        refusal = refusal_of(typed)
        if refusal is not None:
            row.refuse(refusal.sentence, refusal.fix)
        assert row.field.refused == (refusal is not None)
        assert refusal is None or refusal.sentence.endswith(".")


def refusal_of(typed: str) -> ParameterError | None:
    try:
        assert 0 <= Model.parse("gain", typed) <= 40
    except ParameterError as error:
        return error
    return None


@given(st.floats(0.001, 1000.0))
def test_log_slider_finds_its_value_again(value: float) -> None:
    declared = Model.declaration("rate")
    assert declared.log
    again = to_value(declared, to_position(declared, value))
    assert again == pytest.approx(value, rel=0.012)


@given(st.integers(0, STEPS))
def test_slider_never_leaves_the_limits(position: int) -> None:
    for name in ("gain", "rate", "cells"):
        declared = Model.declaration(name)
        value = to_value(declared, position)
        assert declared.low <= value <= declared.high
        assert isinstance(value, int) == (declared.kind == "int")


def test_numbers_are_written_for_people() -> None:
    gain, cells = Model.declaration("gain"), Model.declaration("cells")
    assert show_value(gain, 10.0) == "10.0"
    assert show_value(gain, -3.25) == "\u22123.25"
    assert show_value(cells, 10242) == "10\u2009242"
    assert NumberField.typed is not None


@pytest.fixture
def alone(qtbot: QtBot) -> Iterator[Callable[..., FormRow]]:
    """One row of a form by itself, at a width."""
    made: list[FormRow] = []

    def make(width: int, **declared: Any) -> FormRow:
        row = FormRow(Declaration("x", "float", low=0.0, high=1.0, **declared), {})
        qtbot.addWidget(row)
        row.resize(theme.dp(width), theme.dp(28))
        row.show()
        made.append(row)
        return row

    yield make
    for row in made:
        row.close()


def test_a_long_unit_is_shown_whole_beside_its_number(alone: Callable[..., FormRow]) -> None:
    row = alone(300, label="Camera grid", default=50.0, unit="cells a side")
    room = QFontMetrics(theme.font("caption")).horizontalAdvance("cells a side")
    assert row.field._unit_width == min(room, theme.dp(60))
    text = QFontMetrics(theme.font("body")).horizontalAdvance("200.00")
    margins = row.field.lineEdit().textMargins()
    assert row.field.lineEdit().width() - margins.left() - margins.right() >= text
    short = alone(300, label="Gain", default=1.0, unit="mV")
    assert short.field.width() == theme.dp(90)


def test_a_long_label_takes_room_from_the_slider(alone: Callable[..., FormRow]) -> None:
    row = alone(312, label="Camera membrane", symbol="tau_F", default=0.5, unit="ms")
    short = alone(312, label="Gain", default=0.5, unit="ms")
    assert row.slider is not None
    assert short.slider is not None
    assert theme.dp(44) <= row.slider.width() < short.slider.width()
    assert row._symbol_right > short._symbol_right

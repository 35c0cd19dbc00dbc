"""The Set-up form of a study, made from its parameter declarations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, get_args

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QVBoxLayout, QWidget

from backend.core.parameters import Change, Declaration, ParameterError, Parameters
from widgets import icons, theme
from widgets.form.group import Group
from widgets.form.row import FormRow
from widgets.form.table import CellTable
from widgets.parts import Button, Head, Panel

LEGEND = {
    Change.LIVE: "acts while dragged",
    Change.RECOMPUTE: "redraws",
    Change.REBUILD: "rebuilds",
}


class Legend(QWidget):
    """Foot of the column: what the badges mean."""

    def __init__(self, policies: list[Change], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._policies = policies
        self.setFixedHeight(theme.dp(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("panel"))
        painter.fillRect(0, 0, self.width(), 1, theme.token("border"))
        painter.setFont(theme.font("caption"))
        size, x = theme.dp(13), theme.dp(12)
        for policy in self._policies:
            picture = icons.pixmap(
                icons.POLICY[policy], icons.POLICY_ROLE[policy], size, self.devicePixelRatioF()
            )
            painter.drawPixmap(x, (self.height() - size) // 2, picture)
            x += size + theme.dp(4)
            painter.setPen(theme.token("text2"))
            words = LEGEND[policy]
            room = self.rect().adjusted(x, 0, 0, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
            x += painter.fontMetrics().horizontalAdvance(words) + theme.dp(12)
        painter.end()


class ParameterForm(QWidget):
    """Form of a :class:`Parameters` class.

    Signals
    -------
    changing(name, value) : while a slider or point is dragged; validated, not yet a step of undo.
    changed(name, value) : entered; one a drag, one a typed value.
    reset_all_asked(values) : *Reset all* was pressed; ``values`` {name: preset value} are shown.
    refused(name, sentence) : a typed value was refused.
    errors_changed(count) : number of refused values that stand in the form.
    """

    changing = Signal(str, object)
    changed = Signal(str, object)
    reset_all_asked = Signal(object)
    refused = Signal(str, str)
    errors_changed = Signal(int)

    def __init__(
        self,
        model: type[Parameters],
        title: str = "Set-up",
        last: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """``last`` names a group that comes after all others."""
        super().__init__(parent)
        self.title = title
        self.model = model
        shown = [one for one in model.declarations().values() if one.kind != "array"]
        shown.sort(key=lambda one: bool(last) and one.group == last)
        self.declarations = {one.name: one for one in shown}
        self.rows: dict[str, FormRow] = {}
        self.tables: dict[str, CellTable] = {}
        self.groups: dict[str, Group] = {}
        self._table_of: dict[str, CellTable] = {}
        self._group_of: dict[str, Group] = {}
        self._values: dict[str, Any] = {}
        self._preset: dict[str, Any] = {}
        self._refusals: dict[str, str] = {}
        self._hidden: frozenset[str] = frozenset()
        self._running = False
        self._build()
        defaults = {name: one.default for name, one in self.declarations.items()}
        self._show_preset(defaults)
        self._show(defaults)

    # ---- making --------------------------------------------------------------------------

    def _build(self) -> None:
        head = Head(self.title, self)
        self.reset_button = Button("Reset all", "restore", flat=True)
        self.reset_button.clicked.connect(self.reset_all)
        head.row.addWidget(self.reset_button)
        content = Panel()
        self._stack = QVBoxLayout(content)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.setSpacing(0)
        for declared in self.declarations.values():
            self._add(declared)
        self._stack.addStretch(1)
        self.area = QScrollArea(self)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(content)
        used = {one.change for one in self.declarations.values()}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.area, 1)
        policies = [policy for policy in LEGEND if policy in used]
        if policies:
            column.addWidget(Legend(policies))
        self.setMinimumWidth(theme.dp(280))

    def _add(self, declared: Declaration) -> None:
        group = self.groups.get(declared.group)
        if group is None:
            group = self.groups[declared.group] = Group(declared.group)
            group.folded.connect(self._count_errors)
            self._stack.addWidget(group)
        self._group_of[declared.name] = group
        if declared.cell is not None:
            self._add_cell(declared, group)
            return
        row = FormRow(declared, self._choice_values(declared))
        name = declared.name
        row.entered.connect(lambda value: self._enter(name, value))
        row.dragging.connect(lambda value: self._drag(name, value))
        row.fixed.connect(lambda value: self._enter(name, value))
        row.reset.connect(lambda: self.reset(name))
        row.given_up.connect(lambda: self.accept(name))
        row.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        row.customContextMenuRequested.connect(lambda at: self._menu(row, at))
        self.rows[name] = row
        group.add(row, [declared], declared.advanced)

    def _add_cell(self, declared: Declaration, group: Group) -> None:
        assert declared.cell is not None
        title = declared.cell[0]
        table = self.tables.get(title)
        if table is None:
            inside = {
                one.cell[1:]: one
                for one in self.declarations.values()
                if one.cell is not None and one.cell[0] == title
            }
            table = self.tables[title] = CellTable(title, inside)
            table.asked.connect(self._enter)
            table.reset.connect(self.reset)
            group.add(table, list(inside.values()), declared.advanced)
        self._table_of[declared.name] = table

    def _choice_values(self, declared: Declaration) -> dict[str, Any]:
        """Values of a choice by their text; a Literal may hold numbers."""
        if declared.kind != "choice":
            return {}
        return {str(v): v for v in get_args(self.model.model_fields[declared.name].annotation)}

    def _menu(self, row: FormRow, at: QPoint) -> None:
        menu = QMenu(row)
        reset = menu.addAction("Reset to preset")
        reset.setEnabled(row.differs)
        reset.triggered.connect(row.reset)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(row.mapToGlobal(at))

    # ---- values --------------------------------------------------------------------------

    def set_values(self, parameters: Parameters) -> None:
        """Show these values; refusals of fields whose value changes are taken away."""
        values = {name: getattr(parameters, name) for name in self.declarations}
        for name in [n for n in self._refusals if values[n] != self._values.get(n)]:
            self.accept(name)
        self._show(values)

    def set_preset_values(self, parameters: Parameters) -> None:
        """What the reset dots compare with."""
        self._show_preset({name: getattr(parameters, name) for name in self.declarations})

    def values(self) -> dict[str, Any]:
        """The last good value of every parameter."""
        return dict(self._values)

    def _show(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name in self._values and self._values[name] == value and name not in self._refusals:
                continue
            self._values[name] = value
            if name not in self._refusals:
                (self._table_of[name].set_value(name, value) if name in self._table_of
                 else self.rows[name].set_value(value))  # fmt: skip
        self._show_conditions()

    def _show_preset(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name in self._preset and self._preset[name] == value:
                continue
            self._preset[name] = value
            if name in self._table_of:
                self._table_of[name].set_preset(name, value)
            else:
                self.rows[name].set_preset(value)

    def differing(self) -> dict[str, Any]:
        """{name: preset value} of all values that differ from the preset."""
        return {n: v for n, v in self._preset.items() if self._values.get(n) != v}

    def _show_conditions(self) -> None:
        for name, row in self.rows.items():
            wanted = self.is_shown(name)
            if wanted == row.isHidden():
                row.setVisible(wanted)
        for table in self.tables.values():
            names = [one.name for one in table.model.cells.values()]
            table.setVisible(any(self.is_shown(name) for name in names))
        for group in self.groups.values():
            shown = any(self.is_shown(one.name) for one in group.declared)
            if shown == group.isHidden():
                group.setVisible(shown)

    def hide_rows(self, names: Iterable[str]) -> None:
        """Parameters that mean nothing for the data in hand."""
        self._hidden = frozenset(names)
        self._show_conditions()

    def narrow(self, name: str, **changes: Any) -> None:
        """Show limits, step and symbol of the data in hand; what is accepted stays as declared."""
        self.rows[name].narrow(replace(self.declarations[name], **changes))

    def title_group(self, group: str, title: str) -> None:
        """Head a group with the name of what it is about."""
        head = self.groups[group].head
        if head.text() != title:
            head.setText(title)
            head.setAccessibleName(title)
            head.update()

    def is_shown(self, name: str) -> bool:
        """True when the parameter's condition holds, and its master's too."""
        if name in self._hidden or name in self.model.unused(self._values):
            return False
        condition = self.declarations[name].shown_if
        if condition is None:
            return True
        master, allowed = condition
        if master in self.declarations and not self.is_shown(master):
            return False
        return self._values.get(master) in allowed

    # ---- what the user does --------------------------------------------------------------

    def _enter(self, name: str, value: Any) -> None:
        try:
            good = self.model.parse(name, value)
        except ParameterError as error:
            self.refuse(name, error.sentence, error.fix, typed=str(value))
            self.refused.emit(name, error.sentence)
            return
        before = self._values[name]
        committed = self._dragged_from(name)
        self.accept(name)
        self._show({name: good})
        if name in self.rows:
            self.rows[name].set_value(good)
        if good != before or committed:
            self.changed.emit(name, good)

    def _drag(self, name: str, value: Any) -> None:
        try:
            good = self.model.parse(name, value)
        except ParameterError:
            return
        if good != self._values[name]:
            self.rows[name].setProperty("dragged", True)
            self.accept(name)
            self._show({name: good})
            self.changing.emit(name, good)

    def _dragged_from(self, name: str) -> bool:
        """True once after a drag: its last value was shown already, but not committed."""
        row = self.rows.get(name)
        if row is None or not row.property("dragged"):
            return False
        row.setProperty("dragged", False)
        return True

    def reset(self, name: str) -> None:
        """Bring one parameter back to the preset."""
        self.accept(name)
        self._enter(name, self._preset[name])

    def reset_all(self) -> None:
        """Bring everything back to the preset, as one step of undo."""
        wanted = self.differing()
        for name in list(self._refusals):
            self.accept(name)
        self._show(wanted)
        if wanted:
            self.reset_all_asked.emit(wanted)

    # ---- refusal and state ---------------------------------------------------------------

    def refuse(self, name: str, sentence: str, fix: Any = None, typed: str = "") -> None:
        """Outline a field and say why; ``fix`` is offered as a link."""
        if self._running and name in self.declarations:
            row = self.rows.get(name)
            good = row.text_of(self._values[name]) if row else str(self._values[name])
            sentence = f"{sentence} The last good value, {good}, is used until this is corrected."
        self._refusals[name] = sentence
        if name in self._table_of:
            self._table_of[name].refuse(name, typed, sentence)
        elif name in self.rows:
            self.rows[name].refuse(sentence, fix)
        self._count_errors()

    def accept(self, name: str) -> None:
        """Take the refusal of a field away and show its last good value."""
        if self._refusals.pop(name, None) is None:
            return
        if name in self._table_of:
            self._table_of[name].accept(name)
        elif name in self.rows:
            self.rows[name].accept()
            self.rows[name].set_value(self._values[name])
        self._count_errors()

    def clear_refusals(self) -> None:
        """Take all refusals away."""
        for name in list(self._refusals):
            self.accept(name)

    @property
    def errors(self) -> dict[str, str]:
        """{name: sentence} of the values to correct."""
        return dict(self._refusals)

    def _count_errors(self) -> None:
        for group in self.groups.values():
            group.set_errors(sum(self._group_of.get(name) is group for name in self._refusals))
        self.errors_changed.emit(len(self._refusals))

    def set_running(self, running: bool) -> None:
        """While a run is alive refused fields say which value stays in force."""
        self._running = running

    def fold_rebuild_groups(self, folded: bool) -> None:
        """Fold the groups of rebuild parameters (narrow windows start so)."""
        for group in self.groups.values():
            if all(one.change is Change.REBUILD for one in group.declared):
                group.set_open(not folded)

    def show_parameter(self, name: str) -> None:
        """Unfold, scroll to and focus the field of a parameter."""
        self._group_of[name].set_open(True)
        target: QWidget = self._table_of.get(name) or self.rows[name]
        if name in self.rows and self.declarations[name].advanced:
            self._group_of[name].set_advanced(True)
        self.area.ensureWidgetVisible(target)
        if name in self.rows:
            self.rows[name].take_focus()
        else:
            self._table_of[name].view.setFocus()

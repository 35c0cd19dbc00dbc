"""Fields of the form that are not numbers: choice, tick, text, file and points.

Each has ``set_value(value)`` and tells what the user entered with ``entered(object)``.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from backend.core.parameters import Declaration
from widgets import theme
from widgets.form.number import is_reset
from widgets.inputs import Combo, LineEdit, Tick
from widgets.parts import Button, Tool


class ChoiceField(Combo):
    """Combo box of a choice."""

    entered = Signal(object)

    def __init__(
        self, declared: Declaration, values: dict[str, Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        for name, label in declared.choices:
            self.addItem(label, values.get(name, name))
        self.activated.connect(lambda row: self.entered.emit(self.itemData(row)))

    def set_value(self, value: Any) -> None:
        """Show a good value."""
        for row in range(self.count()):
            if self.itemData(row) == value:
                self.setCurrentIndex(row)


class BoolField(Tick):
    """Check box of an on-off parameter."""

    entered = Signal(object)

    def __init__(self, declared: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(declared.label, parent)
        self.refused = False
        self.clicked.connect(self._clicked)

    def _clicked(self) -> None:
        self.entered.emit(self.isChecked())

    def set_value(self, value: Any) -> None:
        """Show a good value."""
        self.setChecked(bool(value))


class TextField(LineEdit):
    """Line of text; applies on Enter and when the focus leaves, Esc gives up."""

    entered = Signal(object)

    def __init__(self, declared: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = ""
        self._sent = ""
        self.returnPressed.connect(self._enter)

    def set_value(self, value: Any) -> None:
        """Show a good value."""
        self._value = self._sent = str(value)
        self.setText(self.shown(self._value))
        self.setCursorPosition(0)

    def shown(self, value: str) -> str:
        """What stands in the field for a value."""
        return value

    def _enter(self) -> None:
        if self.text() != self.shown(self._value) or self.refused:
            self._sent = self.text()
            self.entered.emit(self.text())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.text() not in (self.shown(self._sent), self._sent):
            self._enter()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_reset(event):
            event.ignore()  # the row resets; the editor would only delete a word
            return
        if event.key() == Qt.Key.Key_Escape and self.text() != self.shown(self._value):
            self.set_value(self._value)
            return
        super().keyPressEvent(event)


class _PathEdit(TextField):
    """Shows the file's name; the whole path is in the tooltip."""

    def shown(self, value: str) -> str:
        return Path(value).name if value else ""

    def set_value(self, value: Any) -> None:
        super().set_value(value)
        self.setToolTip(str(value))


class FileField(QWidget):
    """File name with a browse button; files can be dropped on it."""

    entered = Signal(object)

    def __init__(self, declared: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._declared = declared
        self.edit = _PathEdit(declared, self)
        self.edit.setPlaceholderText("drop a file, or browse")
        self.edit.setAcceptDrops(False)
        self.edit.entered.connect(self.entered)
        self.browse = Tool("folder-open-outline", f"Choose {declared.label.lower()}…", parent=self)
        self.browse.clicked.connect(self.choose)
        self.setFocusProxy(self.edit)
        self.setAcceptDrops(True)

    @property
    def refused(self) -> bool:
        return self.edit.refused

    @refused.setter
    def refused(self, on: bool) -> None:
        self.edit.refused = on
        self.edit.update()

    def setAccessibleName(self, name: str) -> None:
        self.edit.setAccessibleName(name)

    def setAccessibleDescription(self, text: str) -> None:
        self.edit.setAccessibleDescription(text)

    def resizeEvent(self, event: QEvent) -> None:
        side = theme.dp(24)
        self.edit.setGeometry(0, 0, self.width() - side - theme.dp(3), self.height())
        self.browse.setGeometry(self.width() - side, 0, side, self.height())

    def set_value(self, value: Any) -> None:
        """Show a good value."""
        self.edit.set_value(value)

    @property
    def name_filter(self) -> str:
        """Filter of the file dialog, from the declared endings."""
        endings = " ".join(f"*.{ending.lstrip('*.')}" for ending in self._declared.formats)
        return f"{self._declared.label} ({endings});;All files (*)" if endings else "All files (*)"

    def choose(self) -> None:
        """Open the system's file dialog."""
        path, _ = QFileDialog.getOpenFileName(
            self, f"Choose {self._declared.label.lower()}", self.edit.toolTip(), self.name_filter
        )
        if path:
            self.entered.emit(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.entered.emit(paths[0])


class PointsField(Button):
    """Button that says how many points there are and opens the point editor."""

    entered = Signal(object)
    dragging = Signal(object)

    def __init__(self, declared: Declaration, parent: QWidget | None = None) -> None:
        super().__init__("No points…", "chart-timeline-variant", parent=parent)
        self._declared = declared
        self._value: list[tuple[float, float]] = []
        self.refused = False
        self.editor: QWidget | None = None
        self.clicked.connect(self.open_editor)

    def set_value(self, value: Any) -> None:
        """Show a good value."""
        self._value = [(float(x), float(y)) for x, y in (value or [])]
        count = len(self._value)
        self.setText(f"{count} point{'s' if count != 1 else ''}…" if count else "No points…")
        if self.editor is not None:
            self.editor.set_points(self._value)  # type: ignore[attr-defined]
        self.update()

    def open_editor(self) -> None:
        """Open the editor beside the form; it stays open while the run goes on."""
        from widgets.path_editor import PathCanvas
        from widgets.trace_editor import TraceCanvas, TraceEditor

        if self.editor is None:
            declared = self._declared
            made = TraceEditor(
                "y" if declared.plane else declared.label,
                declared.unit,
                (declared.low, declared.high),
                "x (field)" if declared.plane else "time (ms)",
                PathCanvas if declared.plane else TraceCanvas,
                parent=self.window(),
            )
            made.setWindowTitle(declared.label)
            made.setWindowFlag(Qt.WindowType.Tool)
            made.set_points(self._value)
            made.changing.connect(self.dragging)
            made.changed.connect(self.entered)
            self.editor = made
            self.destroyed.connect(_closer(made))
        self.editor.show()
        self.editor.raise_()


def _closer(widget: QObject) -> Any:
    """Delete a tool window with the field that opened it."""

    def close() -> None:
        with contextlib.suppress(RuntimeError):  # the window may already be gone with its parent
            widget.deleteLater()

    return close

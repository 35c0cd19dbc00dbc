"""The panel header: study, paper, preset, what differs, and what can be made of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from widgets import theme
from widgets.parts import Button, Chip, Combo, Elided, Panel, Separator


class PanelHeader(Panel):
    """Signals: ``study_chosen(id)``, ``preset_chosen(name)``, ``citation_asked()``,
    ``changes_asked()``, ``script_asked()``, ``methods_asked()``, ``report_asked()``.

    ``export_menu`` is filled by the owner before it opens.
    """

    study_chosen = Signal(str)
    preset_chosen = Signal(str)
    citation_asked = Signal()
    changes_asked = Signal()
    script_asked = Signal()
    methods_asked = Signal()
    report_asked = Signal()

    def __init__(
        self, title: str, number: int, synthetic: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__("bottom", "window", parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.dp(12), 0, theme.dp(12), 0)
        row.setSpacing(theme.dp(8))
        self.studies = QMenu(self)
        self.title = Button(title, flat=True)
        self.title.setMenu(self.studies)
        self.title.setAccessibleName(f"Study {title}")
        self.paper = Button(f"Paper {number:02d}", flat=True)
        self.paper.setToolTip("Citation")
        self.paper.clicked.connect(self.citation_asked)
        self.preset = Combo()
        self.preset.setAccessibleName("Preset")
        self.preset.setMinimumWidth(theme.dp(230))
        self.preset.activated.connect(lambda i: self.preset_chosen.emit(self.preset.itemData(i)))
        self.changes = Button("", "not-equal-variant", flat=True)
        self.changes.clicked.connect(self.changes_asked)
        self.synthetic = Chip()
        self.synthetic.show_state("idle", "synthetic", "flask-outline")
        self.synthetic.setToolTip(synthetic)
        self.synthetic.setVisible(bool(synthetic))
        label = Elided("Preset", "body", "text2")
        for part in (self.title, self.paper, Separator(), label, self.preset, self.changes,
                     self.synthetic):  # fmt: skip
            row.addWidget(part)
        row.addStretch(1)
        self.outputs = self._outputs()
        for button in self.outputs:
            row.addWidget(button)
        self.setFixedHeight(theme.dp(40))
        self.show_changes(0)
        self._restyle()
        theme.signals().changed.connect(self._restyle)

    def _outputs(self) -> list[Button]:
        named = (
            ("Script", "code-tags", self.script_asked),
            ("Methods", "text-box-outline", self.methods_asked),
            ("Report", "file-chart-outline", self.report_asked),
        )
        made = []
        for text, icon, signal in named:
            button = Button(text, icon, flat=True)
            button.clicked.connect(signal)
            made.append(button)
        self.export = Button("Export", "export-variant", flat=True)
        self.export_menu = QMenu(self)
        self.export.setMenu(self.export_menu)
        return [*made, self.export]

    def _restyle(self) -> None:
        self.title.setFont(theme.font("title"))
        self.title.updateGeometry()

    def set_studies(self, studies: Sequence[tuple[str, str]]) -> None:
        """The studies of this panel as (id, title)."""
        self.studies.clear()
        for identifier, title in studies:
            action = self.studies.addAction(title)
            action.triggered.connect(lambda _=False, name=identifier: self.study_chosen.emit(name))

    def set_presets(self, presets: Sequence[tuple[str, str]]) -> None:
        """The presets as (name, title)."""
        self.preset.clear()
        for name, title in presets:
            self.preset.addItem(f"{name} · {title}" if title else name, name)

    def show_preset(self, name: str) -> None:
        """Show which preset the values started from."""
        self.preset.setCurrentIndex(self.preset.findData(name))

    def show_changes(self, count: int) -> None:
        """How many values differ from the preset."""
        self.changes.setText(f"{count} changed")
        self.changes.setVisible(count > 0)
        self.changes.updateGeometry()

    def set_compact(self, compact: bool) -> None:
        """Narrow windows: outputs lose their words, not their icons; the paper number goes."""
        self.paper.setVisible(not compact)
        for button in self.outputs:
            button.set_words(not compact)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(700), theme.dp(40))

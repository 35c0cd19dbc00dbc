"""Body of a panel: columns side by side; on narrow windows the last becomes a tab of another."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget, QWidget

from widgets.splitter import Splitter


class Columns(Splitter):
    """Columns with declared widths.

    Parameters
    ----------
    parts : the columns, the last one being what folds; ``host`` the index of the column that takes
        it in, under the tab ``titles[0]``; the folded one is ``titles[1]``.
    sizes, narrow_sizes : declared widths in px; ``centre`` the index of the column that stretches.
    """

    def __init__(
        self, parts: Sequence[QWidget], sizes: Sequence[int], host: int, centre: int,
        titles: tuple[str, str], narrow_sizes: Sequence[int] = (), parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(Qt.Orientation.Horizontal, lined=True, parent=parent)
        self.narrow = False
        self._sizes = list(sizes)
        self._narrow_sizes = list(narrow_sizes) or self._sizes[:-1]
        self._last, self._titles = parts[-1], titles
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(parts[host], titles[0])
        self.tabs.tabBar().hide()
        self.tabs.setMinimumWidth(parts[host].minimumWidth())
        self.tabs.setMaximumWidth(parts[host].maximumWidth())
        for number, part in enumerate(parts):
            self.addWidget(self.tabs if number == host else part)
        self.setStretchFactor(centre, 1)
        for number in (host, len(parts) - 1):
            self.setCollapsible(number, True)
        self.declare(self._sizes)

    def set_narrow(self, narrow: bool) -> None:
        """Fold the last column away, or give it its place back."""
        if narrow == self.narrow:
            return
        self.narrow = narrow
        if narrow:
            self.tabs.addTab(self._last, self._titles[1])
            self.declare(self._narrow_sizes)
        else:
            self.tabs.removeTab(self.tabs.indexOf(self._last))
            self.addWidget(self._last)
            self.setCollapsible(self.count() - 1, True)
            self.declare(self._sizes)
        self._last.show()
        self.tabs.tabBar().setVisible(narrow)

    def show_last(self) -> None:
        """Bring the folded column to the front, where it is folded."""
        if self.narrow:
            self.tabs.setCurrentWidget(self._last)

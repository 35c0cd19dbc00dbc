"""The mask editor of the explorer as a user meets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.panels.explorer.page import ExplorerPage
from app.window import MainWindow
from backend.analysis.dnnbrain_files import Mask


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> ExplorerPage:
    """The explorer with its example open, and relu2 chosen."""
    window.show_panel("explorer")
    page: ExplorerPage = window.panels["explorer"].explore
    qtbot.waitUntil(lambda: page.board.shown is not None, timeout=30_000)
    page.tree.choose("relu2")
    qtbot.waitUntil(lambda: len(grid_of(page).maps) == 48)
    return page


def grid_of(page: ExplorerPage) -> Any:
    return page.board.views["maps"].grid  # type: ignore[attr-defined]


def shape_words(page: ExplorerPage, layer: str) -> str:
    item = page.tree._items[layer]
    return page.tree.model.item(item.row(), 1).text()


def test_ctrl_click_and_shift_click_take_channels_out_under_undo(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    grid = grid_of(page)
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(grid.viewport(), left, control, grid.cell(4).center())
    assert page.changes.masks["relu2"].channels == (0, 1, 2, 3, *range(5, 48))
    assert page.board.place[0] == -1  # nothing else was chosen
    assert shape_words(page, "relu2").startswith("47 ch of ")
    qtbot.mouseClick(grid.viewport(), left, pos=grid.cell(10).center())
    qtbot.mouseClick(grid.viewport(), left, shift, grid.cell(14).center())
    assert not grid.masking.keeps(12)
    assert ("Channels used", "mask", "42 of 48") in page.unit._facts.snapshot()["rows"]
    page.undo_stack.undo()
    assert grid.masking.keeps(12)
    page.undo_stack.undo()
    assert page.changes.masks == {}
    assert shape_words(page, "relu2") == "48 × 16 × 16"


def test_mask_mode_drags_over_channels_and_inside_a_map(page: ExplorerPage, qtbot: QtBot) -> None:
    grid, view = grid_of(page), page.board.views["maps"]
    qtbot.mouseClick(view.mask_tool, Qt.MouseButton.LeftButton)  # type: ignore[attr-defined]
    drag(grid, grid.cell(0).center(), grid.cell(grid.across + 1).center(), qtbot)
    out = {c for c in range(48) if not grid.masking.keeps(c)}
    assert out == {0, 1, grid.across, grid.across + 1}
    box = grid.cell(5)
    quarter = QPoint(box.width() // 4, box.height() // 4)
    drag(grid, box.center() - quarter, box.center() + quarter, qtbot)
    mask = page.changes.masks["relu2"]
    assert mask.rows is not None
    assert len(mask.rows) in (8, 9)
    assert mask.rows == mask.columns
    assert "rows" in page.tree.model.item(page.tree._items["relu2"].row(), 1).toolTip()


def drag(grid: Any, start: QPoint, end: QPoint, qtbot: QtBot) -> None:
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(grid.viewport(), left, pos=start)
    qtbot.mouseMove(grid.viewport(), end)
    qtbot.mouseRelease(grid.viewport(), left, pos=end)


def test_space_takes_the_selected_channel_out(page: ExplorerPage, qtbot: QtBot) -> None:
    page.board.choose(3)
    qtbot.keyClick(grid_of(page), Qt.Key.Key_Space)
    assert not grid_of(page).masking.keeps(3)


def test_numbers_are_typed_and_refused_in_words(page: ExplorerPage) -> None:
    dialog = page.masking.ask_numbers()
    dialog.boxes[0].setText("1-12, 60")
    dialog.use()
    assert dialog.said.text() == "relu2 has 48 channels, numbered 1 to 48; 60 was asked."
    dialog.boxes[0].setText("1-12")
    dialog.boxes[1].setText("3-10")
    dialog.use()
    assert page.changes.masks["relu2"] == Mask(tuple(range(12)), tuple(range(2, 10)), None)


def test_a_mask_is_saved_dropped_and_recorded(
    page: ExplorerPage, qtbot: QtBot, tmp_path: Path
) -> None:
    import h5py

    page.masking.set_channels(tuple(range(2, 48)), False)
    page.masking.set_places((4, 11), (0, 15))
    page.masking.save(tmp_path / "mine.csv")
    file = tmp_path / "mine.dmask.csv"
    assert file.read_text().startswith("relu2=chn,row\n1,2\n5,6,")
    page.masking.ask("all")
    assert page.changes.masks == {}
    page.window_.take_file(file)
    assert page.changes.masks["relu2"].rows == tuple(range(4, 12))
    page.history.set_value("recorded", "masked")
    page.errands.record(tmp_path / "part.act.h5")
    qtbot.waitUntil(lambda: not page.alive, timeout=60_000)
    page._slow()
    with h5py.File(tmp_path / "part.act.h5") as made:
        assert made["relu2"].shape == (640, 2, 8, 16)
        stored = made["relu2"][0]
    shown = page.board.shown
    assert shown is not None
    np.testing.assert_allclose(stored, shown.maps["relu2"][:2, 4:12], atol=1e-5)


def test_a_mask_that_does_not_fit_is_said_with_its_line(page: ExplorerPage, tmp_path: Path) -> None:
    file = tmp_path / "bad.dmask.csv"
    file.write_text("relu2=chn\n1,99\n")
    page.take_file(file)
    text = page.banners.banners["mask"].text
    assert "line 2: channel 99 is asked for; this layer has 48" in text
    page.history.set_value("recorded", "masked")
    page.errands.record(tmp_path / "a.act.h5")
    assert "Nothing is masked" in page.banners.banners["task"].text


def test_mask_and_lesions_come_back_with_a_session_and_go_into_the_script(
    page: ExplorerPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    page.masking.set_channels((0, 1), False)
    page.board.choose(3)
    page.start("ablate")
    kept = json.loads(json.dumps(page.kept()))
    assert "scan_masked" in page.script()
    while page.undo_stack.canUndo():
        page.undo_stack.undo()
    assert page.changes.masks == {}
    page.restore(kept)
    assert page.changes.masks["relu2"].channels == tuple(range(2, 48))
    assert [one.channels for one in page.changes.lesions] == [(3,)]
    monkeypatch.chdir(tmp_path)
    lines = [line for line in page.script().splitlines() if "evolve(" not in line
             and not line.startswith("    print")]  # fmt: skip
    exec(compile("\n".join(lines), "script", "exec"), {})
    assert (tmp_path / "masked.act.h5").is_file()


def test_recorded_files_become_features_pooled_and_masked_ones(
    page: ExplorerPage, qtbot: QtBot, tmp_path: Path
) -> None:
    import h5py

    source = tmp_path / "all.act.h5"

    def make(what: str, name: str) -> None:
        page.files.make(what, source, tmp_path / name)
        qtbot.waitUntil(lambda: not page.alive, timeout=60_000)
        page._slow()

    page.tree.choose("pool5")
    page.errands.record(source)
    qtbot.waitUntil(lambda: not page.alive, timeout=60_000)
    page.history.set_values({"features": 4.0, "feature_axis": "row_col"}, "Features")
    make("file-features", "f.act.h5")
    page.history.set_value("pooling", "max")
    make("file-pool", "p.act.h5")
    make("file-mask", "m.act.h5")
    assert "Nothing is masked" in page.banners.banners["task"].text
    page.masking.set_channels(tuple(range(3, 48)), False)
    make("file-mask", "m.h5")
    shapes = {}
    for name in ("f", "p", "m"):
        with h5py.File(tmp_path / f"{name}.act.h5") as file:
            shapes[name] = file["pool5"].shape
    assert shapes == {"f": (640, 48, 4, 1), "p": (640, 48, 1, 1), "m": (640, 3, 4, 4)}
    page.history.set_value("features", 900.0)
    make("file-features", "g.act.h5")
    assert "pca gives at most 16 features" in page.banners.banners["task"].text


def test_numbers_of_a_mask_before_a_unit_is_chosen_show_no_mean(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    dialog = page.masking.ask_numbers()
    dialog.boxes[0].setText("5-3")
    dialog.use()
    assert dialog.said.text() == "5-3 runs backwards. Type 3-5."
    dialog.boxes[0].setText("3-5")
    dialog.use()
    assert page.board.place[0] == -1
    assert page.unit.facts.shows_data
    assert page.unit.facts.summary() == "Channels used 3 of 48"


def test_an_empty_mask_file_is_refused_and_the_mask_stays(
    page: ExplorerPage, tmp_path: Path
) -> None:
    page.masking.set_channels((0, 1), False)
    before = page.changes.masks
    (tmp_path / "none.dmask.csv").write_text("")
    page.masking.open(tmp_path / "none.dmask.csv")
    assert page.changes.masks == before
    words = page.banners.banners["mask"].text
    assert words == "none.dmask.csv is empty: it holds the mask of no layer."

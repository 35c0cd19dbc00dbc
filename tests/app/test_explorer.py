"""The network explorer as a user meets it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.panels.explorer.page import ExplorerPage
from app.window import MainWindow


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> ExplorerPage:
    """The explorer with its example open and shown."""
    window.show_panel("explorer")
    page: ExplorerPage = window.panels["explorer"].explore
    qtbot.waitUntil(lambda: page.board.shown is not None, timeout=30_000)
    return page


def drawn(page: ExplorerPage, name: str) -> dict[str, Any]:
    return page.board.channels[name].snapshot()


def test_the_example_is_there_at_once(page: ExplorerPage, qtbot: QtBot) -> None:
    assert page.tree.layers[:3] == ["conv1", "relu1", "pool1"]
    assert page.board.layer
    qtbot.waitUntil(lambda: "maps" in drawn(page, "maps"))
    assert page.board.views["maps"].shows_data
    assert len(page.board.shown.answer) == 8  # type: ignore[union-attr]
    assert page.header.synthetic.isVisible()


def test_a_click_on_a_map_opens_the_page_of_its_channel(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("relu2")
    grid = page.board.views["maps"].grid  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: len(grid.maps) == 48)
    middle = grid.cell(6).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(middle))
    assert page.unit.title.text() == "relu2 channel 7 (index 6)"
    qtbot.waitUntil(lambda: drawn(page, "attribution").get("image") is not None)
    markers = drawn(page, "picture")["markers"]
    assert len(markers) == 1  # the receptive field of the place clicked
    qtbot.waitUntil(lambda: page.board.views["attribution"].shows_data)


def test_arrow_keys_step_through_the_channels(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("conv1")
    page.board.choose(2)
    grid = page.board.views["maps"].grid  # type: ignore[attr-defined]
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert page.board.place[0] == 3
    assert "channel 4" in page.unit.title.text()


def test_each_attribution_redraws(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("relu5")
    page.board.choose(0)
    before: Any = None
    for method in (
        "vanilla",
        "guided",
        "gradient x input",
        "Grad-CAM",
        "occluder",
        "map",
        "minimal image",
        "masked image",
    ):
        page.board.channels["attribution"].publish()
        page.history.set_value("method", method)
        qtbot.waitUntil(lambda: drawn(page, "attribution").get("image") is not None)
        image = drawn(page, "attribution")["image"]
        assert before is None or not np.array_equal(image, before), method
        before = image


def test_a_stimulus_evolves_and_sliders_act_meanwhile(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("fc3")
    page.board.choose(5)
    page.history.set_value("steps", 60)
    page.run_or_pause()
    assert page.alive
    page.history.drag("total_variation", 0.5)
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    assert page.errands.work.task is not None
    assert page.errands.work.task.outcome == "done"
    trace = drawn(page, "trace")
    assert trace["value"][-1] > trace["value"][0] + 5
    assert drawn(page, "optimal")["note"].startswith("fc3 unit 6")


def test_cancelling_keeps_the_evolved_picture(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("fc3")
    page.board.choose(5)
    page.history.set_value("steps", 5000)
    page.run_or_pause()
    qtbot.waitUntil(lambda: len(page.evolving.film) > 5, timeout=30_000)
    page.stop()
    qtbot.waitUntil(lambda: not page.alive, timeout=2_000)
    assert page.errands.work.task is not None
    assert page.errands.work.task.outcome == "cancelled"
    assert drawn(page, "optimal").get("image") is not None


def test_top_pictures_are_the_best_of_the_whole_set(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("fc3")
    page.board.choose(5)
    page.errands.find_top()
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    page._slow()
    parts = drawn(page, "top")["parts"]
    assert len(parts) == 9
    values = [float(caption.split()[0]) for caption, _ in parts]
    assert values == sorted(values, reverse=True)


def test_an_ablation_silences_the_channel_and_undo_brings_it_back(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    explorer = page.board.explorer
    assert explorer is not None
    intact = explorer.network.state_hash()
    before = page.board.shown.maps["relu2"][3].copy()  # type: ignore[union-attr]
    assert before.max() > 0
    page.tree.choose("relu2")
    page.board.choose(3)
    page.start("ablate")
    qtbot.waitUntil(lambda: page.board.shown.maps["relu2"][3].max() == 0)  # type: ignore[union-attr]
    assert any("ablated" in row[2] for row in page.unit._facts.snapshot()["rows"])
    page.undo_stack.undo()
    qtbot.waitUntil(lambda: page.board.shown.maps["relu2"][3].max() > 0)  # type: ignore[union-attr]
    np.testing.assert_allclose(page.board.shown.maps["relu2"][3], before, atol=1e-6)  # type: ignore[union-attr]
    assert explorer.network.state_hash() == intact


def test_another_network_says_that_its_weights_are_random(page: ExplorerPage, qtbot: QtBot) -> None:
    first = page.board.explorer
    page.history.set_value("network", "squeezenet1_1")
    qtbot.waitUntil(lambda: page.board.explorer is not first and page.board.shown is not None,
                    timeout=30_000)  # fmt: skip
    assert page.banners.banners.get("random") is not None
    assert page.board.layer in page.tree.layers
    page.undo_stack.undo()
    qtbot.waitUntil(lambda: page.tree.layers[0] == "conv1", timeout=30_000)
    assert page.banners.banners.get("random") is None


def test_a_weights_file_that_does_not_fit_is_said(
    page: ExplorerPage, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "mine.pt"
    file.write_bytes(b"not a checkpoint")
    assert page.take_file(file)
    qtbot.waitUntil(lambda: page.banners.banners.get("open") is not None, timeout=10_000)
    assert page.board.shown is not None  # what was open stays


def test_a_folder_of_pictures_is_shown(page: ExplorerPage, qtbot: QtBot, tmp_path: Path) -> None:
    from PIL import Image

    first = page.board.explorer
    for number in range(3):
        pixels = np.full((50, 60, 3), 60 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"p{number}.png")
    assert page.take_file(tmp_path)
    qtbot.waitUntil(lambda: page.board.explorer is not first and page.board.shown is not None,
                    timeout=10_000)  # fmt: skip
    assert page.board.explorer is not None
    assert len(page.board.explorer.images) == 3
    page.unit.stepped.emit(-1)
    qtbot.waitUntil(lambda: page.board.shown.index == 2)  # type: ignore[union-attr]


def test_the_script_shows_the_same_numbers(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("relu3")
    page.board.choose(1)
    page.history.set_value("method", "vanilla")
    page.history.set_value("steps", 10)
    space: dict[str, Any] = {}
    exec(compile(page.script(), "script", "exec"), space)
    shown = page.board.shown
    assert shown is not None
    np.testing.assert_allclose(space["shown"].maps["relu3"], shown.maps["relu3"], atol=1e-6)
    assert space["found"].values.shape == (1, 3, 32, 32)


def test_a_session_brings_the_settings_back(page: ExplorerPage) -> None:
    page.history.set_value("method", "Grad-CAM")
    kept = page.kept()
    page.history.set_value("method", "vanilla")
    page.restore(kept)
    assert page.parameters.method == "Grad-CAM"


def test_the_menu_of_studies_leads_to_the_study_and_back(
    page: ExplorerPage, window: MainWindow
) -> None:
    page.header.study_chosen.emit("sparse-coding")
    assert window.page is not None
    assert window.page.controller.study.id == "sparse-coding"
    window.page.header.study_chosen.emit("explore")
    assert window.panels["explorer"].currentWidget() is page
    assert window.front is page


def test_the_methods_paragraph_names_network_and_unit(page: ExplorerPage) -> None:
    from backend.networks.explorer_script import methods

    page.tree.choose("relu3")
    page.board.choose(1)
    text = methods(page.board.explorer, page.parameters, page.chosen_unit(), page.changes.state)
    assert "MiniAlexNet (367,536 parameters" in text
    assert "relu3 channel 2" in text


def test_published_weights_are_fetched_only_after_consent(
    page: ExplorerPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import torch
    from PySide6.QtWidgets import QMessageBox

    from backend.networks import zoo
    from backend.networks.opening import open_network

    first = page.board.explorer
    page.history.set_value("network", "squeezenet1_1")
    qtbot.waitUntil(lambda: page.board.explorer is not first, timeout=30_000)
    file = tmp_path / "squeezenet.pth"
    torch.save(open_network("squeezenet1_1", None, 3).module.state_dict(), file)
    asked: list[str] = []
    fetched: list[str] = []

    def answer(role: QMessageBox.ButtonRole) -> None:
        def execute(box: QMessageBox) -> int:
            asked.append(f"{box.text()} {box.informativeText()}")
            chosen = next(b for b in box.buttons() if box.buttonRole(b) == role)
            chosen.click()
            return 0

        monkeypatch.setattr(QMessageBox, "exec", execute)

    def fake(weights: zoo.Weights, folder: Path, *hooks: Any) -> Path:
        fetched.append(weights.name)
        return file

    monkeypatch.setattr(zoo, "fetch", fake)
    answer(QMessageBox.ButtonRole.RejectRole)
    page.start("fetch")
    assert not fetched
    assert "MB" in asked[0]
    assert "Licence" in asked[0]
    answer(QMessageBox.ButtonRole.AcceptRole)
    page.start("fetch")
    qtbot.waitUntil(lambda: page.parameters.weights == str(file), timeout=10_000)
    qtbot.waitUntil(lambda: page.banners.banners.get("random") is None, timeout=20_000)
    assert fetched


def test_a_set_that_cannot_be_written_to_is_shown(page: ExplorerPage) -> None:
    """Sets of the studio are memory maps; torch warns of arrays that must not be changed."""
    explorer = page.board.explorer
    assert explorer is not None
    frozen = np.zeros((2, 32, 32, 3), np.uint8)
    frozen.flags.writeable = False
    assert explorer.network.preprocessing.prepare(frozen).shape == (2, 3, 32, 32)


def test_activations_are_recorded_to_a_file_of_the_field(
    page: ExplorerPage, qtbot: QtBot, tmp_path: Path
) -> None:
    import h5py

    page.tree.choose("relu5")
    page.history.set_value("recorded", "rectified")
    page.history.set_value("pooling", "mean")
    page.errands.record(tmp_path / "mine.h5")
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    page._slow()
    assert page.banners.banners.get("task") is None
    with h5py.File(tmp_path / "mine.act.h5") as file:
        assert file["relu5"].shape == (640, 48, 1, 1)
        stored = file["relu5"][0, :, 0, 0]
    shown = page.board.shown
    assert shown is not None
    np.testing.assert_allclose(stored, shown.maps["relu5"].mean(axis=(1, 2)), atol=1e-5)


def test_a_broken_picture_is_left_out_and_nothing_of_another_stays(
    page: ExplorerPage, qtbot: QtBot, tmp_path: Path
) -> None:
    from PIL import Image

    first = page.board.explorer
    for number in range(1, 4):
        pixels = np.full((40, 40, 3), 60 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"p{number}.png")
    (tmp_path / "a.png").write_bytes(b"no picture")
    page.take_file(tmp_path)
    qtbot.waitUntil(lambda: page.board.explorer is not first, timeout=10_000)
    qtbot.waitUntil(lambda: page.banners.banners.get("open") is not None, timeout=10_000)
    assert page.board.shown is None
    assert drawn(page, "picture") == {}
    page.unit.stepped.emit(1)
    qtbot.waitUntil(lambda: page.board.shown is not None, timeout=10_000)
    assert page.banners.banners.get("open") is None
    page.tree.choose("relu1")
    page.board.choose(2)
    page.errands.find_top()
    qtbot.waitUntil(lambda: not page.alive, timeout=10_000)
    page._slow()
    assert drawn(page, "top")["note"] == "1 of 4 cannot be read"
    assert len(drawn(page, "top")["parts"]) == 3


def test_another_network_ends_what_evolves_and_undo_brings_lesions_back(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    page.tree.choose("relu2")
    page.board.choose(3)
    page.start("ablate")
    qtbot.waitUntil(lambda: page.board.shown.maps["relu2"][3].max() == 0)  # type: ignore[union-attr]
    page.history.set_value("steps", 5000)
    page.run_or_pause()
    first = page.board.explorer
    page.history.set_value("network", "mini-b")
    qtbot.waitUntil(lambda: not page.alive, timeout=5_000)
    qtbot.waitUntil(lambda: page.board.explorer is not first and page.board.shown is not None)
    assert page.changes.lesions == ()
    assert drawn(page, "optimal").get("image") is None
    page.undo_stack.undo()
    qtbot.waitUntil(lambda: page.board.explorer.network.name == "MiniAlexNet"  # type: ignore[union-attr]
                    and page.board.shown is not None, timeout=10_000)  # fmt: skip
    assert len(page.changes.lesions) == 1
    qtbot.waitUntil(lambda: page.board.shown.maps["relu2"][3].max() == 0)  # type: ignore[union-attr]


def test_a_stimulus_of_the_layer_and_of_a_difference_is_grown_and_saved(
    page: ExplorerPage, qtbot: QtBot, tmp_path: Path
) -> None:
    page.tree.choose("relu3")
    page.history.set_value("steps", 20)
    page.history.set_value("objective", "layer")
    page.run_or_pause()  # needs no channel
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    assert drawn(page, "optimal")["note"] == "relu3 norm"
    page._frame()
    assert page.board.views["trace"].canvas.y_scale.axis.title == "norm of the layer"  # type: ignore[attr-defined]
    page.board.choose(5)
    page.history.set_values({"objective": "difference", "second": 6}, "Difference")
    page.run_or_pause()
    assert "Unit 6 is the unit itself" in page.banners.banners["task"].text
    page.history.set_value("second", 3)
    page.run_or_pause()
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    assert "minus relu3 channel 3" in drawn(page, "optimal")["note"]
    page.evolving.save(tmp_path / "mine.gif")
    assert (tmp_path / "mine.gif").stat().st_size > 1000
    page.evolving.save(tmp_path / "mine.mp4")
    assert "encoder that is not installed" in page.banners.banners["task"].text


def test_an_occluder_at_full_size_appears_coarse_first_and_can_be_cancelled(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    first = page.board.explorer
    page.history.set_value("network", "squeezenet1_1")
    qtbot.waitUntil(lambda: page.board.explorer is not first and page.board.shown is not None,
                    timeout=30_000)  # fmt: skip
    page.history.set_value("method", "occluder")
    page.tree.choose("features.1")
    page.board.choose(3)
    qtbot.waitUntil(lambda: page.board.looks_long, timeout=20_000)
    page._slow()
    assert page.strip.activity.text().startswith("Occluder, ")
    assert page.strip.activity.text().endswith(" of 11881")
    assert page.strip.stop.isEnabled()
    qtbot.waitUntil(lambda: "places" in drawn(page, "attribution").get("note", ""))
    assert drawn(page, "attribution")["image"].shape == (109, 109)  # a whole map, coarse
    page.run_or_pause()
    qtbot.wait(200)
    assert page.board.looking is not None
    done = page.board.looking.done
    qtbot.wait(300)
    assert page.board.looking.done == done
    assert page.board.looking.paused
    page.run_or_pause()
    page.stop()
    qtbot.waitUntil(lambda: page.board.work.idle, timeout=1_000)
    page._slow()
    assert not page.alive
    assert drawn(page, "attribution")["image"].shape == (109, 109)
    assert "open" not in page.banners.banners


def test_another_unit_ends_the_occluder_of_the_first(page: ExplorerPage, qtbot: QtBot) -> None:
    page.history.set_values({"method": "occluder", "stride": 1, "window": 2}, "Fine occluder")
    page.tree.choose("relu3")
    page.board.choose(1)
    page.board.choose(2)
    qtbot.waitUntil(lambda: page.board.work.idle and drawn(page, "attribution") != {},
                    timeout=30_000)  # fmt: skip
    assert page.board._attribution[0].channel == 2
    qtbot.waitUntil(lambda: "places" not in drawn(page, "attribution")["note"])
    assert drawn(page, "attribution")["image"].shape == (31, 31)


@pytest.mark.parametrize("source", ["upsampling", "occluder"])
def test_the_field_from_the_top_pictures_is_drawn_with_its_size(
    page: ExplorerPage, qtbot: QtBot, source: str
) -> None:
    page.history.set_values({"field_source": source, "top": 5, "window": 4}, "Field")
    page.tree.choose("relu3")
    page.board._picked((4, 3, 3))
    page.start("field")
    qtbot.waitUntil(lambda: not page.errands.work.alive, timeout=30_000)
    page._slow()
    note = drawn(page, "attribution")["note"]
    assert note.startswith("field ")
    assert "theory 20 px" in note
    wider = float(note.split()[1]) > 20
    blur = {"upsampling": "the map is drawn out", "occluder": "a window of 4 px blurs it"}[source]
    assert (blur in note) is wider
    assert drawn(page, "attribution")["image"].shape == (32, 32, 3)
    rows = {row[0]: row[2] for row in page.unit._facts.snapshot()["rows"]}
    assert rows["Field from pictures"].endswith(" px")
    assert rows["First place"].endswith(" px")
    theory, seen = drawn(page, "picture")["markers"]
    assert not theory.dashed
    assert seen.dashed
    page.board.choose(5)
    assert "Field from pictures" not in str(page.unit._facts.snapshot()["rows"])


def test_a_field_wider_than_one_place_sees_says_why(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("relu1")
    page.board._picked((4, 3, 3))
    page.start("field")
    qtbot.waitUntil(lambda: not page.errands.work.alive, timeout=30_000)
    page._slow()
    note = drawn(page, "attribution")["note"]
    size, theory = (float(note.split(word)[1].split()[0]) for word in ("field ", "theory "))
    assert size > theory
    assert note.endswith("wider than one place can see, as its neighbours answer too and the map "
                         "is drawn out to the picture")  # fmt: skip
    assert "blurred" in str(page.unit._facts.snapshot()["rows"])


def test_a_second_unit_is_chosen_on_its_map(page: ExplorerPage, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QMenu

    page.tree.choose("relu3")
    view: Any = page.board.views["maps"]
    qtbot.waitUntil(lambda: len(view.grid.maps) == 64)
    page.board.choose(5)
    at = view.grid.viewport().mapToGlobal(view.grid.cell(9).center())
    view.open_menu(at)
    menu = next(one for one in view.findChildren(QMenu) if one.isVisible())
    action = next(one for one in menu.actions() if "second unit" in one.text())
    assert action.text() == "Channel 10 as the second unit"
    action.trigger()
    menu.close()
    assert (page.parameters.objective, page.parameters.second) == ("difference", 10)
    assert view.grid.second == 9
    assert page.objective().minus.channel == 9
    page.undo_stack.undo()
    assert view.grid.second == -1


def test_on_a_narrow_window_what_runs_keeps_its_words_and_buttons_their_icons(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    wide = [button.width() for button in page.strip._procedures]
    page.window_.resize(1100, 640)
    qtbot.waitUntil(lambda: page.strip.width() < 1100)
    page.strip.set_procedures((*page.procedures[:3], page.procedures[0]), page.procedures[3:])
    qtbot.waitUntil(lambda: all(b.width() < w for b, w in
                                zip(page.strip._procedures, wide, strict=False)))  # fmt: skip
    assert all(button.toolTip() for button in page.strip._procedures)


def test_undo_is_that_of_the_explorer_after_a_study_was_shown(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    window = page.window_
    window.open_page("dnnbrain")
    window.open_page("explore")
    page.history.set_value("jitter", 3)
    window.enable_actions()
    assert window.actions_["edit.undo"].isEnabled()
    window.undo()
    assert page.parameters.jitter != 3


def test_a_stimulus_without_a_gradient_says_so(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("relu5")
    page.board.choose(2)
    page.channels.silence((2,))
    page.history.set_value("steps", 10)
    page.run_or_pause()
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    page._slow()
    words = page.banners.banners["task"].text
    assert words == (
        "relu5 channel 3 (index 2) gave 0 at every step: the gradient is exactly 0, as where a "
        "unit is silent or ablated. Choose another Seed, or the layer before the rectifier."
    )


def test_what_cannot_be_opened_leaves_the_last_marked(
    page: ExplorerPage, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "mine.pt").write_bytes(b"not a checkpoint")
    (tmp_path / "mine.dmask.csv").write_text("conv9=chn\n1\n")
    page.take_file(tmp_path / "mine.dmask.csv")
    assert "conv9" in page.banners.banners["mask"].text
    page.take_file(tmp_path / "mine.pt")
    qtbot.waitUntil(lambda: "open" in page.banners.banners, timeout=10_000)
    marked = [page.board.views[name] for name in ("picture", "maps")] + [page.unit.answer]
    page._frame()
    for view in marked:
        chip, line = view.header.chip, view.below
        assert chip.isHidden() != line.isHidden()
        assert chip.text() == line.text() == "still MiniAlexNet"
    page.board.choose(2)
    page.channels.silence((2,))  # another picture of the last network is no news of the refusal
    qtbot.waitUntil(lambda: page.board.shown.maps[page.board.layer][2].max() == 0)  # type: ignore[union-attr]
    assert "open" in page.banners.banners
    first = page.board.explorer
    page.history.set_value("weights", "")
    qtbot.waitUntil(lambda: page.board.explorer is not first, timeout=30_000)
    page._frame()
    assert all(view.header.chip.isHidden() and view.below.isHidden() for view in marked)
    assert not {"open", "mask"} & set(page.banners.banners)


def test_own_pictures_without_a_folder_say_what_is_needed(page: ExplorerPage, qtbot: QtBot) -> None:
    page.history.set_value("pictures", "own")
    assert "Choose a folder, list or set" in page.banners.banners["folder"].text
    page.history.set_value("pictures", "transfer")
    assert "folder" not in page.banners.banners


def test_work_on_a_file_says_what_it_needs_before_it_asks(
    page: ExplorerPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from PySide6.QtWidgets import QFileDialog

    asked: list[str] = []
    bad = tmp_path / "bad.act.h5"
    bad.write_bytes(b"no HDF5")

    def choose(kind: str, name: str) -> Callable[..., tuple[str, str]]:
        def chosen(*_: object) -> tuple[str, str]:
            asked.append(kind)
            return name, ""

        return chosen

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose("open", str(bad)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose("save", ""))
    page.start("file-pool")
    assert asked == []
    assert "Pooling is None" in page.banners.banners["task"].text
    page.start("file-features")
    assert asked == ["open"]
    assert "bad.act.h5" in page.banners.banners["task"].text


def test_the_focus_stays_in_the_strip_when_its_buttons_are_greyed_out(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    page.window_.activateWindow()
    page.board.choose(2)
    button = page.strip._procedures[0]
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    page.start("field")
    assert page.strip.primary.hasFocus()
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    page._slow()
    page.strip._procedures[1].setFocus()
    page._slow()
    assert page.strip._procedures[1].hasFocus()

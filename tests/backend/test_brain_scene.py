"""Scenes of the surface viewer: drawn without a display, kept as a document, and brought back."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from backend.brain import montage
from backend.brain.cortex import fsaverage5
from backend.brain.overlays import Overlay
from backend.brain.scene import (
    Scene,
    clusters_in_hand,
    example_scene,
    first_moment,
    meshes,
    open_scene,
    region,
    save_scene,
)
from backend.brain.viewer_parameters import BrainParameters
from backend.core.files import FileProblem


def command(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["brain", *words])
    return int(end.value.code or 0)


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"), int)


def coloured(path: Path) -> np.ndarray:
    """(H, W) bool: pixels that are no grey."""
    return np.ptp(pixels_of(path), axis=2) > 60


def test_the_example_is_drawn_without_a_display(tmp_path: Path, capsys: Any) -> None:
    out, table = tmp_path / "a.png", tmp_path / "a.tsv"
    assert command("--png", str(out), "--clusters", str(table)) == 0
    assert capsys.readouterr().out.split() == [str(out), str(table)]
    assert pixels_of(out).shape == (2 * 340 + 34, 2 * 480 + 76, 3)
    tall = tmp_path / "tall.png"
    assert command("--png", str(tall), "--set", "layout=dorsal", "--set", "outline=on") == 0
    assert pixels_of(tall).shape == (2 * 340 + 34, 2 * 480 + 76, 3)  # four beside each other
    capsys.readouterr()
    share = coloured(out).mean()
    assert 0.02 < share < 0.5
    head, *rows = table.read_text().splitlines()
    assert head.split("\t")[:4] == ["side", "region", "area_mm2", "peak"]
    assert len(rows) > 3
    again = tmp_path / "b.png"
    assert command("--png", str(again), "--set", "threshold=6") == 0
    assert coloured(again).mean() < share / 2


def test_files_are_drawn_and_bad_ones_said(tmp_path: Path, capsys: Any) -> None:
    values = np.zeros(20_484, np.float32)
    values[fsaverage5().hemispheres[0].shapes["pial"][:, 0].argmin()] = 5.0
    np.save(tmp_path / "one.npy", values)
    out = tmp_path / "a.png"
    assert command(str(tmp_path / "one.npy"), "--png", str(out), "--light") == 0
    pixels = pixels_of(out)
    assert (pixels[0, -1] == 255).all()
    half = pixels.shape[0] // 2
    found = coloured(out)[:, : pixels.shape[1] - 76]
    assert found[:half, :480].any()  # seen from the left, and from nowhere else
    assert not found[half:].any()
    assert not found[:half, 480:].any()
    np.save(tmp_path / "short.npy", np.zeros(5))
    capsys.readouterr()
    assert command(str(tmp_path / "short.npy"), "--png", str(out)) == 2
    assert "short.npy has 5 vertices, fsaverage5 10,242" in capsys.readouterr().err
    assert command("--png", str(tmp_path / "a.jpg")) == 2
    assert command("--png", str(out), "--set", "opacity=200") == 2


def test_svg_has_a_vector_colour_bar(tmp_path: Path) -> None:
    scene = example_scene(fsaverage5())
    p = BrainParameters().changed(moment=first_moment(scene))
    made = montage.picture(scene, p, (120, 90))
    montage.save(made, tmp_path / "a.svg")
    tree = ET.fromstring((tmp_path / "a.svg").read_text())
    space = "{http://www.w3.org/2000/svg}"
    assert len(tree.findall(f"{space}image")) == 4
    bars = [one for one in tree.findall(f"{space}rect") if one.get("width") == "10"]
    assert len({one.get("fill") for one in bars}) > 30
    words = [one.text for one in tree.findall(f"{space}text")]
    assert "left, lateral" in words
    assert any("synthetic" in str(one) for one in words)


def test_a_scene_comes_back_whole(tmp_path: Path) -> None:
    cortex = fsaverage5()
    np.save(tmp_path / "mine.npy", np.linspace(-1, 1, 20_484, dtype=np.float32))
    from backend.brain.overlay_files import read_overlay

    scene = example_scene(cortex).added(read_overlay(tmp_path / "mine.npy", cortex))
    own = Overlay("sent", tuple(np.random.default_rng(1).random((2, 1, n), np.float32)[0]
                                for n in cortex.counts), unit="r")  # fmt: skip
    scene = scene.added(own)
    hand = scene.hand
    assert hand is not None
    scene = scene.looked(replace(hand.look, threshold=0.25, palette="viridis", opacity=40.0))
    scene = replace(scene, vertex=(1, 77), pins=((0, 5),))
    p = BrainParameters().changed(moment=120.0, shape="pial", light=0.3)
    save_scene(tmp_path / "s.brain.json", scene, p)
    found = open_scene(tmp_path / "s.brain.json")
    assert not found.problems
    assert [one.overlay.name for one in found.scene.shown] == [
        "sent", "mine", "Synthetic activity", "Sulcal depth",
    ]  # fmt: skip
    assert [one.look for one in found.scene.shown] == [one.look for one in scene.shown]
    for mine, theirs in zip(found.scene.shown, scene.shown, strict=True):
        for a, b in zip(mine.overlay.values, theirs.overlay.values, strict=True):
            np.testing.assert_array_equal(a, b)
    assert (found.scene.vertex, found.scene.pins) == ((1, 77), ((0, 5),))
    assert found.parameters == p
    (tmp_path / "mine.npy").unlink()
    left = open_scene(tmp_path / "s.brain.json")
    assert len(left.scene.shown) == 3
    assert "mine.npy does not exist" in left.problems[0]
    (tmp_path / "no.brain.json").write_text(json.dumps({"kind": "else"}))
    with pytest.raises(FileProblem, match="is no brain scene"):
        open_scene(tmp_path / "no.brain.json")


def test_the_least_area_takes_small_clusters_away() -> None:
    scene = example_scene(fsaverage5())
    moment = first_moment(scene)
    every = clusters_in_hand(scene, moment)
    assert scene.hand is not None
    some = scene.looked(replace(scene.hand.look, min_area=400.0))
    large = clusters_in_hand(some, moment)
    assert 0 < len(large) < len(every)
    assert min(one.area for one in large) >= 400


def test_places_are_named_by_parcels_else_by_where_they_lie() -> None:
    cortex = fsaverage5()
    scene = Scene(cortex)
    pial = cortex.hemispheres[1].shapes["pial"]
    assert region(scene, 1, int(pial[:, 1].argmin())).startswith("posterior")
    assert "dorsal" in region(scene, 1, int(pial[:, 2].argmax()))
    assert region(scene, 1, int(pial[:, 0].argmax())).endswith("lateral")


def test_a_flat_map_is_seen_from_its_outer_side() -> None:
    """The frontal pole lies left in the left map and right in the right one, as laterally."""
    cortex = fsaverage5()
    from backend.brain import rendering

    for half, mesh in zip(cortex.hemispheres, meshes(cortex, "flat", 1.0), strict=True):
        seen = rendering.geometry(mesh, rendering.view(half.side, "lateral"), 200, 200)
        assert (seen.face >= 0).mean() > 0.3
        ys, xs = np.nonzero(seen.face >= 0)
        places = np.array([seen.vertex_at(int(x), int(y)) for x, y in zip(xs, ys, strict=True)])
        front = half.shapes["pial"][places, 1]
        sign = np.corrcoef(xs, front)[0, 1]
        assert sign < -0.5 if half.side == "left" else sign > 0.5

"""Monitor profiles: kept, found, refused in words."""

from __future__ import annotations

import pytest

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stage import monitors
from backend.stage.monitors import MonitorProfile, mm_of_angle, visual_angle


def test_a_profile_is_kept_under_its_name() -> None:
    assert monitors.profiles() == [MonitorProfile()]
    mine = MonitorProfile("Labor 2 (links)", 600.0, 340.0, 570.0, 2560, 1440, 2.1, 144.0)
    path = monitors.save(mine)
    assert monitors.load(path) == mine
    assert monitors.find("Labor 2 (links)") == mine
    monitors.delete(mine.name)
    with pytest.raises(ParameterError, match='no monitor profile "Labor 2'):
        monitors.find(mine.name)


def test_impossible_sizes_are_refused_with_the_limit() -> None:
    with pytest.raises(ParameterError) as caught:
        MonitorProfile(distance_mm=5.0)
    assert (
        caught.value.sentence
        == "Distance in mm of the monitor goes from 50 to 20\u2009000; 5 was given."
    )
    assert caught.value.fix == 50.0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": 3}', '{"name": "a", "gamma": "x"}', '{"name": "a", "hz": 1}']
)
def test_a_damaged_profile_is_refused_and_left_out_of_the_list(text: str) -> None:
    path = monitors.folder() / "broken.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(FileProblem, match=r"broken\.json"):
        monitors.load(path)
    assert monitors.profiles() == [MonitorProfile()]


def test_angles_and_sizes_are_inverse() -> None:
    """07, section 3: 8.2 degrees at 70 cm are 10.0 cm."""
    assert mm_of_angle(8.2, 700.0) == pytest.approx(100.3, abs=0.1)
    assert visual_angle(mm_of_angle(33.0, 570.0), 570.0) == pytest.approx(33.0)
    screen = MonitorProfile()
    assert screen.offset_px(10.0) == pytest.approx(screen.px(20.0) / 2)

"""What a user sees of one declaration: limits in words, units pasted, nearest names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_study import Walk

from backend.core.parameters import Change, ParameterError, show_number, unknown_name


def test_value_outside_its_limits_is_refused_with_the_limit_and_a_fix() -> None:
    with pytest.raises(ParameterError) as caught:
        Walk.parse("gain", 11)
    assert caught.value.sentence == "Gain goes from 0 to 10 mV; 11 was given."
    assert caught.value.fix == 10.0
    assert caught.value.field == "gain"


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2.0), ("2 mV", 2.0), (" 2.5mV ", 2.5), ("1e-1", 0.1), ("+3", 3.0)],
)
def test_numbers_are_read_with_their_unit(text: str, value: float) -> None:
    assert Walk.parse("gain", text) == value


def test_true_minus_is_read_and_then_refused_by_the_limit() -> None:
    with pytest.raises(ParameterError, match="from 0 to 10 mV; \u22123 was given"):
        Walk.parse("gain", "\u22123")


@pytest.mark.parametrize("text", ["", "ten", "nan", "inf", "1,5", "--2", "2 ms"])
def test_text_that_is_no_number_gets_a_sentence(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Walk.parse("gain", text)
    assert caught.value.sentence.endswith(".")
    assert "Gain" in caught.value.sentence


def test_whole_numbers_choices_and_switches() -> None:
    assert Walk.parse("size", "12") == 12
    assert Walk.parse("barrier", "yes") is True
    with pytest.raises(ParameterError, match="whole number"):
        Walk.parse("size", "1.5")
    with pytest.raises(ParameterError, match='Mode is one of "walk", "fail", "bad"'):
        Walk.parse("mode", "run")
    with pytest.raises(ParameterError, match="on or off"):
        Walk.parse("barrier", "maybe")


def test_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(ParameterError, match=r'no parameter "gian"\. The closest is gain\.'):
        Walk.parse("gian", 1)


def test_document_round_trip_and_differences() -> None:
    changed = Walk().changed(gain=3, seed=7)
    assert Walk.from_document(changed.document()) == changed
    assert changed.differences(Walk()) == {"gain": (3.0, 1.0), "seed": (7, 0)}


def test_only_parameters_that_act_while_dragged_have_a_slider() -> None:
    declared = Walk.declarations()
    assert declared["gain"].slider
    assert declared["window"].slider
    assert not declared["size"].slider
    assert declared["noise"].log
    assert declared["size"].change is Change.REBUILD


@given(st.text(max_size=30))
def test_any_typed_text_is_a_number_within_limits_or_a_sentence(text: str) -> None:
    problem = None
    value = 0.0
    try:
        value = Walk.parse("gain", text)
    except ParameterError as error:
        problem = error
    assert 0.0 <= value <= 10.0
    assert problem is None or problem.field == "gain"
    assert problem is None or len(problem.sentence.split()) <= 40 + len(text.split())


def test_numbers_for_people() -> None:
    assert show_number(10242) == "10\u2009242"
    assert show_number(1842.0) == "1842"
    assert show_number(-0.25) == "\u22120.25"


def test_the_name_of_a_block_offers_what_is_inside() -> None:
    names = ["conv1", "layer1.0.conv1", "layer1.0.bn1", "layer1.1.relu", "layer4.1.bn2", "layer10"]
    sentence = unknown_name("layer1", names, "layer").sentence
    assert sentence.endswith("The closest are layer1.0.conv1 and layer1.1.relu.")

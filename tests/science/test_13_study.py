"""13-criticality-fc as a study: the presets against the specification's acceptance (section 7)."""

from __future__ import annotations

from typing import Any

import networkx
import numpy as np
import pytest

from backend.analysis.small_world import bottleneck, efficiency, rewired, window
from backend.core.result import Verdict
from backend.core.run import Run
from backend.studies import find

STUDY = find("criticality-fc")


def measured(preset: str, procedure: str = "", **changes: Any) -> tuple[Run, dict[str, Verdict]]:
    """A preset's run and the verdict on each reference that it measured."""
    chosen = STUDY.preset(preset)
    p = STUDY.parameters_of(preset).changed(**changes)
    run = Run(STUDY, p, procedure or chosen.procedure)
    STUDY.check(p, run.procedure)
    STUDY.run(run)
    run.close()
    values = run.result.values
    return run, {
        one.quantity: one.verdict(values[one.quantity].value)
        for one in chosen.references
        if one.quantity in values
    }


def test_three_regimes_of_the_automaton_are_told_from_avalanches() -> None:
    """Item 3, and the badge of section 6."""
    run, verdicts = measured("Figure 4")
    assert set(verdicts.values()) == {Verdict.AGREE}
    assert len(verdicts) == 6
    words = [run.channel(f"r{i}_avalanches").snapshot()["note"] for i in range(3)]
    assert [word.split(": ")[1].split(",")[0] for word in words] == [
        "supercritical", "near critical", "subcritical",
    ]  # fmt: skip


def test_metrics_are_best_inside_near_the_tuned_threshold() -> None:
    """Items 3 to 6 on fewer thresholds and runs, at T_d .10, .15 and .20."""
    points = "0.1, 0.3, 0.44, 0.48, 0.5, 0.52, 0.54, 0.6, 0.7, 1"
    run, verdicts = measured("Figure 5", thresholds=points, runs=16)
    wrong = [name for name, verdict in verdicts.items() if verdict is not Verdict.AGREE]
    assert not wrong
    assert len(verdicts) == len(STUDY.preset("Figure 5").references)
    assert 0.54 <= run.result["crossing"] <= 0.58
    path = run.channel("m_path").snapshot()
    assert np.isnan(path["td1"][0])  # in pieces at T_m .1, T_d .15: greyed, never a minimum
    assert len(path["pieces"])
    bounds = run.channel("s_window").snapshot()
    assert (bounds["upper"] <= bounds["isolated"] + 1e-12).all()
    known = np.isfinite(bounds["lower"])
    assert (bounds["lower"] < bounds["upper"])[known].all()


def test_r2_as_printed_has_no_optimum_inside() -> None:
    """Item 7, and that the study says so."""
    run, verdicts = measured("Figure 5, r2 as printed", thresholds="0.1, 0.52, 0.7, 1.4")
    assert set(verdicts.values()) == {Verdict.AGREE}
    assert any("no optimum inside" in note for note in run.result.notes)


def test_the_second_connectome_has_its_optimum_near_the_first() -> None:
    """Item 8: exponent and optimum apart."""
    run, verdicts = measured(
        "Second connectome", thresholds="0.4, 0.42, 0.46, 0.48, 0.5, 0.52, 0.56"
    )
    assert set(verdicts.values()) == {Verdict.AGREE}
    assert run.result["crossing"] < 0.46
    assert any("do not coincide" in note for note in run.result.notes)


def test_ten_regions_of_neurons() -> None:
    """Item 9."""
    _, verdicts = measured("Ten regions")
    assert len(verdicts) == 10
    assert set(verdicts.values()) == {Verdict.AGREE}


@pytest.mark.slow
def test_numbers_are_the_same_with_any_number_of_threads() -> None:
    few, many = (
        measured("Figure 5", thresholds="0.5", runs=4, workers=n)[0].result.values for n in (1, 3)
    )
    assert {n: v.value for n, v in few.items()} == {n: v.value for n, v in many.items()}


class TestWindow:
    """Section 2.8."""

    def test_rewiring_keeps_every_degree(self) -> None:
        rng = np.random.default_rng(0)
        edges = np.triu(rng.random((40, 40)) < 0.2, 1)
        edges = edges | edges.T
        made = rewired(edges, np.array([1], np.uint64))
        assert (made.sum(axis=0) == edges.sum(axis=0)).all()
        assert (made == made.T).all()
        assert not made.diagonal().any()
        assert (made != edges).mean() > 0.1

    def test_efficiency_is_that_of_networkx_and_the_bottleneck_connects(self) -> None:
        from backend.analysis.graph_metrics import bits

        rng = np.random.default_rng(1)
        z = rng.random((30, 30))
        z = (z + z.T) / 2
        np.fill_diagonal(z, -np.inf)
        at = bottleneck(z)
        for threshold, whole in ((at, True), (at + 1e-9, False)):
            graph = networkx.from_numpy_array((z >= threshold).astype(int))
            assert networkx.is_connected(graph) is whole
            found = efficiency(bits(z >= threshold))
            assert found == pytest.approx(networkx.global_efficiency(graph), abs=1e-12)

    def test_a_lattice_is_small_world_and_a_random_network_is_not(self) -> None:
        n = 40
        gap = np.abs(np.arange(n)[:, None] - np.arange(n))
        ring = np.exp(-np.minimum(gap, n - gap) / 6.0)
        found = window(ring)
        assert 0 < found.lower < found.connected <= found.no_isolated

"""The optimal stimulus: what it reaches, what a user may drag, what repeats."""

from __future__ import annotations

import numpy as np
import pytest
from unit_networks import answers, hooks, mini

from backend.core.parameters import ParameterError
from backend.core.run import Cancelled
from backend.networks.mini import mini_alexnet
from backend.networks.synthesis import Settings, Start, Step, optimal_stimulus
from backend.networks.units import Unit
from backend.stimuli import shapeworld


def plain(unit: Unit) -> Settings:
    """The prototype's settings: no blur, no smoothing of the gradient."""
    return Settings(unit, total_variation=2.0, blur_sigma=0.0, fourier_exponent=0.0, jitter=2)


@pytest.mark.slow
def test_optimal_stimuli_beat_the_best_real_image_and_are_classified_as_their_unit() -> None:
    """05-dnnbrain, section 7, item 10: final > 3 x the best image, 7 of 8 classified as theirs."""
    network = mini_alexnet("A", 0)
    images, _category, _curvy = shapeworld.test_set()
    real = answers(network, network.preprocessing.prepare(images)).numpy()
    right = 0
    for channel in range(0, 64, 8):
        steps = list(optimal_stimulus(network, plain(Unit("fc3", channel)), 200))
        assert abs(steps[0].activation) < 10
        assert steps[-1].activation > 3 * real[:, channel].max()
        shown = network.preprocessing.prepare(steps[-1].picture[None])
        right += int(answers(network, shown)[0].argmax()) == channel
    assert right >= 7


def test_each_step_shows_a_picture_in_display_space_and_its_own_activation() -> None:
    network = mini()
    settings = plain(Unit("fc3", 3))
    steps = list(optimal_stimulus(network, settings, 20))
    assert [step.index for step in steps] == list(range(21))
    for step in (steps[0], steps[-1]):
        assert step.picture.shape == (32, 32, 3)
        assert step.picture.dtype == np.float32
        assert 0.0 <= step.picture.min() <= step.picture.max() <= 1.0
        shown = network.preprocessing.prepare(step.picture[None])
        assert float(answers(network, shown)[0, 3]) == pytest.approx(step.activation, abs=1e-4)
    assert steps[-1].activation > steps[0].activation + 1
    assert abs(float(steps[0].picture.mean()) - 0.5) < 0.01


def evolve(**changes: object) -> Step:
    options = {k: changes.pop(k) for k in ("seed", "fourier", "bound", "picture") if k in changes}
    settings = plain(Unit("fc3", 3))
    for name, value in changes.items():
        setattr(settings, name, value)
    return list(optimal_stimulus(mini(), settings, 60, Start(**options)))[-1]  # type: ignore[arg-type]


def variation(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture, axis=1)).mean())


def test_every_regulariser_does_what_it_says() -> None:
    free = evolve()
    assert variation(evolve(total_variation=50.0).picture) < 0.9 * variation(free.picture)
    assert variation(evolve(blur_sigma=1.0, blur_every=1).picture) < 0.7 * variation(free.picture)
    assert variation(evolve(fourier_exponent=2.0).picture) < 0.9 * variation(free.picture)
    assert variation(evolve(fourier=True).picture) < variation(free.picture)
    assert evolve(l1=0.1).picture.mean() < free.picture.mean() - 0.02
    assert evolve(l2=0.1).picture.mean() < free.picture.mean() - 0.02
    assert evolve(bound="sigmoid").activation > 1


def test_the_seed_repeats_the_picture() -> None:
    assert np.array_equal(evolve(seed=1).picture, evolve(seed=1).picture)
    assert not np.array_equal(evolve(seed=1).picture, evolve(seed=2).picture)


@pytest.mark.parametrize("fourier", [False, True])
def test_a_start_picture_is_shown_as_it_is(fourier: bool) -> None:
    picture = np.random.default_rng(0).uniform(0.05, 0.95, (32, 32, 3))
    for bound in ("tanh", "sigmoid"):
        start = Start(picture, fourier=fourier, bound=bound)  # type: ignore[arg-type]
        first = next(optimal_stimulus(mini(), plain(Unit("fc3", 3)), 5, start))
        np.testing.assert_allclose(first.picture, picture, atol=1e-4)
    with pytest.raises(ParameterError, match="takes 32 × 32 px"):
        next(optimal_stimulus(mini(), plain(Unit("fc3", 3)), 5, Start(np.zeros((16, 32, 3)))))


def test_settings_dragged_between_steps_act_from_the_next_step() -> None:
    network = mini()
    settings = plain(Unit("fc3", 3))
    settings.jitter = 0
    pictures, activations = [], []
    for step in optimal_stimulus(network, settings, 30):
        pictures.append(step.picture)
        activations.append(step.activation)
        settings.learning_rate = 1e-6 if 10 <= step.index < 20 else 0.05
        if step.index == 20:
            settings.unit = Unit("conv3", 5)
    moved = np.abs(np.diff(pictures, axis=0)).max((1, 2, 3))
    assert (moved[:10] > 1e-3).all()
    assert (moved[10:20] < 1e-5).all()
    assert (moved[20:] > 1e-3).all()
    assert activations[20] > 1
    assert abs(activations[21]) < 1  # another unit, another scale
    assert activations[30] > activations[21]


def test_adam_keeps_its_state_over_a_blur() -> None:
    """The original began Adam anew at each blur: the step after it had full size again."""
    settings = plain(Unit("fc3", 3))
    settings.jitter, settings.blur_sigma, settings.blur_every = 0, 0.5, 10
    free = []
    for step in optimal_stimulus(mini(), settings, 40):
        free.append(np.arctanh(np.clip(2 * step.picture.astype(float) - 1, -0.999999, 0.999999)))
    size = np.abs(np.diff(free, axis=0)).mean((1, 2, 3))
    first, after_blur = size[0], size[[10, 20, 30]]
    assert (after_blur < 0.9 * first).all()


def test_cancelling_closing_and_wrong_settings_leave_the_network_whole() -> None:
    network = mini()
    state = network.state_hash()
    settings = plain(Unit("fc3", 3))

    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        next(optimal_stimulus(network, settings, 5, check=check))
    evolving = optimal_stimulus(network, settings, 5)
    next(evolving)
    settings.jitter = 200
    with pytest.raises(ParameterError, match="Jitter is 200; it goes from 0 to 64"):
        next(evolving)
    settings.jitter = 2
    settings.learning_rate = float("nan")
    with pytest.raises(ParameterError, match="Learning rate"):
        next(optimal_stimulus(network, settings, 5))
    with pytest.raises(ParameterError, match="at least 1"):
        next(optimal_stimulus(network, plain(Unit("fc3", 3)), 0))
    with pytest.raises(ParameterError, match="fc3 has 64"):
        next(optimal_stimulus(network, plain(Unit("fc3", 64)), 5))
    assert network.state_hash() == state
    assert hooks(network) == 0
    assert all(p.grad is None for p in network.module.parameters())

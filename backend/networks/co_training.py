"""Training a layer towards brain responses beside the network's task."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.layers import find, first_tensor
from backend.networks.runtime import torch

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network


@dataclass(frozen=True)
class BrainTarget:
    """Brain responses that a layer is trained to predict beside its task.

    The loss is L_task + w L_brain, L_brain = 1 - mean over columns of Pearson's r between the
    responses and a linear readout of the layer that is trained along (05-dnnbrain, section 2.12).

    Attributes
    ----------
    layer : whose output is read out, averaged over places.
    responses : (n, measures), one row a picture. weight : w, from 0 to 10.
    """

    layer: str
    responses: np.ndarray
    weight: float = 1.0


class Readout:
    """Linear readout of a layer towards brain responses."""

    def __init__(self, network: Network, target: BrainTarget, n: int) -> None:
        responses = np.asarray(target.responses, np.float32)
        if responses.ndim != 2 or len(responses) != n:
            raise ParameterError(
                "responses", f"There are {len(responses)} rows of brain responses and {n} "
                "pictures. They need one row a picture."
            )  # fmt: skip
        if not np.isfinite(responses).all():
            first = tuple(int(i) for i in np.argwhere(~np.isfinite(responses))[0])
            raise ParameterError("responses", f"{int((~np.isfinite(responses)).sum())} brain "
                                 f"responses are not numbers, the first in row {first[0] + 1}, "
                                 f"column {first[1] + 1}.")  # fmt: skip
        self._layer = find(network, target.layer)
        self._responses = torch().from_numpy(responses)
        self._module = network.module.get_submodule(self._layer.name.partition("#")[0])
        with torch().random.fork_rng(devices=[]):
            torch().manual_seed(0)
            self.readout = torch().nn.LazyLinear(responses.shape[1])
            self._heard: Tensor | None = None
            with torch().no_grad(), self.listening():
                network.module(network.example(2))
            self.readout(self._features())

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Keep what the layer puts out; the first call of a module that is used twice."""
        self._heard = None

        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if self._heard is None:
                self._heard = first_tensor(output).clone()

        handle = self._module.register_forward_hook(hook)
        try:
            yield
        finally:
            handle.remove()

    def _features(self) -> Tensor:
        assert self._heard is not None
        values = self._heard
        if values.ndim == 3:
            return values.mean(1)
        return values.flatten(2).mean(2) if values.ndim > 3 else values

    def predicted(self) -> Tensor:
        """(n, measures) responses read from the pictures that were listened to."""
        found: Tensor = self.readout(self._features())
        return found

    def correlation(self, rows: np.ndarray, predicted: Tensor | None = None) -> Tensor:
        """Mean over columns of r between prediction and responses of these pictures.

        ``predicted`` was gathered from several batches; None takes what was listened to.
        """
        predicted = self.predicted() if predicted is None else predicted
        measured = self._responses[torch().from_numpy(rows)]
        predicted = predicted - predicted.mean(0)
        measured = measured - measured.mean(0)
        norms = predicted.norm(dim=0) * measured.norm(dim=0)
        return ((predicted * measured).sum(0) / norms.clamp(min=1e-8)).mean()

"""Lesions of a network, with undo that restores the state hash.

Source: 06-sparse-coding, section 2.10 (permuted weights and biases, ReLU off) and 05-dnnbrain,
section 2.12 (ablated channels).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MethodType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.layers import Layer, find, first_tensor, is_scripted, layers
from backend.networks.shuffling import shuffled, shuffled_rows
from backend.networks.unit_rotation import rotation_matrix
from backend.networks.units import Check, call_number, layer_output, submodule, within

if TYPE_CHECKING:
    from torch import Tensor, nn

    from backend.networks.network import Network

Kind = Literal["W-all", "W-channel", "W-kernel", "bias", "ReLU-off", "ablate", "rotate"]
KINDS: tuple[str, ...] = get_args(Kind)
Ablation = Literal["weights", "zero", "mean", "shuffle"]
ABLATIONS: tuple[str, ...] = get_args(Ablation)
Undo = Callable[[], None]


@dataclass(frozen=True)
class Lesion:
    """One lesion.

    Attributes
    ----------
    kind : "W-all" shuffles a layer's weights as a whole, "W-channel" its kernels over output
        channels (biases stay), "W-kernel" the entries inside each kernel, "bias" its biases,
        "ReLU-off" makes ReLUs the identity, "ablate" silences channels, "rotate" turns the basis
        of a layer's channels.
    layers : layer names; empty means every convolutional and linear layer (every ReLU for
        "ReLU-off"). Naming a module that contains ReLUs switches off all of them.
    strength : share of the weights (kernels, entries, biases) that take part in the shuffle, or of
        the identity mixed into each ReLU; "ablate" ignores it.
    seed : of the shuffles; each layer's shuffle depends on the seed and the layer only.
    channels : for "ablate", indices from 0.
    ablation : "weights" sets weights and biases to 0, with those of a batch normalisation that
        follows; the others act on the layer's output: "zero"; "mean", each channel's mean over the
        reference images; "shuffle", the map of another image: of the reference images in a
        shuffled order, the k-th for the k-th image of a batch.
    degrees : for "rotate", from 0 to 180; the planes that turn are drawn from the seed.
    """

    kind: Kind
    layers: tuple[str, ...] = ()
    strength: float = 1.0
    seed: int = 0
    channels: tuple[int, ...] = ()
    ablation: Ablation = "weights"
    degrees: float = 0.0

    def label(self) -> str:
        """Words for the undo list.

        >>> Lesion("ablate", ("conv5",), channels=(0, 3)).label()
        'channels 1, 4 of conv5 ablated'
        >>> Lesion("ablate", ("conv5",), channels=(2,)).label()
        'channel 3 of conv5 ablated'
        >>> Lesion("W-all", strength=0.5).label()
        'W-all, 50 %, every layer'
        """
        where = ", ".join(self.layers) or "every layer"
        if self.kind == "rotate":
            return f"{where} rotated by {self.degrees:g}°"
        if self.kind == "ablate":
            how = {"mean": ": their mean", "shuffle": ": another picture's"}.get(self.ablation, "")
            if len(self.channels) > 6:
                return f"{len(self.channels)} channels of {where} ablated{how}"
            numbers = ", ".join(str(channel + 1) for channel in self.channels)
            return f"channel{'s' * (len(self.channels) != 1)} {numbers} of {where} ablated{how}"
        return f"{self.kind}, {self.strength:.0%}, {where}".replace("%", " %")


def lesioned(
    network: Network, lesion: Lesion, reference: Tensor | None = None, check: Check | None = None
) -> Network:
    """A lesioned copy of a network; the original is untouched.

    Parameters
    ----------
    reference : prepared images (n, C, H, W) that "mean" and "shuffle" take values from.

    Raises
    ------
    ParameterError
        for a layer, channel or strength that cannot be.
    """
    copy = network.copy()
    _apply(copy, lesion, reference, check)
    return copy


class LesionStack:
    """Lesions put on a network in place, undone one by one from the last.

    As a context manager it undoes all of them on leaving, also after an exception.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._done: list[tuple[Lesion, Undo]] = []

    @property
    def lesions(self) -> tuple[Lesion, ...]:
        return tuple(lesion for lesion, _ in self._done)

    def apply(
        self, lesion: Lesion, reference: Tensor | None = None, check: Check | None = None
    ) -> None:
        """Add a lesion; a cancelled or refused one leaves the network as it was."""
        self._done.append((lesion, _apply(self.network, lesion, reference, check)))

    def undo(self) -> Lesion | None:
        """Take the last lesion back and return it; None when there is none."""
        if not self._done:
            return None
        lesion, undo = self._done.pop()
        undo()
        return lesion

    def undo_all(self) -> None:
        while self.undo() is not None:
            pass

    def __enter__(self) -> LesionStack:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.undo_all()


def _apply(network: Network, lesion: Lesion, reference: Tensor | None, check: Check | None) -> Undo:
    _check(lesion)
    if lesion.kind in ("ReLU-off", "ablate", "rotate") and is_scripted(network.module):
        raise ParameterError("kind", f"{network.name} is a TorchScript program that hides its "
                             "layers. Open it as a state dictionary or an exported "
                             "program.", "W-all")  # fmt: skip
    undone: list[Undo] = []

    def undo() -> None:
        while undone:
            undone.pop()()

    try:
        if lesion.kind == "ReLU-off":
            _silence_all(network, lesion, undone)
        elif lesion.kind == "ablate":
            for name in lesion.layers:
                _ablate(network, name, lesion, reference, undone)
        elif lesion.kind == "rotate":
            for name in lesion.layers:
                _rotate(network, name, lesion, undone)
        else:
            _shuffle(network, lesion, undone, check)
    except BaseException:
        undo()
        raise
    return undo


def _check(lesion: Lesion) -> None:
    if lesion.kind not in KINDS:
        raise ParameterError("kind", f'There is no lesion "{lesion.kind}". Choose one of '
                             f"{', '.join(KINDS)}.", KINDS[0])  # fmt: skip
    if not 0.0 <= lesion.strength <= 1.0:
        raise ParameterError("strength", f"Strength is {lesion.strength:g}; it goes from 0 to 1.",
                             min(max(lesion.strength, 0.0), 1.0))  # fmt: skip
    if lesion.kind == "ablate" and not (lesion.layers and lesion.channels):
        raise ParameterError("channels", "An ablation needs a layer and at least one channel. "
                             "Choose channels on the map.")  # fmt: skip
    if lesion.kind == "rotate" and not lesion.layers:
        raise ParameterError("layers", "A rotation needs a layer. Choose one.")
    if lesion.ablation not in ABLATIONS:
        raise ParameterError("ablation", f'There is no ablation "{lesion.ablation}". Choose one of '
                             f"{', '.join(ABLATIONS)}.", ABLATIONS[0])  # fmt: skip


def _named(network: Network, lesion: Lesion) -> list[nn.Module]:
    """The modules a lesion names; the whole network when it names none."""
    if not lesion.layers:
        return [network.module]
    return list({id(m): m for m in (_module(network, name) for name in lesion.layers)}.values())


def _module(network: Network, name: str) -> nn.Module:
    try:
        return submodule(network.module, name)
    except AttributeError:
        find(network, name)
        raise


# --- shuffled weights and biases -----------------------------------------------------------------


@dataclass(frozen=True)
class WeightLayer:
    """A convolutional or linear layer's parameters; ``weight`` has output channels first."""

    name: str
    weight: Tensor
    bias: Tensor | None


def weight_layers(network: Network) -> list[WeightLayer]:
    """Every convolutional and linear layer, the projections of attention among them, in order.

    Layers are known by the names of their classes, so that those of an exported program count.
    """
    found: dict[int, WeightLayer] = {}
    for name, module in network.module.named_modules():
        parameters = dict(module.named_parameters(recurse=False))
        kinds = {one.__name__ for one in type(module).__mro__}
        if "MultiheadAttention" in kinds:
            weight, bias = parameters.get("in_proj_weight"), parameters.get("in_proj_bias")
        elif kinds & _WEIGHTED:
            weight, bias = parameters.get("weight"), parameters.get("bias")
        else:
            continue
        if weight is None:
            continue
        rows = weight.data.transpose(0, 1) if kinds & _TRANSPOSED else weight.data
        layer = WeightLayer(name, rows, None if bias is None else bias.data)
        found.setdefault(weight.data_ptr(), layer)
    return list(found.values())


_TRANSPOSED = {f"ConvTranspose{d}d" for d in (1, 2, 3)}
_WEIGHTED = {f"Conv{d}d" for d in (1, 2, 3)} | _TRANSPOSED | {"Linear"}


def _shuffle(network: Network, lesion: Lesion, undone: list[Undo], check: Check | None) -> None:
    every = weight_layers(network)
    if not every:
        raise ParameterError("layers", f"{network.name} shows no convolutional or linear layer. "
                             "Open it as a state dictionary of an architecture.")  # fmt: skip
    names = [layer.name for layer in every]
    for name in lesion.layers:
        if name not in names:
            _module(network, name)
            raise ParameterError("layers", f"{name} has no weights to shuffle. Choose a "
                                 "convolutional or linear layer.", names[0])  # fmt: skip
    for number, layer in enumerate(every):
        if lesion.layers and layer.name not in lesion.layers:
            continue
        if check is not None:
            check()
        tensor = layer.bias if lesion.kind == "bias" else layer.weight
        if tensor is None:
            continue
        undone.append(_restore(tensor))
        rng = np.random.default_rng([lesion.seed, number])
        _shuffle_tensor(tensor, lesion, rng, check)


def _restore(tensor: Tensor) -> Undo:
    before = tensor.clone()

    def undo() -> None:
        tensor.copy_(before)

    return undo


def _shuffle_tensor(
    tensor: Tensor, lesion: Lesion, rng: np.random.Generator, check: Check | None
) -> None:
    from backend.networks.runtime import torch

    values = tensor.cpu().numpy().copy()
    if lesion.kind == "W-kernel":
        rows = values.reshape(len(values), -1)
        values = shuffled_rows(rows, lesion.strength, rng, check).reshape(values.shape)
    elif lesion.kind == "W-channel":
        values = values[shuffled(np.arange(len(values)), lesion.strength, rng)]
    else:
        flat = shuffled(values.reshape(-1), lesion.strength, rng, check)
        values = flat.reshape(values.shape)
    tensor.copy_(torch().from_numpy(np.ascontiguousarray(values)))


# --- ReLU off ------------------------------------------------------------------------------------


def _silence_all(network: Network, lesion: Lesion, undone: list[Undo]) -> None:
    from backend.networks.runtime import torch

    silenced = []
    for module in _named(network, lesion):
        silenced.append(_Silenced(module, lesion.strength))
        undone.append(_silence(module, silenced[-1]))
    with torch().no_grad():
        network.module(network.example())
    if not any(one.met for one in silenced):
        where = ", ".join(lesion.layers) or network.name
        raise ParameterError("layers", f"{where} has no ReLU to switch off. Choose a network "
                             "or a layer with ReLUs.")  # fmt: skip


def _silence(module: nn.Module, forward: _Silenced) -> Undo:
    """Replace the forward method on this one object: the module keeps its class and name."""
    before = module.__dict__.get("forward")

    def undo() -> None:
        module.__dict__.pop("forward", None)
        if before is not None:
            module.__dict__["forward"] = before

    module.__dict__["forward"] = forward
    return undo


class _Silenced:
    """A forward method that mixes the identity into every ReLU, functional ones included.

    It copies with its module. ``met`` counts the ReLUs of the last pass.
    """

    def __init__(self, module: nn.Module, strength: float) -> None:
        self.before = module.__dict__.get("forward") or MethodType(type(module).forward, module)
        self.strength = strength
        self.met = 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        from backend.networks.rectifiers import leaky

        with leaky(self.strength) as mode:
            output = self.before(*arguments, **named)
        self.met = mode.count
        return output


# --- ablation ------------------------------------------------------------------------------------


def _ablate(
    network: Network, name: str, lesion: Lesion, reference: Tensor | None, undone: list[Undo]
) -> None:
    layer = find(network, name)
    axis = layer.channel_axis
    for channel in lesion.channels:
        within(layer.shape[axis - 1], channel, "channel", name)
    if lesion.ablation == "weights":
        _ablate_weights(network, layer, lesion.channels, undone)
        return
    donor = None
    if lesion.ablation != "zero":
        donor = _donor(network, layer, axis, lesion, reference)
    _Ablation(name, axis, lesion.channels, donor, lesion.ablation).put_on(network, name, undone)


def _ablate_weights(
    network: Network, layer: Layer, channels: Sequence[int], undone: list[Undo]
) -> None:
    found = [w for w in weight_layers(network) if w.name == layer.name.partition("#")[0]]
    if not found or len(found[0].weight) != layer.channels:
        before = [n for n in layer.follows if n in {w.name for w in weight_layers(network)}]
        hint = f"choose {before[0]}" if before else "choose a convolutional or linear layer"
        raise ParameterError("ablation", f"{layer.name} has no weights of its own. Ablate its "
                             f"activation, or {hint}.", "zero")  # fmt: skip
    tensors = [found[0].weight] + ([] if found[0].bias is None else [found[0].bias])
    follower = batch_norm_after(network, layer)
    if follower is not None:
        tensors += [p.data for p in _module(network, follower.name).parameters()]
    for tensor in tensors:
        undone.append(_restore(tensor))
        tensor[list(channels)] = 0.0


def batch_norm_after(network: Network, layer: Layer) -> Layer | None:
    """The batch normalisation that a layer's output enters; None without one."""
    for other in layers(network):
        if layer.name in other.follows and other.kind.startswith("BatchNorm"):
            return other
    return None


def _donor(
    network: Network, layer: Layer, axis: int, lesion: Lesion, reference: Tensor | None
) -> Tensor:
    """What stands in for the channels: (k,) means, or (m, k, ...) maps of shuffled images."""
    from backend.networks.runtime import torch
    from backend.networks.units import batch_size

    if reference is None or not len(reference):
        raise ParameterError("reference", f'Ablation by "{lesion.ablation}" needs images to take '
                             "values from. Choose a stimulus set.", "zero")  # fmt: skip
    parts = []
    with torch().no_grad():
        for part in reference.split(batch_size(reference, gradients=False)):
            output = layer_output(network.module, layer.name, part).movedim(axis, 1)
            chosen = output[:, list(lesion.channels)]
            if lesion.ablation == "mean":
                chosen = chosen.reshape(*chosen.shape[:2], -1).mean(2)
            parts.append(chosen)
    values = torch().cat(parts)
    if lesion.ablation == "mean":
        return values.mean(0)
    order = np.random.default_rng(lesion.seed).permutation(len(values))
    return values[torch().from_numpy(order)]


class _OneCall:
    """Hooks that change the output of one call of a layer; they copy with their network."""

    def __init__(self, name: str, axis: int) -> None:
        self.axis = axis
        self.wanted = call_number(name)
        self.calls: dict[int, int] = {}

    def put_on(self, network: Network, name: str, undone: list[Undo]) -> None:
        """Begin to act."""
        undone.append(network.module.register_forward_pre_hook(self.restart).remove)
        undone.append(_module(network, name).register_forward_hook(self).remove)

    def restart(self, _module: Any, _inputs: Any) -> None:
        """A pass of this thread begins."""
        self.calls[threading.get_ident()] = 0

    def __call__(self, _module: Any, _inputs: Any, output: Any) -> Any:
        thread = threading.get_ident()
        self.calls[thread] = self.calls.get(thread, 0) + 1
        if self.calls[thread] != self.wanted:
            return None
        tensor = first_tensor(output)
        changed = self.changed(tensor)
        return changed if tensor is output else (changed, *output[1:])

    def changed(self, tensor: Tensor) -> Tensor:
        """What the layer gives in the place of its output."""
        raise NotImplementedError


class _Turned(_OneCall):
    """The output in a rotated basis of its channels."""

    def __init__(self, name: str, axis: int, matrix: np.ndarray) -> None:
        super().__init__(name, axis)
        self.matrix = matrix

    def changed(self, tensor: Tensor) -> Tensor:
        matrix = tensor.new_tensor(self.matrix)
        return (tensor.movedim(self.axis, -1) @ matrix.T).movedim(-1, self.axis)


def _rotate(network: Network, name: str, lesion: Lesion, undone: list[Undo]) -> None:
    layer = find(network, name)
    matrix = rotation_matrix(layer.channels, lesion.degrees, lesion.seed)
    _Turned(name, layer.channel_axis, matrix).put_on(network, name, undone)


class _Ablation(_OneCall):
    """Some channels replaced."""

    def __init__(
        self, name: str, axis: int, channels: Sequence[int], donor: Tensor | None, how: str
    ) -> None:
        super().__init__(name, axis)
        self.channels, self.donor, self.how = list(channels), donor, how

    def changed(self, tensor: Tensor) -> Tensor:
        changed = tensor.clone()
        view = changed.movedim(self.axis, 1)
        view[:, self.channels] = self._values(len(view), view.ndim)
        return changed

    def _values(self, n: int, dimensions: int) -> Any:
        if self.donor is None:
            return 0.0
        if self.how == "mean":
            return self.donor.reshape(1, -1, *[1] * (dimensions - 2))
        repeats = -(-n // len(self.donor))
        return self.donor.repeat(repeats, *[1] * (self.donor.ndim - 1))[:n]

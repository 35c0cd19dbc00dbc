"""DNNBrain's commands, with its flags: ``isomorph dnn-act -net AlexNet -layer conv5 ...``."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "dnn-act": ("scanning", "Activations of a network's layers for a list of pictures."),
    "dnn-mask": ("scanning", "Some layers, channels, rows and columns of an activation file."),
    "dnn-fe": ("scanning", "Components, histograms or spectra of activations."),
    "dnn-pool": ("scanning", "One number a channel."),
    "dnn-ablation": ("scanning", "Silence units of an activation file."),
    "dnn-rotation": ("scanning", "Turn the basis of a layer's channels by an angle."),
    "db-hrf": ("scanning", "Activations as BOLD predictors."),
    "dnn-probe": ("mapping", "Behaviour decoded from activations."),
    "db-corr": ("mapping", "The unit that correlates most with each brain measure."),
    "db-encode": ("mapping", "Brain measures predicted from activations."),
    "db-decode": ("mapping", "Activations predicted from the brain."),
    "db-topo": ("mapping", "Preferred layer and place of every voxel."),
    "dnn-rsa": ("similarity", "Dissimilarity of a network's responses."),
    "brain-rsa": ("similarity", "Dissimilarity of the brain's responses, a region at a time."),
    "brain-roi": ("similarity", "Signals of regions."),
    "dnn-topstim": ("seeing", "The pictures that drive channels most."),
    "dnn-view": ("seeing", "Feature maps of pictures."),
    "dnn-saliency": ("seeing", "What in a picture drives a channel."),
    "dnn-optstim": ("seeing", "A picture grown to drive a channel."),
    "dnn-minstim": ("fields", "The parts of a picture that a channel needs."),
    "dnn-rf-sw": ("fields", "Receptive field by a sliding window."),
    "dnn-rf-us": ("fields", "Receptive field by upsampled maps."),
    "dnn-finetune": ("finetuning", "Train a network on for labels, or towards a brain as well."),
    "db-info": ("information", "What a file or a network holds."),
}
"""Name → (module here, one line); underscores are taken for hyphens."""


def run(name: str, words: list[str]) -> int:
    """Run a command as typed; returns the exit status."""
    import importlib
    import signal

    from app.cli import FAILED, fail, interrupt

    signal.signal(signal.SIGTERM, interrupt)
    module = importlib.import_module(f"{__name__}.{COMMANDS[name][0]}")
    try:
        status: int = getattr(module, name.replace("-", "_"))(words)
    except KeyboardInterrupt:
        fail("Stopped.", FAILED)
    return status

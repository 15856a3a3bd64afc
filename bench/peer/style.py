"""The three styles in which a peer is written; its networks and losses are the same in all of them.

- eager: what PyTorch's documentation writes. One pass of D over real images and one over generated ones, these made with a
  graph that is cut off, maps as they come, torch.nn.utils.spectral_norm, plain Adam.
- expert: what a good PyTorch user writes. Channels last, one pass of D over real and generated images together, these made
  without a graph, no gradients of D's weights in G's update, spectral norm as a parametrisation, Adam in one call for all
  weights (`fused`, or `foreach` where this torch cannot fuse on the processor).
- compiled: expert, with torch.compile of G and of D.
"""

import torch
from torch.nn.utils import parametrizations
from torch.nn.utils import spectral_norm as spectral_norm_hook


def same(layer):
    """Stands where there is no spectral norm."""
    return layer


class Style:
    """What a network or a training step does differently in a style."""

    def __init__(self, name):
        self.expert = name in ("expert", "compiled")
        self.compiled = name == "compiled"

    def spectral_norm(self, layer):
        return parametrizations.spectral_norm(layer) if self.expert else spectral_norm_hook(layer)

    def laid(self, value):
        """A network or images in the style's memory format."""
        return value.to(memory_format=torch.channels_last) if self.expert else value

    def prepared(self, network):
        """The network as it is called in a step."""
        return torch.compile(network) if self.compiled else network

    def adam(self, parameters, lr, betas):
        parameters = list(parameters)
        if not self.expert:
            return torch.optim.Adam(parameters, lr=lr, betas=betas)
        try:
            return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=True)
        except RuntimeError:  # Before torch 2.4 only on GPUs.
            return torch.optim.Adam(parameters, lr=lr, betas=betas, foreach=True)

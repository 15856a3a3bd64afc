"""The mixture of Gaussians: two MLPs (4 hidden layers of 256, ReLU), non-saturating cross-entropy, on 25 modes of a 5x5 grid
with sigma 0.05.
"""

import torch
from torch import nn

from gan import Step
from losses import NON_SATURATING

LATENT = 2


def mlp(width, *last):
    layers = [nn.Linear(LATENT, width), nn.ReLU()]
    for _ in range(3):
        layers += [nn.Linear(width, width), nn.ReLU()]
    return nn.Sequential(*layers, *last)


def step(style, width=256, batch=256):
    networks = mlp(width, nn.Linear(width, 2)), mlp(width, nn.Linear(width, 1), nn.Flatten(0))
    modes = torch.cartesian_prod(torch.arange(-2.0, 3.0), torch.arange(-2.0, 3.0))
    real = modes[torch.randint(25, (batch,))] + 0.05 * torch.randn(batch, 2)
    return Step(style, *networks, real, LATENT, NON_SATURATING, (0.9, 0.99))

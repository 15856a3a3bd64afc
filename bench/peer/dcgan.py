"""DCGAN (Radford et al. 2015) with spectral normalisation in D (Miyato et al. 2018), written the way PyTorch's documentation
writes it.
"""

import torch
from torch import nn

from gan import Step
from losses import HINGE
from style import same

LATENT = 128


def drawn(layer):
    nn.init.normal_(layer.weight, 0.0, 0.02)
    return layer


def widths(size, width):
    """Channels of the hidden levels from the 4x4 map up to half the image: 32 px -> 256, 128, 64."""
    levels = (size // 4).bit_length() - 1
    return [width * 2**i for i in reversed(range(levels))]


def generator(size, width, image):
    channels = widths(size, width)
    layers = [nn.Unflatten(1, (LATENT, 1, 1))]
    for i, (before, after) in enumerate(zip([LATENT, *channels], channels)):
        window = (4, 1, 0) if i == 0 else (4, 2, 1)
        layers += [drawn(nn.ConvTranspose2d(before, after, *window, bias=False)), nn.BatchNorm2d(after), nn.ReLU(True)]
    layers += [drawn(nn.ConvTranspose2d(channels[-1], image, 4, 2, 1)), nn.Tanh()]
    return nn.Sequential(*layers)


def discriminator(size, width, image, norm):
    channels = [image, *reversed(widths(size, width))]
    layers = []
    for before, after in zip(channels, channels[1:]):
        layers += [norm(drawn(nn.Conv2d(before, after, 4, 2, 1))), nn.LeakyReLU(0.2, inplace=True)]
    layers += [norm(drawn(nn.Conv2d(channels[-1], 1, 4))), nn.Flatten(0)]
    return nn.Sequential(*layers)


def step(style, size, width=64, batch=64, image=3, loss=HINGE, normed=True, penalty=None):
    """`image` is its number of channels, `normed` whether D has spectral norm."""
    norm = style.spectral_norm if normed else same
    networks = generator(size, width, image), discriminator(size, width, image, norm)
    real = torch.rand(batch, image, size, size) * 2 - 1
    return Step(style, *networks, real, LATENT, loss, (0.0, 0.9), penalty=penalty)

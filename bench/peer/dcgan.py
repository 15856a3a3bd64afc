"""DCGAN (Radford et al. 2015) with spectral normalisation in D (Miyato et al. 2018), written the way
PyTorch's documentation writes it: the peer that the DCGAN benchmarks compare with.

One step is one discriminator update and one generator update, hinge loss, Adam (0, 0.9).
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm

LATENT, WIDTH, CHANNELS, BATCH = 128, 64, 3, 64


def widths(size):
    """Channels of the hidden levels from the 4x4 map up to half the image: 32 px -> 256, 128, 64."""
    levels = (size // 4).bit_length() - 1
    return [WIDTH * 2**i for i in reversed(range(levels))]


def generator(size):
    channels = widths(size)
    layers = [nn.ConvTranspose2d(LATENT, channels[0], 4, bias=False), nn.BatchNorm2d(channels[0]), nn.ReLU(True)]
    for before, after in zip(channels, channels[1:]):
        layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    layers += [nn.ConvTranspose2d(channels[-1], CHANNELS, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers)


def discriminator(size):
    channels = [CHANNELS, *reversed(widths(size))]
    layers = []
    for before, after in zip(channels, channels[1:]):
        layers += [spectral_norm(nn.Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(0.2, inplace=True)]
    layers += [spectral_norm(nn.Conv2d(channels[-1], 1, 4)), nn.Flatten(0)]
    return nn.Sequential(*layers)


class Step:
    """Networks, optimizers and one real batch; calling it trains both networks once."""

    def __init__(self, size):
        torch.manual_seed(0)
        self.generator, self.discriminator = generator(size), discriminator(size)
        for network in (self.generator, self.discriminator):
            for module in network.modules():
                if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                    weight = module.weight_orig if hasattr(module, "weight_orig") else module.weight
                    nn.init.normal_(weight, 0.0, 0.02)
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), lr=1e-4, betas=(0.0, 0.9))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=4e-4, betas=(0.0, 0.9))
        self.real = torch.rand(BATCH, CHANNELS, size, size) * 2 - 1

    def __call__(self):
        self.discriminator_optimizer.zero_grad()
        fake = self.generator(torch.randn(BATCH, LATENT, 1, 1)).detach()
        real_score, fake_score = self.discriminator(self.real), self.discriminator(fake)
        discriminator_loss = F.relu(1 - real_score).mean() + F.relu(1 + fake_score).mean()
        discriminator_loss.backward()
        self.discriminator_optimizer.step()

        self.generator_optimizer.zero_grad()
        generator_loss = -self.discriminator(self.generator(torch.randn(BATCH, LATENT, 1, 1))).mean()
        generator_loss.backward()
        self.generator_optimizer.step()
        return discriminator_loss.item(), generator_loss.item()

"""The mixture-of-Gaussians step in plain PyTorch: two MLPs (4 hidden layers of 256, ReLU), batch 256,
non-saturating cross-entropy, Adam 1e-4 (0.9, 0.99), on 25 modes of a 5x5 grid with sigma 0.05.
"""

import torch
from torch import nn
from torch.nn import functional as F

BATCH, HIDDEN, LATENT = 256, 256, 2


def mlp(outputs):
    layers = [nn.Linear(LATENT, HIDDEN), nn.ReLU()]
    for _ in range(3):
        layers += [nn.Linear(HIDDEN, HIDDEN), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(HIDDEN, outputs))


class Step:
    """Networks, optimizers and one real batch; calling it trains both networks once."""

    def __init__(self):
        torch.manual_seed(0)
        self.generator, self.discriminator = mlp(2), mlp(1)
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), lr=1e-4, betas=(0.9, 0.99))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=1e-4, betas=(0.9, 0.99))
        modes = torch.cartesian_prod(torch.arange(-2.0, 3.0), torch.arange(-2.0, 3.0))
        self.real = modes[torch.randint(25, (BATCH,))] + 0.05 * torch.randn(BATCH, 2)
        self.ones, self.zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    def __call__(self):
        self.discriminator_optimizer.zero_grad()
        fake = self.generator(torch.randn(BATCH, LATENT)).detach()
        discriminator_loss = F.binary_cross_entropy_with_logits(
            self.discriminator(self.real), self.ones
        ) + F.binary_cross_entropy_with_logits(self.discriminator(fake), self.zeros)
        discriminator_loss.backward()
        self.discriminator_optimizer.step()

        self.generator_optimizer.zero_grad()
        score = self.discriminator(self.generator(torch.randn(BATCH, LATENT)))
        generator_loss = F.binary_cross_entropy_with_logits(score, self.ones)
        generator_loss.backward()
        self.generator_optimizer.step()
        return discriminator_loss.item(), generator_loss.item()

"""Penalties on D's slope.

R1 and R2 (Mescheder et al. 2018) are penalties at the very images of D's main pass, so its graph gives their slopes, as public
implementations have it. WGAN-GP's (Gulrajani et al. 2017) is at images in between, which need a pass of their own.
"""

import torch

WEIGHT = 10.0


def squared_slopes(scores, images):
    """|dD(x)/dx|^2 of each of the batches of images, differentiable, for the sum of their scores."""
    gradients = torch.autograd.grad(scores, images, create_graph=True)
    return [gradient.square().flatten(1).sum(1) for gradient in gradients]


def zero_centred(scores, images):
    """R1 with one batch of images, R1 and R2 with both."""
    return WEIGHT / 2 * sum(squares.mean() for squares in squared_slopes(scores, images))


def gradient_penalty(discriminator, real, fake):
    share = torch.rand(len(real), *[1] * (real.dim() - 1))
    between = (share * real + (1 - share) * fake).requires_grad_(True)
    (squares,) = squared_slopes(discriminator(between).sum(), [between])
    return WEIGHT * ((squares + 1e-12).sqrt() - 1).square().mean()

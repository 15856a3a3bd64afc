"""The losses: D's takes the scores of real and of generated images, G's those of generated ones."""

from types import SimpleNamespace

from torch.nn import functional as F

HINGE = SimpleNamespace(
    discriminator=lambda real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
    generator=lambda fake: -fake.mean(),
)
NON_SATURATING = SimpleNamespace(
    discriminator=lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
    generator=lambda fake: F.softplus(-fake).mean(),
)
WASSERSTEIN = SimpleNamespace(
    discriminator=lambda real, fake: fake.mean() - real.mean(),
    generator=lambda fake: -fake.mean(),
)

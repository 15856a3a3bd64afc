"""SNGAN (Miyato et al. 2018) and BigGAN (Brock et al. 2019), written the way the public PyTorch implementations write them:
the peers of the benchmarks of residual networks.

torch.nn.utils.spectral_norm, F.interpolate before a block's first convolution and its skip, F.avg_pool2d after both, one
pass of D over real and generated images together, images for D without a graph, no gradients of D's weights in G's update
(toggled), channels last (contiguous maps were slower here). One step is one update of D and one of G: hinge loss, Adam (0, 0.9).
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm

IMAGE, SHARED = 3, 128


def same(layer):
    return layer


def conv(norm, inputs, outputs, kernel, bias=True):
    return norm(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias))


class PlainNorm(nn.BatchNorm2d):
    def forward(self, x, _):
        return super().forward(x)


class ConditionalNorm(nn.Module):
    """Gain and bias from a projection of a vector."""

    def __init__(self, channels, length):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gain = spectral_norm(nn.Linear(length, channels, bias=False))
        self.bias = spectral_norm(nn.Linear(length, channels, bias=False))

    def forward(self, x, condition):
        gain = (1 + self.gain(condition))[:, :, None, None]
        bias = self.bias(condition)[:, :, None, None]
        return self.norm(x) * gain + bias


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        self.query = conv(spectral_norm, channels, channels // 8, 1, bias=False)
        self.key = conv(spectral_norm, channels, channels // 8, 1, bias=False)
        self.value = conv(spectral_norm, channels, channels // 2, 1, bias=False)
        self.output = conv(spectral_norm, channels // 2, channels, 1, bias=False)
        self.gain = nn.Parameter(torch.tensor(0.0))

    def forward(self, x):
        c, (height, width) = self.channels, x.shape[2:]
        query = self.query(x).reshape(-1, c // 8, height * width)
        key = F.max_pool2d(self.key(x), 2).reshape(-1, c // 8, height * width // 4)
        value = F.max_pool2d(self.value(x), 2).reshape(-1, c // 2, height * width // 4)
        weights = F.softmax(torch.bmm(query.transpose(1, 2), key), -1)
        seen = torch.bmm(value, weights.transpose(1, 2)).reshape(-1, c // 2, height, width)
        return self.gain * self.output(seen) + x


class Up(nn.Module):
    def __init__(self, inputs, outputs, make_norm, norm):
        super().__init__()
        self.norm1, self.norm2 = make_norm(inputs), make_norm(outputs)
        self.conv1, self.conv2 = conv(norm, inputs, outputs, 3), conv(norm, outputs, outputs, 3)
        self.skip = conv(norm, inputs, outputs, 1)

    def forward(self, x, condition):
        h = F.interpolate(F.relu(self.norm1(x, condition)), scale_factor=2)
        h = self.conv2(F.relu(self.norm2(self.conv1(h), condition)))
        return h + self.skip(F.interpolate(x, scale_factor=2))


class Generator(nn.Module):
    """With classes BigGAN's, with a part of z for each block; without SNGAN's."""

    def __init__(self, latent, channels, classes=0, attention=0):
        super().__init__()
        self.parts = len(channels) if classes else 1
        part = latent // self.parts
        norm = spectral_norm if classes else same
        make_norm = (lambda count: ConditionalNorm(count, SHARED + part)) if classes else PlainNorm
        if classes:
            self.embedding = nn.Embedding(classes, SHARED)
        self.first = channels[0]
        self.project = norm(nn.Linear(part, 16 * channels[0]))
        self.stages = nn.ModuleList()
        for i, (inputs, outputs) in enumerate(zip(channels, channels[1:])):
            self.stages.append(Up(inputs, outputs, make_norm, norm))
            if 8 * 2**i == attention:
                self.stages.append(Attention(outputs))
        self.norm = nn.BatchNorm2d(channels[-1])
        self.output = conv(norm, channels[-1], IMAGE, 3)

    def forward(self, z, labels):
        first, *rest = z.chunk(self.parts, 1)
        conditions = iter([torch.cat([self.embedding(labels), part], 1) for part in rest])
        h = self.project(first).view(-1, self.first, 4, 4)
        for stage in self.stages:
            h = stage(h) if isinstance(stage, Attention) else stage(h, next(conditions, None))
        return torch.tanh(self.output(F.relu(self.norm(h))))


class Down(nn.Module):
    def __init__(self, inputs, hidden, outputs, halves, first):
        super().__init__()
        self.halves, self.first = halves, first
        self.conv1, self.conv2 = conv(spectral_norm, inputs, hidden, 3), conv(spectral_norm, hidden, outputs, 3)
        self.skip = conv(spectral_norm, inputs, outputs, 1) if halves or inputs != outputs else None

    def forward(self, x):
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        if self.halves:
            h = F.avg_pool2d(h, 2)
        if self.skip is None:
            return h + x
        if self.first:
            return h + self.skip(F.avg_pool2d(x, 2))
        return h + (F.avg_pool2d(self.skip(x), 2) if self.halves else self.skip(x))


class Discriminator(nn.Module):
    def __init__(self, size, down, keep, wide_first, classes=0, attention=0):
        super().__init__()
        self.stages, inputs = nn.ModuleList(), IMAGE
        for i, outputs in enumerate([*down, *keep]):
            halves, first = i < len(down), i == 0
            self.stages.append(Down(inputs, outputs if wide_first or first else inputs, outputs, halves, first))
            size //= 2 if halves else 1
            if halves and size == attention:
                self.stages.append(Attention(outputs))
            inputs = outputs
        self.linear = spectral_norm(nn.Linear(inputs, 1))
        self.embedding = spectral_norm(nn.Embedding(classes, inputs)) if classes else None

    def forward(self, x, labels):
        for stage in self.stages:
            x = stage(x)
        features = F.relu(x).sum((2, 3))
        score = self.linear(features).squeeze(1)
        return score if self.embedding is None else score + (self.embedding(labels) * features).sum(1)


class Step:
    """Networks, optimizers and one real batch; calling it trains both networks once."""

    def __init__(self, generator, discriminator, size, batch, latent, classes):
        torch.manual_seed(0)
        self.generator = generator.to(memory_format=torch.channels_last)
        self.discriminator = discriminator.to(memory_format=torch.channels_last)
        self.parameters = [sum(p.numel() for p in net.parameters()) for net in (generator, discriminator)]
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), lr=1e-4, betas=(0.0, 0.9))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=4e-4, betas=(0.0, 0.9))
        real = torch.rand(batch, IMAGE, size, size) * 2 - 1
        self.real = real.contiguous(memory_format=torch.channels_last)
        self.batch, self.latent, self.classes = batch, latent, classes
        self.labels = self.drawn_labels()

    def drawn_labels(self):
        return torch.randint(self.classes, (self.batch,)) if self.classes else torch.zeros(self.batch, dtype=torch.long)

    def __call__(self):
        self.discriminator.requires_grad_(True)
        self.discriminator_optimizer.zero_grad()
        labels = self.drawn_labels()
        with torch.no_grad():
            fake = self.generator(torch.randn(self.batch, self.latent), labels)
        score = self.discriminator(torch.cat([self.real, fake]), torch.cat([self.labels, labels]))
        real_score, fake_score = score.chunk(2)
        discriminator_loss = F.relu(1 - real_score).mean() + F.relu(1 + fake_score).mean()
        discriminator_loss.backward()
        self.discriminator_optimizer.step()

        self.discriminator.requires_grad_(False)
        self.generator_optimizer.zero_grad()
        labels = self.drawn_labels()
        fake = self.generator(torch.randn(self.batch, self.latent), labels)
        generator_loss = -self.discriminator(fake, labels).mean()
        generator_loss.backward()
        self.generator_optimizer.step()
        return discriminator_loss.item(), generator_loss.item()


def sngan_32():
    networks = Generator(128, [256] * 4), Discriminator(32, [128, 128], [128, 128], False)
    return Step(*networks, size=32, batch=64, latent=128, classes=0)


def biggan_32():
    networks = Generator(128, [256] * 4, 10), Discriminator(32, [256, 256], [256, 256], True, 10)
    return Step(*networks, size=32, batch=64, latent=128, classes=10)


def biggan_128():
    up = [64 * factor for factor in (16, 16, 8, 4, 2, 1)]
    down = [64 * factor for factor in (1, 2, 4, 8, 16)]
    networks = Generator(120, up, 1000, 64), Discriminator(128, down, [1024], True, 1000, 64)
    return Step(*networks, size=128, batch=8, latent=120, classes=1000)

"""SNGAN (Miyato et al. 2018) and BigGAN (Brock et al. 2019), written the way the public PyTorch implementations write them:
F.interpolate before a block's first convolution and its skip, F.avg_pool2d after both.

`sn` is spectral norm in the style of the step.
"""

import torch
from torch import nn
from torch.nn import functional as F

from gan import Step
from losses import HINGE
from style import same

IMAGE, SHARED = 3, 128


def conv(norm, inputs, outputs, kernel, bias=True):
    return norm(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias))


class PlainNorm(nn.BatchNorm2d):
    def forward(self, x, _=None):
        return super().forward(x)


class ConditionalNorm(nn.Module):
    """Gain and bias from a projection of a vector."""

    def __init__(self, sn, channels, length):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gain = sn(nn.Linear(length, channels, bias=False))
        self.bias = sn(nn.Linear(length, channels, bias=False))

    def forward(self, x, condition):
        gain = (1 + self.gain(condition))[:, :, None, None]
        bias = self.bias(condition)[:, :, None, None]
        return self.norm(x) * gain + bias


class Attention(nn.Module):
    def __init__(self, sn, channels):
        super().__init__()
        self.channels = channels
        self.query = conv(sn, channels, channels // 8, 1, bias=False)
        self.key = conv(sn, channels, channels // 8, 1, bias=False)
        self.value = conv(sn, channels, channels // 2, 1, bias=False)
        self.output = conv(sn, channels // 2, channels, 1, bias=False)
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

    def __init__(self, sn, latent, channels, classes=0, attention=0):
        super().__init__()
        self.parts = len(channels) if classes else 1
        part = latent // self.parts
        norm = sn if classes else same
        make_norm = (lambda count: ConditionalNorm(sn, count, SHARED + part)) if classes else PlainNorm
        if classes:
            self.embedding = nn.Embedding(classes, SHARED)
        self.first = channels[0]
        self.project = norm(nn.Linear(part, 16 * channels[0]))
        self.stages = nn.ModuleList()
        for i, (inputs, outputs) in enumerate(zip(channels, channels[1:])):
            self.stages.append(Up(inputs, outputs, make_norm, norm))
            if 8 * 2**i == attention:
                self.stages.append(Attention(sn, outputs))
        self.norm = nn.BatchNorm2d(channels[-1])
        self.output = conv(norm, channels[-1], IMAGE, 3)

    def forward(self, z, labels=None):
        first, *rest = z.chunk(self.parts, 1)
        conditions = iter([torch.cat([self.embedding(labels), part], 1) for part in rest])
        h = self.project(first).view(-1, self.first, 4, 4)
        for stage in self.stages:
            h = stage(h) if isinstance(stage, Attention) else stage(h, next(conditions, None))
        return torch.tanh(self.output(F.relu(self.norm(h))))


class Down(nn.Module):
    def __init__(self, sn, inputs, hidden, outputs, halves, first):
        super().__init__()
        self.halves, self.first = halves, first
        self.conv1, self.conv2 = conv(sn, inputs, hidden, 3), conv(sn, hidden, outputs, 3)
        self.skip = conv(sn, inputs, outputs, 1) if halves or inputs != outputs else None

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
    def __init__(self, sn, size, down, keep, wide_first, classes=0, attention=0):
        super().__init__()
        self.stages, inputs = nn.ModuleList(), IMAGE
        for i, outputs in enumerate([*down, *keep]):
            halves, first = i < len(down), i == 0
            hidden = outputs if wide_first or first else inputs
            self.stages.append(Down(sn, inputs, hidden, outputs, halves, first))
            size //= 2 if halves else 1
            if halves and size == attention:
                self.stages.append(Attention(sn, outputs))
            inputs = outputs
        self.linear = sn(nn.Linear(inputs, 1))
        self.embedding = sn(nn.Embedding(classes, inputs)) if classes else None

    def forward(self, x, labels=None):
        for stage in self.stages:
            x = stage(x)
        features = F.relu(x).sum((2, 3))
        score = self.linear(features).squeeze(1)
        return score if self.embedding is None else score + (self.embedding(labels) * features).sum(1)


def step(style, generator, discriminator, size, batch, latent, loss=HINGE, **options):
    real = torch.rand(batch, IMAGE, size, size) * 2 - 1
    return Step(style, generator, discriminator, real, latent, loss, (0.0, 0.9), **options)


def sngan_32(style, width=128, batch=64, **options):
    sn = style.spectral_norm
    networks = Generator(sn, 128, [2 * width] * 4), Discriminator(sn, 32, [width] * 2, [width] * 2, False)
    return step(style, *networks, size=32, batch=batch, latent=128, **options)


def biggan_32(style, width=64, batch=64):
    sn, channels = style.spectral_norm, [4 * width] * 2
    networks = Generator(sn, 128, channels * 2, 10), Discriminator(sn, 32, channels, channels, True, 10)
    return step(style, *networks, size=32, batch=batch, latent=128, classes=10)


def biggan_128(style, width=64, batch=8):
    sn = style.spectral_norm
    up, down = ([width * factor for factor in factors] for factors in ((16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16)))
    networks = Generator(sn, 120, up, 1000, 64), Discriminator(sn, 128, down, [16 * width], True, 1000, 64)
    return step(style, *networks, size=128, batch=batch, latent=120, classes=1000)

"""Features of Inception v3 the way pytorch-fid computes them: evaluation mode, no gradients.

Written again, since that package needs a torchvision that not every torch has. Like it: float images in [0, 1], bilinear
resizing to 299, convolution, batch normalisation and ReLU one after the other.
"""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

BATCH = 32


class Layer(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Fork(nn.ModuleList):
    """Branches whose maps lie side by side."""

    def forward(self, x):
        return torch.cat([branch(x) for branch in self], 1)


ROW, COLUMN = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))


def chain(inputs, *layers):
    """Layers (outputs, kernel, stride, padding) after each other."""
    made = []
    for outputs, *window in layers:
        made.append(Layer(inputs, outputs, *window))
        inputs = outputs
    return nn.Sequential(*made)


def averaged(inputs, outputs):
    return nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), Layer(inputs, outputs))


def block_a(inputs, pooled):
    return Fork(
        [
            Layer(inputs, 64),
            chain(inputs, (48,), (64, 5, 1, 2)),
            chain(inputs, (64,), (96, 3, 1, 1), (96, 3, 1, 1)),
            averaged(inputs, pooled),
        ]
    )


def block_c(inputs, c):
    return Fork(
        [
            Layer(inputs, 192),
            chain(inputs, (c,), (c, *ROW), (192, *COLUMN)),
            chain(inputs, (c,), (c, *COLUMN), (c, *ROW), (c, *COLUMN), (192, *ROW)),
            averaged(inputs, 192),
        ]
    )


def block_e(inputs, pool):
    ends = lambda: Fork([Layer(384, 384, (1, 3), 1, (0, 1)), Layer(384, 384, (3, 1), 1, (1, 0))])
    pooled = averaged(inputs, 192) if pool == "average" else nn.Sequential(nn.MaxPool2d(3, 1, 1), Layer(inputs, 192))
    return Fork(
        [
            Layer(inputs, 320),
            nn.Sequential(Layer(inputs, 384), ends()),
            nn.Sequential(*chain(inputs, (448,), (384, 3, 1, 1)), ends()),
            pooled,
        ]
    )


def network():
    return nn.Sequential(
        *chain(3, (32, 3, 2), (32, 3), (64, 3, 1, 1)),
        nn.MaxPool2d(3, 2),
        *chain(64, (80,), (192, 3)),
        nn.MaxPool2d(3, 2),
        block_a(192, 32),
        block_a(256, 64),
        block_a(288, 64),
        Fork([Layer(288, 384, 3, 2), chain(288, (64,), (96, 3, 1, 1), (96, 3, 2)), nn.MaxPool2d(3, 2)]),
        *(block_c(768, c) for c in (128, 160, 160, 192)),
        Fork(
            [
                chain(768, (192,), (320, 3, 2)),
                chain(768, (192,), (192, *ROW), (192, *COLUMN), (192, 3, 2)),
                nn.MaxPool2d(3, 2),
            ]
        ),
        block_e(1280, "average"),
        block_e(2048, "max"),
        nn.AdaptiveAvgPool2d(1),
    )


class Step:
    """A batch of images; calling it computes their features. Expert is: normalisation folded into the convolutions, channels last."""

    def __init__(self, style):
        features = network().eval()
        if style.expert:
            for layer in features.modules():
                if isinstance(layer, Layer):
                    layer.conv, layer.bn = fuse_conv_bn_eval(layer.conv, layer.bn), nn.Identity()
        self.network = style.prepared(style.laid(features))
        self.images = torch.randint(0, 256, (BATCH, 3, 32, 32)).float() / 255
        self.style = style

    def __call__(self):
        with torch.no_grad():
            x = F.interpolate(self.images, size=(299, 299), mode="bilinear", align_corners=False)
            return self.network(self.style.laid(2 * x - 1)).flatten(1).numpy()

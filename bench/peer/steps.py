"""The steps by the name of their benchmark: functions of a style and, for networks of G and D, of `width` and `batch`."""

from functools import partial

import dcgan
import inception
import mlp
import overhead
import resnets

STEPS = {
    "overhead-add": overhead.Step,
    "mlp": mlp.step,
    "dcgan-32": partial(dcgan.step, size=32),
    "dcgan-64": partial(dcgan.step, size=64),
    "sngan-32": resnets.sngan_32,
    "biggan-32": resnets.biggan_32,
    "biggan-128": resnets.biggan_128,
    "inception": inception.Step,
}

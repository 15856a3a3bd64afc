"""The steps by the name of their benchmark: functions of a style and, for networks of G and D, of `width` and `batch`."""

from functools import partial

import dcgan
import inception
import mlp
import overhead
import resnets
from losses import NON_SATURATING, WASSERSTEIN

STEPS = {
    "overhead-add": overhead.Step,
    "mlp": mlp.step,
    "dcgan-32": partial(dcgan.step, size=32),
    "dcgan-64": partial(dcgan.step, size=64),
    "dcgan-128": partial(dcgan.step, size=128),
    "quickstart": partial(dcgan.step, size=32, width=32, image=1),
    "dcgan-32-r1": partial(dcgan.step, size=32, loss=NON_SATURATING, penalty="r1"),
    "dcgan-32-wgan-gp": partial(dcgan.step, size=32, loss=WASSERSTEIN, normed=False, penalty="wgan-gp"),
    "sngan-32": resnets.sngan_32,
    "sngan-32-r1r2": partial(resnets.sngan_32, loss=NON_SATURATING, penalty="r1r2"),
    "biggan-32": resnets.biggan_32,
    "biggan-32-96": partial(resnets.biggan_32, width=96),
    "biggan-128": resnets.biggan_128,
    "biggan-128-96": partial(resnets.biggan_128, width=96, batch=32),
    "inception": inception.Step,
}

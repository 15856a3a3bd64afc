"""What peers.test.ts asks of the peers of the benchmarks (bench/peer), as one line of JSON.

`peers.py sizes NAME...`: the parameters of G and D of each step at its full size. `peers.py losses NAME=WIDTH,BATCH...`: the losses
of two steps of small networks in eager and in expert style, from the same weights, images and random numbers. Vectors of spectral
norm are the singular ones, since the styles make different numbers of power iterations, and optimizers have a real learning rate.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "bench" / "peer"))

import torch  # noqa: E402

from steps import STEPS  # noqa: E402
from style import Style  # noqa: E402

RATE = 1e-3


def small(name, style, width, batch):
    torch.manual_seed(0)
    return STEPS[name](Style(style), width=width, batch=batch)


def settle(network):
    """Sets the vectors of spectral norm, in either of PyTorch's forms, to those that power iteration approaches."""
    for module in network.modules():
        if hasattr(module, "weight_u"):
            weight, u, v = module.weight_orig, module.weight_u, module.weight_v
        elif hasattr(module, "parametrizations"):
            norm = module.parametrizations.weight[0]
            weight, u, v = module.parametrizations.weight.original, norm._u, norm._v
        else:
            continue
        left, _, right = torch.linalg.svd(weight.reshape(len(u), -1), full_matrices=False)
        u.copy_(left[:, 0])
        v.copy_(right[0])


@torch.no_grad()
def align(eager, expert):
    for ours, theirs in zip(eager.networks, expert.networks):
        for source, target in zip(ours.parameters(), theirs.parameters()):
            assert source.shape == target.shape
            target.copy_(source)
        settle(ours)
        settle(theirs)
    expert.real, expert.labels = eager.real, eager.labels
    for step in (eager, expert):
        for optimizer in step.optimizers:
            optimizer.param_groups[0]["lr"] = RATE


def losses(name, width, batch):
    steps = {style: small(name, style, width, batch) for style in ("eager", "expert")}
    align(**steps)
    answer = {}
    for style, step in steps.items():
        torch.manual_seed(1)
        answer[style] = [step(), step()]
    return answer


torch.set_num_threads(1)
what, *names = sys.argv[1:]
if what == "sizes":
    print(json.dumps({name: STEPS[name](Style("expert")).parameters for name in names}))
else:
    sizes = {name: map(int, size.split(",")) for name, size in (argument.split("=") for argument in names)}
    print(json.dumps({name: losses(name, *size) for name, size in sizes.items()}))

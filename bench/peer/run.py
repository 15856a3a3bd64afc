"""The other side of the benchmarks: runs a step in PyTorch as often as it is told to.

Started as `python3 run.py NAME THREADS`; then each line "run COUNT EACH" on standard input is answered with a line of
JSON, COUNT times in milliseconds, each the mean over EACH steps.
"""

import json
import sys
import time

import torch

import dcgan
import inception
import mlp
import overhead

STEPS = {
    "overhead-add": overhead.Step,
    "mlp": mlp.Step,
    "dcgan-32": lambda: dcgan.Step(32),
    "dcgan-64": lambda: dcgan.Step(64),
    "inception": inception.Step,
}


def timed(step, each):
    start = time.perf_counter()
    for _ in range(each):
        step()
    return (time.perf_counter() - start) * 1000 / each


name, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
step = STEPS[name]()
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    _, count, each = line.split()
    print(json.dumps([timed(step, int(each)) for _ in range(int(count))]), flush=True)

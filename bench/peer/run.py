"""The other side of the benchmarks: runs a step in PyTorch on request.

Started as `python3 run.py NAME THREADS CLOCK`, it prints the numbers of parameters of its networks, or null; then each line
"run COUNT EACH" on standard input is answered with a line of JSON, COUNT times in milliseconds, each the mean over EACH
steps. CLOCK is "wall" or "cpu", the processor time of the process.
"""

import json
import sys
import time

import torch

import dcgan
import inception
import mlp
import overhead
import resnets

STEPS = {
    "overhead-add": overhead.Step,
    "mlp": mlp.Step,
    "dcgan-32": lambda: dcgan.Step(32),
    "dcgan-64": lambda: dcgan.Step(64),
    "sngan-32": resnets.sngan_32,
    "biggan-32": resnets.biggan_32,
    "biggan-128": resnets.biggan_128,
    "inception": inception.Step,
}
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def timed(step, each):
    start = now()
    for _ in range(each):
        step()
    return (now() - start) * 1000 / each


name, threads, clock = sys.argv[1:]
now = CLOCKS[clock]
torch.set_num_threads(int(threads))
step = STEPS[name]()
print(json.dumps(getattr(step, "parameters", None)), flush=True)
for line in sys.stdin:
    _, count, each = line.split()
    print(json.dumps([timed(step, int(each)) for _ in range(int(count))]), flush=True)

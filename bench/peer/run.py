"""The other side of the benchmarks: runs a step in PyTorch on request.

Started as `python3 run.py NAME STYLE THREADS CLOCK`, it prints {"parameters": [of G, of D]}, null where there are no such
networks, or {"obstacle": "why there is no such peer"} and ends. Then each line "run COUNT EACH" on standard input is answered
with a line of JSON: COUNT times in milliseconds, each the mean over EACH steps; and the line "memory" with the MiB that were
reserved of a GPU at most, or null. GANTRY_BENCH_DEVICE names the device. STYLE is one of `style.py`, CLOCK "wall" or
"cpu", the processor time of the process.
"""

import json
import os
import sys
import time

import torch

from steps import STEPS
from style import Style

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def say(answer):
    print(json.dumps(answer), flush=True)


def made(name, style):
    """The step; of a compiled one all that is compiled at the first steps is, so that failures show here and not in a time."""
    step = STEPS[name](style)
    for _ in range(2 if style.compiled else 0):
        step()
    return step


def reason(error):
    """The first line of the message that says something; several kinds of errors start by naming the compiler's part."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if line and not line.endswith("raised:")), type(error).__name__)


def timed(step, each):
    start = now()
    for _ in range(each):
        step()
    return (now() - start) * 1000 / each


name, style, threads, clock = sys.argv[1:]
now, style = CLOCKS[clock], Style(style)
torch.set_num_threads(int(threads))
# With libtorch 1.13 and OpenBLAS's Zen kernels, small products are three times as fast once a large one was computed
# (bench/NOTES.md).
matrix = torch.ones(1024, 1024)
torch.mm(matrix, matrix)
del matrix
torch.manual_seed(0)
device = os.environ.get("GANTRY_BENCH_DEVICE") or "cpu"
if device != "cpu":
    # Everything is made there, as an expert would write it; cuDNN measures its algorithms, as Gantry's runs have it.
    torch.set_default_device(device)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
try:
    step = made(name, style)
except Exception as error:
    if not style.compiled:
        raise
    say({"obstacle": f"torch.compile of torch {torch.__version__} cannot do it here: {reason(error)}"})
    sys.exit()
say({"parameters": getattr(step, "parameters", None)})
for line in sys.stdin:
    if line.strip() == "memory":
        say(torch.cuda.max_memory_reserved() / 2**20 if device.startswith("cuda") else None)
        continue
    _, count, each = line.split()
    say([timed(step, int(each)) for _ in range(int(count))])

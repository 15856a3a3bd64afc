"""FID of features in plain Python: means and covariances by numpy, then pytorch-fid's own calculate_frechet_distance
(scipy.linalg.sqrtm), as pytorch-fid computes it once it has the features.

Started as `python3 fid.py REAL FAKE DIMENSIONS`, two files of float32; each line "run COUNT EACH" on standard input is
answered with a line of JSON as by run.py, and "value" with the last distance.
"""

import json
import sys
import time
from unittest.mock import MagicMock

import numpy as np
import scipy

# The function needs none of what its module imports for the networks.
for name in ("torch", "torch.nn.functional", "torchvision", "torchvision.transforms", "PIL", "pytorch_fid.inception"):
    sys.modules[name] = MagicMock()
from pytorch_fid.fid_score import calculate_frechet_distance  # noqa: E402

real, fake = (np.fromfile(path, dtype=np.float32).reshape(-1, int(sys.argv[3])) for path in sys.argv[1:3])


def moments(features):
    return np.mean(features, axis=0), np.cov(features, rowvar=False)


def fid():
    return calculate_frechet_distance(*moments(real), *moments(fake))


value = None
print(json.dumps(f"numpy {np.__version__}, scipy {scipy.__version__}"), flush=True)
for line in sys.stdin:
    order, *numbers = line.split()
    if order == "value":
        print(json.dumps(float(value)), flush=True)
        continue
    times = []
    for _ in range(int(numbers[0])):
        start = time.perf_counter()
        for _ in range(int(numbers[1])):
            value = fid()
        times.append((time.perf_counter() - start) * 1000 / int(numbers[1]))
    print(json.dumps(times), flush=True)

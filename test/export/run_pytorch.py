"""Runs exported Python modules. Jobs come as JSON on standard input: [{"file", "name", "inputs": {name: {"dtype", "shape", "data"}}}]."""

import base64
import importlib.util
import json
import sys

import torch


def tensor_of(stored):
    data = bytearray(base64.b64decode(stored["data"]))
    return torch.frombuffer(data, dtype=getattr(torch, stored["dtype"])).reshape(stored["shape"])


def stored_of(tensor):
    data = tensor.contiguous().numpy().tobytes() if hasattr(tensor, "numpy") else b""
    return {"dtype": str(tensor.dtype)[6:], "shape": list(tensor.shape), "data": base64.b64encode(data).decode()}


torch.set_num_threads(1)
modules = {}
results = []
for job in json.load(sys.stdin):
    if job["file"] not in modules:
        spec = importlib.util.spec_from_file_location("exported", job["file"])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        modules[job["file"]] = getattr(module, job["name"])().eval()
    with torch.no_grad():
        output = modules[job["file"]](**{name: tensor_of(stored) for name, stored in job["inputs"].items()})
    outputs = output if isinstance(output, dict) else {"output": output}
    results.append({name: stored_of(tensor) for name, tensor in outputs.items()})
json.dump({"version": torch.__version__, "results": results}, sys.stdout)

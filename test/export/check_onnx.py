"""Runs ONNX's own checker, with strict inference of shapes, over the .onnx files that are named. Needs the package onnx."""

import json
import sys

import onnx

for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
json.dump({"onnx": onnx.__version__, "models": len(sys.argv) - 1}, sys.stdout)

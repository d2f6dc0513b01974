"""How far other runtimes are from double precision on the networks of networks.ts: answers.py FOLDER

In each cell two largest errors: of the logarithm of a probability, as a part of the largest logit (what
src/onnx/export.test.ts bounds by 3e-6), and of a probability. Needs: pip install onnx onnxruntime openvino"""
import json
import platform
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun


def ort(path, images):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"images": images})[0]


class LRN(OpRun):
    """By the definition: onnx 1.23.2's own goes over as many channels as there are images, and leaves the others alone."""

    def _run(self, x, alpha=None, beta=None, bias=None, size=None):
        before, after = (size - 1) // 2, size // 2
        padded = np.pad(x**2, ((0, 0), (before, after), (0, 0), (0, 0)))
        squares = sum(padded[:, at : at + x.shape[1]] for at in range(size))
        return ((x / (bias + alpha / size * squares) ** beta).astype(x.dtype),)


def evaluated(model, images):
    return ReferenceEvaluator(model, new_ops=[LRN]).run(["probabilities"], {"images": images})[0]


def reference(path, images):
    return evaluated(onnx.load(path), images)


def in_double(path, images):
    """The file as it is, but every number of it, and of what is computed, in double precision."""
    model = onnx.load(path)
    double = onnx.TensorProto.DOUBLE
    for each in model.graph.initializer:
        if each.data_type == onnx.TensorProto.FLOAT:
            each.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(each).astype(np.float64), each.name))
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.elem_type = double
    onnx.checker.check_model(model, full_check=True)
    return evaluated(model, images.astype(np.float64))


core = openvino.Core()


def vino(settings):
    def answer(path, images):
        return next(iter(core.compile_model(path, "CPU", settings)([images]).values()))

    return answer


def wasm(path, _images):
    try:
        answer = json.loads(Path(path).with_suffix(".wasm.json").read_text())
    except FileNotFoundError:
        return None
    versions["wasm"] = answer["runtime"]
    return np.array(answer["probabilities"], np.float32).reshape(-1, 3)


def default_precision(path):
    found = core.compile_model(path, "CPU").get_property("INFERENCE_PRECISION_HINT")
    return found.get_type_name() if hasattr(found, "get_type_name") else str(found)


versions = {"python": platform.python_version()}
runtimes = {
    "file in double": in_double,
    "reference": reference,
    "ort": ort,
    "wasm": wasm,
    "openvino f32": vino({"INFERENCE_PRECISION_HINT": "f32"}),
    "openvino": vino({}),
}

folder = Path(sys.argv[1])
paths = [str(path) for path in sorted(folder.glob("*.onnx"), key=lambda path: path.stat().st_size)]
if not paths:
    sys.exit(f"{folder}: no networks; make them with networks.ts")
print(f"OpenVINO's default precision here: {default_precision(paths[0])}\n")
print(f"| log-probability, probability | {' | '.join(runtimes)} |\n|---|{'---|' * len(runtimes)}")


def cell(errors):
    return ", ".join(f"{error:.1e}" for error in errors) if len(errors) else "-"


largest = {}
for path in paths:
    onnx.checker.check_model(path, full_check=True)
    expected = json.loads(Path(path).with_suffix(".json").read_text())
    images = np.fromfile(Path(path).with_suffix(".images"), np.float32).reshape(expected["shape"])
    logarithms = np.array(expected["logProbabilities"])
    scale = max(1, expected["largestLogit"])
    row = []
    for name, run in runtimes.items():
        found = run(path, images)
        errors = []
        if found is not None:
            found = np.asarray(found, np.float64)
            assert found.shape == logarithms.shape and np.isfinite(found).all(), (path, name)
            with np.errstate(divide="ignore"):  # a probability of 0 is an error without end, and shall look like one
                relative = np.abs(np.log(found) - logarithms).max() / scale
            errors = [relative, np.abs(found - np.exp(logarithms)).max()]
            largest[name] = np.maximum(largest.get(name, 0), errors)
        row.append(cell(errors))
    print(f"| {Path(path).stem} | {' | '.join(row)} |", flush=True)
print(f"| largest of {len(paths)} | {' | '.join(cell(largest.get(name, [])) for name in runtimes)} |\n")
print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}, openvino {openvino.__version__.split('-')[0]}, "
      f"Python {versions['python']}, {versions.get('wasm', 'no wasm')}")

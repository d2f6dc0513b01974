"""What a run's model.onnx answers to its test photos: in ONNX Runtime, in OpenVINO by its default precision and in
float32, and in 8 bits by ONNX Runtime's static quantization, which is written to OUT: photos.py RUN OUT [EVERY]

EVERY: 4 tests on a fourth of the photos. Needs: pip install onnx "onnxruntime[symbolic]" openvino pillow"""
import json
import random
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

run = Path(sys.argv[1])
out = Path(sys.argv[2])
model = run / "model.onnx"
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
about = session.get_modelmeta().custom_metadata_map
height, width, side = (int(about[key]) for key in ("height", "width", "cacheSize"))
assert about["fit"] == "squash" and about["crops"] == "center" and about["channels"] == "3", about


def read(path):
    """[3, height, width] from 0 to 1: squashed to a square as in a training (docs/export.md), its centre."""
    image = Image.open(path).convert("RGB")
    for larger in (2, 1):
        if larger == 1 or min(image.size) > larger * side:
            image = image.resize((larger * side, larger * side), Image.Resampling.BILINEAR)
    left, top = (side - width) // 2, (side - height) // 2
    return np.asarray(image.crop((left, top, left + width, top + height)), np.float32).transpose(2, 0, 1) / 255


data = Path(json.loads((run / "config.json").read_text())["data"])
predictions = json.loads((run / "evaluation.json").read_text())["predictions"]
names = {each["name"] for each in predictions}
tested = predictions[:: int(sys.argv[3]) if len(sys.argv) > 3 else 1]
# Calibrated on photos that are not tested on.
others = sorted(path for path in data.glob("*/*.jpg") if str(path.relative_to(data)) not in names)
calibration = random.Random(0).sample(others, 200)


class Photos(CalibrationDataReader):
    def __init__(self):
        self.photos = iter(calibration)

    def get_next(self):
        path = next(self.photos, None)
        return None if path is None else {"images": read(path)[np.newaxis]}


def batches(answer):
    """Probabilities of all photos."""
    return np.concatenate([answer(photos[at : at + 64]) for at in range(0, len(photos), 64)])


def ort(path):
    net = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return batches(lambda images: net.run(None, {"images": images})[0])


def vino(**settings):
    net = openvino.Core().compile_model(model, "CPU", settings)
    return batches(lambda images: next(iter(net([images]).values())))


def tell(name, found):
    print(f"{name}: {(found.argmax(1) == labels).mean():.2%} right, {(found.argmax(1) == exact.argmax(1)).mean():.2%} "
          f"classed alike, probability off by {np.abs(found - exact).mean():.2g} in the mean, "
          f"{np.abs(found - exact).max():.2g} at most", flush=True)


photos = np.stack([read(data / each["name"]) for each in tested])
labels = np.array([each["label"] for each in tested])
ours = np.array([each["predicted"] for each in tested])
exact = ort(model)
print(f"onnxruntime {onnxruntime.__version__}, openvino {openvino.__version__.split('-')[0]}, {len(photos)} test photos: "
      f"in the run {(ours == labels).mean():.2%} right; {(exact.argmax(1) == ours).mean():.2%} are classed as in the run")
tell("onnxruntime", exact)
tell("openvino, f32", vino(INFERENCE_PRECISION_HINT="f32"))
tell("openvino, default", vino())

prepared = out.with_suffix(".prepared.onnx")
quant_pre_process(model, prepared)
float_end = {"op_types_to_quantize": ["Conv", "Relu", "MaxPool", "Add"]}
for name, source, settings in [
    ("as it is", model, {}),
    ("prepared first", prepared, {}),
    ("scales a channel", model, {"per_channel": True}),
    ("and the last layer in float", model, {"per_channel": True, **float_end}),
]:
    quantize_static(source, out, Photos(), quant_format=QuantFormat.QDQ, **settings)
    tell(f"8 bits, {name}, {model.stat().st_size / 1e6:.2f} to {out.stat().st_size / 1e6:.2f} MB", ort(out))

"""FFCV's side of the augment work's fused task: TASK ENGINE SIDE BATCH CORES PATH, as in augment_peer.py.

Install: pip install ffcv. It compiles itself against OpenCV and libturbojpeg (on Debian: libopencv-dev
libturbojpeg0-dev pkg-config).
"""
import importlib.metadata
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from answer import compete, refuse  # noqa: E402

_, _, side, batch, cores, path = sys.argv[1:7]
side, batch, cores = int(side), int(batch), int(cores)
MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)

try:
    import numpy as np
    import torch
    from ffcv.fields import IntField, RGBImageField
    from ffcv.fields.decoders import IntDecoder, SimpleRGBImageDecoder
    from ffcv.loader import Loader, OrderOption
    from ffcv.transforms import Cutout, NormalizeImage, RandomHorizontalFlip, RandomTranslate, ToTensor, ToTorchImage
    from ffcv.writer import DatasetWriter
except Exception as error:
    refuse(f"ffcv cannot be used with this Python ({type(error).__name__}: {error})", missing=isinstance(error, ImportError))


class Images:
    def __init__(self):
        self.images = np.fromfile(path, dtype=np.uint8).reshape(-1, side, side, 3)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index], 0


def prepare():
    torch.set_num_threads(1)
    folder = tempfile.mkdtemp()
    file = os.path.join(folder, "images.beton")
    fields = {"image": RGBImageField(write_mode="raw", max_resolution=side), "label": IntField()}
    DatasetWriter(file, fields, num_workers=1).from_indexed_dataset(Images())
    mean = tuple(int(255 * value) for value in MEAN)
    pipeline = [
        SimpleRGBImageDecoder(),
        RandomHorizontalFlip(),
        RandomTranslate(padding=side // 8, fill=mean),
        Cutout(side // 2, mean),
        NormalizeImage(255 * np.array(MEAN), 255 * np.array(STD), np.float32),
        ToTensor(),
        ToTorchImage(),
    ]
    loader = Loader(
        file,
        batch_size=batch,
        num_workers=cores,
        order=OrderOption.RANDOM,
        drop_last=True,
        pipelines={"image": pipeline, "label": [IntDecoder(), ToTensor()]},
    )
    state = {"batches": iter(loader)}

    def step():
        try:
            return next(state["batches"])
        except StopIteration:
            state["batches"] = iter(loader)
            return next(state["batches"])

    step()  # it compiles its pipeline on the first batch
    return step


compete(f"ffcv {importlib.metadata.version('ffcv')}", batch, prepare)

"""The Python peers of the augment work: TASK ENGINE SIDE BATCH CORES PATH.

TASK: erase (Cutout alone on a float batch), fused (crop, flip, normalize, Cutout from 8 bits), jpeg (from a folder of
JPEGs), training (the same, ten epochs a step). PATH: raw 8-bit images [count, side, side, 3], or the folder. Install what is to be measured:
    pip install numpy torch torchvision albumentations kornia
Transforms of one image are given the images of the batch in turn; putting them together again is not counted.
A hole has half the image's side; the libraries that only place it fully inside do so.
"""
import importlib.metadata
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from answer import compete, refuse  # noqa: E402

task, engine, side, batch, cores, path = sys.argv[1:7]
side, batch, cores = int(side), int(batch), int(cores)
length = side // 2
MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)


def raw_images():
    import numpy as np

    return np.fromfile(path, dtype=np.uint8).reshape(-1, side, side, 3)


def float_batch():
    """[batch, side, side, 3], normalized."""
    import numpy as np

    return ((raw_images()[:batch] / 255 - MEAN) / STD).astype(np.float32)


def torch_batch():
    """[batch, 3, side, side]"""
    import torch

    torch.set_num_threads(1)
    return torch.from_numpy(float_batch().transpose(0, 3, 1, 2).copy())


def numpy_loop():
    """As the reviewed experiment does it: each image of [N, H, W, C] in turn, in place, its own mean into the hole."""
    import numpy as np

    images = float_batch()

    def step():
        half = length // 2
        for image in images:
            y, x = np.random.randint(side), np.random.randint(side)
            top, bottom = np.clip([y - half, y + half], 0, side)
            left, right = np.clip([x - half, x + half], 0, side)
            image[top:bottom, left:right] = image.mean()

    return step


def torch_module():
    """As the authors' transform does it: a mask of ones with a hole of zeros, times the image [C, H, W]."""
    import numpy as np
    import torch

    class Cutout:
        def __call__(self, image):
            height, width = image.shape[1:]
            mask = np.ones((height, width), np.float32)
            y, x = np.random.randint(height), np.random.randint(width)
            half = length // 2
            top, bottom = np.clip(y - half, 0, height), np.clip(y + half, 0, height)
            left, right = np.clip(x - half, 0, width), np.clip(x + half, 0, width)
            mask[top:bottom, left:right] = 0
            return image * torch.from_numpy(mask).expand_as(image)

    images, transform = torch_batch(), Cutout()
    return lambda: [transform(image) for image in images]


def torchvision_erasing(inplace):
    def prepare():
        from torchvision.transforms import v2

        images = torch_batch()
        erase = v2.RandomErasing(p=1, scale=(0.25, 0.25), ratio=(1, 1), value=0, inplace=inplace)
        return lambda: [erase(image) for image in images]

    return prepare


def albumentations_dropout():
    import albumentations
    import cv2

    cv2.setNumThreads(1)
    images = float_batch()
    drop = albumentations.CoarseDropout(
        num_holes_range=(1, 1), hole_height_range=(length, length), hole_width_range=(length, length), fill=0, p=1
    )
    return lambda: [drop(image=image)["image"] for image in images]


def kornia_erasing():
    from kornia.augmentation import RandomErasing

    images = torch_batch()
    erase = RandomErasing(p=1.0, scale=(0.25, 0.25), ratio=(1.0, 1.0), value=0.0)
    return lambda: erase(images)


def endless(loader):
    """A step takes the next batch; epochs follow each other."""
    state = {"batches": iter(loader)}

    def step():
        try:
            return next(state["batches"])
        except StopIteration:
            state["batches"] = iter(loader)
            return next(state["batches"])

    return step


def data_loader(dataset):
    import torch

    torch.set_num_threads(1)
    workers = 0 if cores == 1 else cores
    return endless(
        torch.utils.data.DataLoader(
            dataset, batch, shuffle=True, num_workers=workers, drop_last=True, persistent_workers=workers > 0
        )
    )


def torchvision_fused():
    import torch
    from torchvision.transforms import v2

    images = torch.from_numpy(raw_images()).permute(0, 3, 1, 2).contiguous()
    transform = v2.Compose(
        [
            v2.RandomCrop(side, padding=side // 8),
            v2.RandomHorizontalFlip(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(MEAN, STD),
            v2.RandomErasing(p=1, scale=(0.25, 0.25), ratio=(1, 1), value=0, inplace=True),
        ]
    )

    class Images(torch.utils.data.Dataset):
        def __len__(self):
            return len(images)

        def __getitem__(self, index):
            return transform(images[index]), 0

    return data_loader(Images())


EPOCHS = 10


def batches_of_training():
    return EPOCHS * (len(list(pathlib.Path(path).rglob("*.jpg"))) // batch)


def whole_training(step):
    count = batches_of_training()
    return lambda: [step() for _ in range(count)]


def torchvision_jpeg(draft, training=False):
    """`draft` lets the decoder leave out detail that the smaller size has no room for."""

    def prepare():
        import torch
        from PIL import Image
        from torchvision import datasets
        from torchvision.transforms import v2

        decoded = side * 8 // 7

        def load(name):
            with open(name, "rb") as file:
                image = Image.open(file)
                if draft:
                    image.draft("RGB", (decoded, decoded))
                return image.convert("RGB")

        transform = v2.Compose(
            [
                v2.Resize(decoded),
                v2.CenterCrop(decoded),
                v2.RandomCrop(side),
                v2.RandomHorizontalFlip(),
                v2.PILToTensor(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(MEAN, STD),
                v2.RandomErasing(p=1, scale=(0.25, 0.25), ratio=(1, 1), value=0, inplace=True),
            ]
        )
        step = data_loader(datasets.ImageFolder(path, transform, loader=load))
        return whole_training(step) if training else step

    return prepare


engines = {
    ("erase", "numpy"): (numpy_loop, "numpy"),
    ("erase", "module"): (torch_module, "torch"),
    ("erase", "torchvision"): (torchvision_erasing(False), "torchvision"),
    ("erase", "torchvision-in-place"): (torchvision_erasing(True), "torchvision"),
    ("erase", "albumentations"): (albumentations_dropout, "albumentations"),
    ("erase", "kornia"): (kornia_erasing, "kornia"),
    ("fused", "torchvision"): (torchvision_fused, "torchvision"),
    ("jpeg", "torchvision"): (torchvision_jpeg(False), "torchvision"),
    ("jpeg", "torchvision-draft"): (torchvision_jpeg(True), "torchvision"),
    ("training", "torchvision"): (torchvision_jpeg(False, training=True), "torchvision"),
    ("training", "torchvision-draft"): (torchvision_jpeg(True, training=True), "torchvision"),
}
prepare, package = engines[task, engine]
try:
    version = f"{package} {importlib.metadata.version(package)}"
    __import__(package)
except ImportError:
    refuse(f"{package} is not installed for this Python", missing=True)
compete(version, batch * batches_of_training() if task == "training" else batch, prepare)

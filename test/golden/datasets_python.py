"""Small data sets as the real libraries write them, for src/data/golden.test.ts.

    python -m pip install numpy scipy pyarrow datasets pillow webdataset
    python test/golden/datasets_python.py

Pixel c of image n at row y and column x is (37 n + 7 y + 3 x + 50 c) mod 256 everywhere, so that the test knows what
to expect without storing it.
"""

import io
import pickle
import shutil
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
import webdataset
from PIL import Image

out = Path(__file__).parent / "datasets"


def images(first, count, height, width, channels=3):
    n, y, x, c = np.ogrid[first : first + count, 0:height, 0:width, 0:channels]
    return ((37 * n + 7 * y + 3 * x + 50 * c) % 256).astype(np.uint8)


def png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote str, which is how the published files are."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_str2(self, text):
        if len(text) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(text)]) + text)
        else:
            self.write(pickle.BINSTRING + len(text).to_bytes(4, "little") + text)
        self.memoize(text)

    dispatch[bytes] = save_str2


def write_python2(path, value):
    buffer = io.BytesIO()
    Python2Pickler(buffer, protocol=2).dump(value)
    # The name of that module until numpy 2.
    path.write_bytes(buffer.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))


def cifar_rows(first, count):
    return images(first, count, 32, 32).transpose(0, 3, 1, 2).reshape(count, 3072)


def cifar10():
    folder = out / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    names = "airplane automobile bird cat deer dog frog horse ship truck".split()
    write_python2(folder / "batches.meta", {b"label_names": [name.encode() for name in names], b"num_vis": 3072})
    files = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for index, name in enumerate(files):
        first = 2 * index
        table = {
            b"batch_label": b"batch",
            b"labels": [first % 10, (first + 1) % 10],
            b"data": np.ascontiguousarray(cifar_rows(first, 2)),
            b"filenames": [b"a.png", b"b.png"],
        }
        write_python2(folder / name, table)


def cifar100():
    folder = out / "cifar-100-python"
    folder.mkdir()
    meta = {
        b"fine_label_names": [f"fine {label}".encode() for label in range(100)],
        b"coarse_label_names": [f"coarse {label}".encode() for label in range(20)],
    }
    (folder / "meta").write_bytes(pickle.dumps(meta, protocol=2))
    for index, name in enumerate(["train", "test"]):
        first = 2 * index
        table = {
            b"fine_labels": [10 * first + 5, 10 * (first + 1) + 5],
            b"coarse_labels": [first, first + 1],
            b"data": np.ascontiguousarray(cifar_rows(first, 2)),
        }
        # Python 3 writes bytes into protocol 2 as a call of _codecs.encode.
        (folder / name).write_bytes(pickle.dumps(table, protocol=2 + 3 * index))


def pickles():
    folder = out / "pickles"
    folder.mkdir()
    value = {
        "int": np.arange(12, dtype="<i4").reshape(3, 4),
        "big": np.arange(6, dtype=">i2").reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3) / 4),
        "bool": np.array([True, False]),
        "list": [1, -2, 2**40, 0.5, None, True, "é", b"\xff\x00", (1, (2, 3)), []],
    }
    for protocol in range(2, 6):
        (folder / f"protocol{protocol}.pkl").write_bytes(pickle.dumps(value, protocol=protocol))
    (folder / "object.pkl").write_bytes(pickle.dumps({"a": Path("/")}, protocol=2))
    (folder / "objects.pkl").write_bytes(pickle.dumps(np.array([None, "a"], dtype=object), protocol=2))


def svhn():
    folder = out / "svhn"
    folder.mkdir()
    for name, first, count, packed in [("train", 0, 12, True), ("test", 12, 3, False)]:
        x = images(first, count, 32, 32).transpose(1, 2, 3, 0)
        y = np.array([[(first + n) % 10 or 10] for n in range(count)], dtype=np.uint8)
        scipy.io.savemat(folder / f"{name}_32x32.mat", {"X": x, "y": y}, do_compression=packed)
    doubles = {"note": "text", "X": images(0, 4, 32, 32).transpose(1, 2, 3, 0), "y": np.array([[1.0, 2, 10, 1]])}
    scipy.io.savemat(folder / "extra_32x32.mat", doubles, do_compression=True)


def npz():
    folder = out / "npz"
    folder.mkdir()
    labels = np.array([3, 5, 3, 7])
    np.savez(folder / "plain.npz", images=images(0, 4, 6, 5), labels=labels)
    np.savez_compressed(folder / "channels-first.npz", x=images(0, 4, 6, 5).transpose(0, 3, 1, 2), y=labels[:, None])
    np.savez_compressed(
        folder / "medmnist.npz",
        train_images=images(0, 4, 6, 5)[..., 0],
        train_labels=labels[:, None].astype(np.uint8),
        val_images=images(4, 1, 6, 5)[..., 0],
        val_labels=labels[:1, None].astype(np.uint8),
        test_images=images(5, 2, 6, 5)[..., 0],
        test_labels=labels[:2, None].astype(np.uint8),
    )
    np.savez(folder / "floats.npz", images=images(0, 4, 6, 5) / 255, labels=labels)
    np.savez(folder / "objects.npz", images=np.array([None, 1], dtype=object), labels=labels[:2])


def hub():
    """As `Dataset.push_to_hub` writes it."""
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["red fox", "owl", "never seen", "bee"])}
    )
    labels = [0, 1, 3, 0, 1, 3]

    def shard(name, first, count, **options):
        rows = {
            "image": [{"bytes": png(image), "path": f"{first + n}.png"} for n, image in enumerate(images(first, count, 6, 5))],
            "label": labels[first : first + count],
        }
        data = datasets.Dataset.from_dict(rows, features=features)
        file = out / "hub" / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if options:
            pq.write_table(data.with_format("arrow")[:], file, **options)
        else:
            data.to_parquet(file)

    shard("train-00000-of-00003.parquet", 0, 2)
    shard("train-00001-of-00003.parquet", 2, 1, compression="zstd", row_group_size=1)
    shard("train-00002-of-00003.parquet", 3, 1, compression="gzip", use_dictionary=False, data_page_version="2.0")
    shard("test-00000-of-00001.parquet", 4, 2, compression="brotli", data_page_version="2.0")


def parquet():
    """Without the hub's words: plain bytes, names for labels, rows without a label."""
    folder = out / "parquet"
    folder.mkdir()
    pictures = [png(image) for image in images(0, 4, 6, 5)]
    for codec in ["none", "lz4", "snappy"]:
        table = pa.table(
            {"picture": pa.array(pictures, pa.binary()), "species": ["owl", None, "bee", "owl"], "n": [1.5, 2, 3, 4]}
        )
        pq.write_table(table, folder / f"{codec}.parquet", compression=codec)


def shards():
    folder = out / "webdataset"
    folder.mkdir()
    for shard in range(2):
        with webdataset.TarWriter(str(folder / f"train-{shard:06d}.tar")) as sink:
            for n in range(3 * shard, 3 * shard + 3):
                image = png(images(n, 1, 6, 5)[0])
                sink.write({"__key__": f"folder/{n:04d}", "png": image, "cls": n % 3 + 4})
    with webdataset.TarWriter(str(folder / "json.tar")) as sink:
        for n in range(3):
            sink.write({"__key__": f"{n}", "png": png(images(n, 1, 6, 5)[0]), "json": {"kind": "abc"[n], "label": n % 2}})


if __name__ == "__main__":
    shutil.rmtree(out, ignore_errors=True)
    for make in [cifar10, cifar100, pickles, svhn, npz, hub, parquet, shards]:
        make()

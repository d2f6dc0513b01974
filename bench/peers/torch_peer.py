"""PyTorch's side of the benchmark: KIND MODEL SIDE BATCH THREADS LAYOUT, then seconds on standard input."""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))


def say(**line):
    print(json.dumps(line), flush=True)


try:
    import torch
    import torch.nn.functional as F
except ImportError:
    say(reason="PyTorch is not installed for this Python")
    sys.exit(0)

from torch_networks import networks  # noqa: E402

kind, name, side, batch, threads, layout = sys.argv[1:7]
side, batch = int(side), int(batch)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
classes = 2 if name == "alexnet" else 10
memory_format = torch.channels_last if layout == "channels-last" else torch.contiguous_format
started = time.perf_counter()
model = networks[name](classes).to(memory_format=memory_format)
images = torch.randn(batch, 3, side, side).contiguous(memory_format=memory_format)
labels = torch.randint(classes, (batch,))

if kind == "train":
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()
else:
    model.eval()

    @torch.inference_mode()
    def step():
        return model(images).softmax(1)


step()
first = time.perf_counter() - started
step()
step()
say(version=f"torch {torch.__version__}", firstStepSeconds=first)
for line in sys.stdin:
    begin = time.perf_counter()
    done = 0
    while time.perf_counter() - begin < float(line):
        step()
        done += batch
    say(images=done, seconds=time.perf_counter() - begin)

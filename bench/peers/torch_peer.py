"""PyTorch's side of train and infer: KIND MODEL SIDE BATCH THREADS FORM.

FORM is contiguous, channels-last, bfloat16 (torch.autocast, channels-last; where the processor multiplies bfloat16),
compile (torch.compile, channels-last; needs a C++ compiler) or freeze (torch.jit.trace and freeze, channels-last;
inference only). Install: pip install torch
"""
import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from answer import compete, refuse  # noqa: E402

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    refuse("PyTorch is not installed for this Python", missing=True)

from torch_networks import networks  # noqa: E402

kind, name, side, batch, threads, form = sys.argv[1:7]
side, batch = int(side), int(batch)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
classes = 2 if name == "alexnet" else 10
memory_format = torch.contiguous_format if form == "contiguous" else torch.channels_last
images = torch.randn(batch, 3, side, side).contiguous(memory_format=memory_format)
labels = torch.randint(classes, (batch,))
network = networks[name](classes)
if form == "bfloat16" and not (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()):
    refuse("this processor has no arithmetic in bfloat16", missing=True)
parameters = sum(parameter.numel() for parameter in network.parameters())


def precision():
    """Products and convolutions in bfloat16, weights and sums in float32, as PyTorch recommends for training."""
    return torch.autocast("cpu", torch.bfloat16) if form == "bfloat16" else contextlib.nullcontext()


def training():
    model = network.to(memory_format=memory_format).train()
    forward = torch.compile(model) if form == "compile" else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with precision():
            loss = F.cross_entropy(forward(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    if form == "compile":
        step()
    return step


@torch.no_grad()
def inference():
    model = network.to(memory_format=memory_format).eval()
    if form == "compile":
        model = torch.compile(model)
    elif form == "freeze":
        model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, images)))

    @torch.no_grad()
    def step():
        with precision():
            return model(images).softmax(1)

    # What is compiled on the first call counts as compiling.
    if form in ("compile", "freeze"):
        step()
        step()
    return step


compete(f"torch {torch.__version__}", batch, training if kind == "train" else inference, parameters)

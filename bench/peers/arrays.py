# Quantizing and selecting as numpy and PyTorch do it, ten million floats, one thread: the best of several runs in GB/s.
# Run by bench/peers/run beside Plume; needs Debian's python3-torch and python3-numpy.
import json
import time

import numpy
import torch

LENGTH, KEPT, REPEATS = 10_000_000, 100_000, 7


def best(work):
    work()
    return min(timed(work) for _ in range(REPEATS))


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def numpy_quantize(values):
    step = numpy.abs(values).max() / 127
    return numpy.rint(values / step).astype(numpy.int8), step


def numpy_top(values):
    magnitudes = numpy.abs(values)
    kept = numpy.argpartition(magnitudes, LENGTH - KEPT)[LENGTH - KEPT:]
    return kept, values[kept]


def torch_quantize(values):
    step = values.abs().max() / 127
    return torch.round(values / step).to(torch.int8), step


def torch_top(values):
    kept = torch.topk(values.abs(), KEPT, sorted=False).indices
    return kept, values[kept]


torch.set_num_threads(1)
array = numpy.random.default_rng(1).standard_normal(LENGTH, dtype=numpy.float32)
tensor = torch.from_numpy(array)
speeds = {
    "numpy int8 quantize": best(lambda: numpy_quantize(array)),
    "numpy int8 dequantize": best(lambda q=numpy_quantize(array): q[0].astype(numpy.float32) * q[1]),
    "numpy top 1 %": best(lambda: numpy_top(array)),
    "torch int8 quantize": best(lambda: torch_quantize(tensor)),
    "torch int8 dequantize": best(lambda q=torch_quantize(tensor): q[0].to(torch.float32) * q[1]),
    "torch top 1 %": best(lambda: torch_top(tensor)),
}
print(json.dumps({name: 4e-9 * LENGTH / seconds for name, seconds in speeds.items()}))

"""The federated work of docs/benchmarks.md as a plain PyTorch loop: no codec, no framework, one thread.

Needs Debian's python3-torch, python3-numpy, libopenblas0-pthread and dataset-fashion-mnist.
Usage: /usr/bin/python3 bench/pytorch/fedavg_loop.py [rounds] [seed]
"""
import gzip
import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, "experiments", "data")
IMAGES = "/usr/share/datasets/fashion-mnist"


def read_idx(name, offset):
    with gzip.open(os.path.join(IMAGES, name)) as file:
        return np.frombuffer(file.read(), dtype=np.uint8, offset=offset)


def load(part):
    x = read_idx(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).astype(np.float32) / 255
    y = read_idx(f"{part}-labels-idx1-ubyte.gz", 8).astype(np.int64)
    return torch.from_numpy((x - 0.2860) / 0.3530), torch.from_numpy(y)


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 10))


def set_weights(model, flat):
    offset = 0
    for p in model.parameters():
        p.data.copy_(flat[offset:offset + p.numel()].view_as(p))
        offset += p.numel()


def get_weights(model):
    return torch.cat([p.data.reshape(-1) for p in model.parameters()])


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    torch.set_num_threads(1)
    torch.manual_seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    x, y = load("train")
    test_x, test_y = load("t10k")
    with gzip.open(os.path.join(DATA, "fashion-mnist-dirichlet0.3.json.gz")) as file:
        split = json.load(file)
    weights = torch.from_numpy(np.load(os.path.join(DATA, "fashion-mnist-lenet-init.npy")).copy())
    model, loss = lenet(), nn.CrossEntropyLoss()
    for number in range(1, rounds + 1):
        start = time.perf_counter()
        total, samples = torch.zeros_like(weights), 0
        for client in split["rounds"][number - 1]:
            own = torch.tensor(split["clients"][client])
            set_weights(model, weights)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            for batch in own[torch.randperm(len(own))].split(32):
                optimizer.zero_grad()
                loss(model(x[batch]), y[batch]).backward()
                optimizer.step()
            total += len(own) * get_weights(model)
            samples += len(own)
        weights = total / samples
        seconds = time.perf_counter() - start
        text = f"round {number} seconds {seconds:.3f}"
        if number == rounds or number % 5 == 0:
            set_weights(model, weights)
            with torch.no_grad():
                right = sum((model(a).argmax(1) == b).sum().item() for a, b in zip(test_x.split(500), test_y.split(500)))
            text += f" accuracy {right / len(test_y):.4f}"
        print(text, flush=True)


if __name__ == "__main__":
    main()

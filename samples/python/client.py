"""A client of a Plume server without Plume: softmax regression by NumPy, on a table of its own.

    python3 client.py server.example:7443 digits mine.csv --root root.pem --identity site-a

Numbers stand in the columns of the table, classes 0, 1, ... in its last one; a first line with names is passed over. It speaks plume.v1
(src/Plume.Protocol/plume/v1/plume.proto) with the codec `pack` both ways, averages, and repeats what a broken link cut off. README.md
beside it says how to run it.
"""

import argparse
import hashlib
import itertools
import struct
import sys
import time
from pathlib import Path

import grpc
import numpy as np
import xxhash

from plume.v1 import plume_pb2 as wire

MINOR_VERSION = 8  # of plume.v1
LONGEST_WAIT = 60  # seconds between tries
HOLD_MS = 20_000  # for how long the server may keep a question without an answer
CHUNK = 64 * 1024


class Refused(Exception):
    """What trying again does not help."""


class Pack:
    """The codec `pack`: a version, a tag of codec and layout, and all values as 32-bit floats (docs/wire-format.md)."""

    def __init__(self, layout):
        self.length = sum(int(np.prod(tensor.shape)) for tensor in layout)
        fingerprint = xxhash.xxh64(seed=0)
        for tensor in layout:
            fingerprint.update(tensor.name.encode() + struct.pack("<BBB", 0, tensor.role, len(tensor.shape)))
            fingerprint.update(struct.pack(f"<{len(tensor.shape)}I", *tensor.shape))
            if tensor.axis:
                fingerprint.update(bytes([0xFF, tensor.axis]))
        tag = xxhash.xxh32_intdigest(b"pack" + struct.pack("<Q", fingerprint.intdigest()), seed=0)
        self.header = struct.pack("<BI", 2, tag)

    def encode(self, values):
        return self.header + values.astype("<f4").tobytes()

    def decode(self, payload):
        if payload[: len(self.header)] != self.header or len(payload) != len(self.header) + 4 * self.length:
            raise Refused("The server sent a payload of another codec, or of another layout.")
        values = np.frombuffer(payload[len(self.header) :], "<f4").copy()
        if not np.isfinite(values).all():
            raise Refused("The server sent values that are not finite.")
        return values


class Softmax:
    """Softmax regression: a weight for each class and column, and a bias for each class, in any order and with any names."""

    def __init__(self, layout, inputs, labels):
        shapes = [tuple(tensor.shape) for tensor in layout]
        matrix = next((at for at, shape in enumerate(shapes) if len(shape) == 2), None)
        if sorted(map(len, shapes)) != [1, 2]:
            raise Refused(f"This client knows a matrix and a vector of biases; the federation's model has {shapes}.")
        self.turned = shapes[matrix] == (inputs.shape[1], *shapes[1 - matrix])
        if not self.turned and shapes[matrix] != (*shapes[1 - matrix], inputs.shape[1]):
            raise Refused(f"The federation's model has {shapes}, and the table has {inputs.shape[1]} columns of numbers.")
        (classes,) = shapes[1 - matrix]
        if labels.min() < 0 or labels.max() >= classes:
            raise Refused(f"Classes must be from 0 to {classes - 1}; the table's are from {labels.min()} to {labels.max()}.")
        self.matrix, self.shape, self.inputs, self.labels = matrix, shapes[matrix], inputs, labels

    def train(self, values, objective, seed):
        """Trains from these values. Returns what they became and the mean loss of the last epoch."""
        known = wire.LocalObjective(epochs=objective.epochs, batch_size=objective.batch_size, learning_rate=objective.learning_rate)
        if objective != known:
            raise Refused(f"This client knows plain SGD; the federation asks for more:\n{objective}")
        weight, bias = self.parts(values.astype(np.float64))
        random, losses = np.random.default_rng(seed), []
        for epoch in range(objective.epochs):
            order = random.permutation(len(self.labels))
            losses = []
            for batch in np.array_split(order, max(1, len(order) // objective.batch_size)):
                scores = self.inputs[batch] @ weight.T + bias
                shares = np.exp(scores - scores.max(axis=1, keepdims=True))
                shares /= shares.sum(axis=1, keepdims=True)
                rows = np.arange(len(batch))
                losses.extend(-np.log(np.maximum(shares[rows, self.labels[batch]], 1e-30)))
                shares[rows, self.labels[batch]] -= 1
                weight -= objective.learning_rate * shares.T @ self.inputs[batch] / len(batch)
                bias -= objective.learning_rate * shares.mean(axis=0)
        return self.joined(weight, bias), float(np.mean(losses))

    def parts(self, values):
        split = int(np.prod(self.shape))
        first, second = (values[:split], values[split:]) if self.matrix == 0 else (values[-split:], values[:-split])
        weight = first.reshape(self.shape)
        return (weight.T if self.turned else weight).copy(), second.copy()

    def joined(self, weight, bias):
        weight = (weight.T if self.turned else weight).ravel()
        return np.concatenate([weight, bias] if self.matrix == 0 else [bias, weight]).astype(np.float32)


class Server:
    """The calls of plume.v1. Each is repeated until it is answered: every call may be."""

    def __init__(self, channel, metadata):
        self.channel, self.metadata = channel, metadata

    def call(self, name, request, reply, timeout=60):
        unary = self.channel.unary_unary(f"/plume.v1.Federation/{name}", type(request).SerializeToString, reply.FromString)
        return self.again(lambda: unary(request, timeout=timeout, metadata=self.metadata))

    def download(self, request):
        """The segments that lead to a version, and their bytes, which are those that the server meant."""
        stream = self.channel.unary_stream(
            "/plume.v1.Federation/Download", wire.DownloadRequest.SerializeToString, wire.DownloadReply.FromString
        )

        def take():
            header, *rest = stream(request, timeout=600, metadata=self.metadata)
            data = b"".join(part.chunk for part in rest)
            if hashlib.sha256(data).digest() != header.header.sha256:
                raise Refused("A download has another hash than the server said.")
            return header.header.segments, data

        return self.again(take)

    def upload(self, header, payload):
        stream = self.channel.stream_unary(
            "/plume.v1.Federation/Upload", wire.UploadRequest.SerializeToString, wire.UploadReply.FromString
        )
        chunks = (payload[at : at + CHUNK] for at in range(0, len(payload), CHUNK))
        parts = [wire.UploadRequest(header=header), *(wire.UploadRequest(chunk=chunk) for chunk in chunks)]
        return self.again(lambda: stream(iter(parts), timeout=600, metadata=self.metadata))

    @staticmethod
    def again(call):
        for attempt in itertools.count():
            try:
                return call()
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    raise Refused(f"{error.code().name}: {error.details()}") from error
                pause = min(LONGEST_WAIT, 2.0**attempt)
                print(f"The server is not there ({error.details()}); trying again in {pause:.0f} s.", file=sys.stderr)
                time.sleep(pause)


class Client:
    """One place in one federation."""

    def __init__(self, server, federation, inputs, labels):
        self.server, self.federation = server, federation
        terms = server.call("Join", wire.JoinRequest(federation=federation, protocol=MINOR_VERSION), wire.JoinReply)
        for what, have, known in [
            ("uplink", terms.uplink, "pack"),
            ("downlink", terms.downlink, "pack"),
            ("method", terms.method or "averaging", "averaging"),
            ("teaching", terms.teaching, ""),
        ]:
            if have != known:
                raise Refused(f"This client knows the {what} '{known}', and the federation has '{have}'.")
        print(f"Joined {federation} as number {terms.number}.")
        self.codec, self.model = Pack(terms.layout), Softmax(terms.layout, inputs, labels)
        self.version, self.values = None, None

    def run(self):
        """Takes part until the federation has ended."""
        settled = (0, 0)
        while True:
            question = wire.NextTaskRequest(
                federation=self.federation, wait_ms=HOLD_MS, settled_round=settled[0], settled_attempt=settled[1]
            )
            reply = self.server.call("NextTask", question, wire.NextTaskReply)
            what = reply.WhichOneof("what")
            if what == "ended":
                print(reply.ended.message or "The federation has ended.")
                return
            if what == "task" and (reply.task.round, reply.task.attempt) != settled:
                self.work(reply.task)
                settled = (reply.task.round, reply.task.attempt)
            else:
                time.sleep(max(0.2, reply.come_back.after_ms / 1000))

    def work(self, task):
        self.bring_to(task.model_version)
        # The same task gives the same bytes, so that after a broken upload the server takes them for the same.
        trained, loss = self.model.train(self.values, task.objective, task.key)
        payload = self.codec.encode(trained - self.values)
        header = wire.UploadHeader(
            federation=self.federation, round=task.round, attempt=task.attempt, model_version=task.model_version,
            samples=len(self.model.labels), loss=loss, length=len(payload), sha256=hashlib.sha256(payload).digest(),
        )  # fmt: skip
        reply = self.server.upload(header, payload)
        print(f"round {task.round}: loss {loss:.4f}, {len(payload)} bytes, "
              f"{'counted' if reply.outcome == wire.UploadReply.COUNTED else f'refused: {reply.rule} {reply.message}'}")  # fmt: skip

    def bring_to(self, version):
        if self.version == version:
            return
        request = wire.DownloadRequest(federation=self.federation, from_version=self.version, to_version=version)
        segments, data = self.server.download(request)
        for segment in segments:
            part, data = data[: segment.length], data[segment.length :]
            if segment.kind not in (wire.Segment.VERSION, wire.Segment.WHOLE):
                raise Refused(f"The server sent a segment of kind {segment.kind}, which `pack` has none of.")
            self.values = self.codec.decode(part)
        self.version = version


def table(path):
    """The numbers and the classes of a table."""
    rows = np.genfromtxt(path, delimiter=",", dtype=np.float64)
    rows = rows[1:] if np.isnan(rows[0]).all() else rows
    if rows.ndim != 2 or len(rows) == 0 or np.isnan(rows).any():
        raise Refused(f"'{path}' must have a row of numbers for each sample, its class last, and as many columns everywhere.")
    return rows[:, :-1], rows[:, -1].astype(int)


def channel_of(options):
    if options.root is None:
        return grpc.insecure_channel(options.server)
    identity = Path(options.identity)
    credentials = grpc.ssl_channel_credentials(
        Path(options.root).read_bytes(), (identity / "client.key").read_bytes(), (identity / "client.pem").read_bytes()
    )
    return grpc.secure_channel(options.server, credentials)


def main():
    parser = argparse.ArgumentParser(description="Takes part in a federation of plume serve with a table of numbers.")
    parser.add_argument("server", help="host:port")
    parser.add_argument("federation")
    parser.add_argument("table", help="a CSV file: numbers, and the class in the last column")
    parser.add_argument("--root", help="root.pem of the server; without it the link is not encrypted")
    parser.add_argument("--identity", help="the folder that plume enrol made")
    parser.add_argument("--name", help="who this is, on a server without TLS")
    options = parser.parse_args()
    if (options.root is None) == (options.name is None) or (options.root is None) != (options.identity is None):
        parser.error("give --root and --identity, or --name for a server without TLS")
    try:
        with channel_of(options) as channel:
            metadata = [("plume-client", options.name)] if options.name else []
            Client(Server(channel, metadata), options.federation, *table(options.table)).run()
    except (Refused, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A client as people write them for Flower's NumPyClient, and the loop that Flower runs around it.

Usage: client.py ADDRESS DESCRIPTOR SEED [--doubles] [--id NAME] [--root CERTIFICATE]

DESCRIPTOR is transport.proto, compiled to a FileDescriptorProto, so that no generated code is needed. Prints one line of
JSON for each round: the round, and the loss of the model received and of the model trained on the client's own data.
"""

import argparse
import io
import json
from queue import Queue

import grpc
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FEATURES, CLASSES, SAMPLES = 8, 3, 120


class SoftmaxClient:
    """Trains a linear softmax classifier on data of its own: what a user writes."""

    def __init__(self, seed, doubles):
        # All clients see the same classes, each through samples of its own.
        centres = np.random.default_rng(0).normal(size=(CLASSES, FEATURES)) * 2
        random = np.random.default_rng(seed)
        self.labels = random.integers(CLASSES, size=SAMPLES)
        self.inputs = centres[self.labels] + random.normal(size=(SAMPLES, FEATURES))
        self.order = np.random.default_rng(seed + 1000)
        self.doubles = doubles
        self.weight = np.zeros((FEATURES, CLASSES))
        self.bias = np.zeros(CLASSES)

    def get_properties(self, config):
        return {"samples": SAMPLES}

    def get_parameters(self, config):
        if self.doubles:
            # What NumPy saves of a transposed product: doubles, column by column.
            return [np.asfortranarray(self.weight), self.bias]
        return [self.weight.astype(np.float32), self.bias.astype(np.float32)]

    def set_parameters(self, parameters):
        self.weight, self.bias = (array.astype(np.float64) for array in parameters)

    def fit(self, parameters, config):
        self.set_parameters(parameters)
        before = self.loss()
        for _ in range(config["local_epochs"]):
            places = self.order.permutation(SAMPLES)
            for batch in np.split(places, range(config["batch_size"], SAMPLES, config["batch_size"])):
                error = self.probabilities(self.inputs[batch])
                error[np.arange(len(batch)), self.labels[batch]] -= 1
                self.weight -= config["learning_rate"] * self.inputs[batch].T @ error / len(batch)
                self.bias -= config["learning_rate"] * error.mean(axis=0)
        after = self.loss()
        print(json.dumps({"round": config["server_round"], "received": before, "trained": after}), flush=True)
        return self.get_parameters(config), SAMPLES, {"loss": after}

    def evaluate(self, parameters, config):
        self.set_parameters(parameters)
        right = self.probabilities(self.inputs).argmax(axis=1) == self.labels
        return self.loss(), SAMPLES, {"accuracy": float(right.mean())}

    def probabilities(self, inputs):
        scores = inputs @ self.weight + self.bias
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def loss(self):
        return float(-np.log(self.probabilities(self.inputs)[np.arange(SAMPLES), self.labels]).mean())


class Wire:
    """Messages and the stream of flwr.proto, from its descriptor."""

    def __init__(self, descriptor):
        file = descriptor_pb2.FileDescriptorProto()
        file.ParseFromString(descriptor)
        pool = descriptor_pool.DescriptorPool()
        pool.Add(file)
        create = message_factory.MessageFactory(pool).GetPrototype
        self.client_message = create(pool.FindMessageTypeByName("flwr.proto.ClientMessage"))
        self.server_message = create(pool.FindMessageTypeByName("flwr.proto.ServerMessage"))
        method = pool.FindServiceByName("flwr.proto.FlowerService").FindMethodByName("Join")
        self.path = f"/{method.containing_service.full_name}/{method.name}"

    def join(self, channel, requests, metadata):
        call = channel.stream_stream(
            self.path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.server_message.FromString,
        )
        return call(requests, metadata=metadata)


def arrays_of(parameters):
    assert parameters.tensor_type == "numpy.ndarray", parameters.tensor_type
    return [np.load(io.BytesIO(tensor), allow_pickle=False) for tensor in parameters.tensors]


def fill(parameters, arrays):
    parameters.tensor_type = "numpy.ndarray"
    for array in arrays:
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        parameters.tensors.append(file.getvalue())


def plain(config):
    return {name: getattr(scalar, scalar.WhichOneof("scalar")) for name, scalar in config.items()}


def fill_scalars(target, values):
    kinds = {bool: "bool", int: "sint64", float: "double", str: "string", bytes: "bytes"}
    for name, value in values.items():
        setattr(target[name], kinds[type(value)], value)


def answer(wire, client, message):
    """The answer to an instruction, and whether to go on."""
    reply = wire.client_message()
    kind = message.WhichOneof("msg")
    if kind == "get_properties_ins":
        reply.get_properties_res.status.SetInParent()
        fill_scalars(reply.get_properties_res.properties, client.get_properties(plain(message.get_properties_ins.config)))
    elif kind == "get_parameters_ins":
        reply.get_parameters_res.status.SetInParent()
        fill(reply.get_parameters_res.parameters, client.get_parameters(plain(message.get_parameters_ins.config)))
    elif kind == "fit_ins":
        arrays, examples, metrics = client.fit(arrays_of(message.fit_ins.parameters), plain(message.fit_ins.config))
        result = reply.fit_res
        result.status.message = "Success"
        result.num_examples = examples
        fill(result.parameters, arrays)
        fill_scalars(result.metrics, metrics)
    elif kind == "evaluate_ins":
        loss, examples, metrics = client.evaluate(arrays_of(message.evaluate_ins.parameters), plain(message.evaluate_ins.config))
        result = reply.evaluate_res
        result.status.message = "Success"
        result.loss, result.num_examples = loss, examples
        fill_scalars(result.metrics, metrics)
    elif kind == "reconnect_ins":
        reply.disconnect_res.reason = 1
        return reply, False
    else:
        raise ValueError(f"instruction {kind}")
    return reply, True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("descriptor")
    parser.add_argument("seed", type=int)
    parser.add_argument("--doubles", action="store_true")
    parser.add_argument("--id")
    parser.add_argument("--root")
    options = parser.parse_args()
    with open(options.descriptor, "rb") as file:
        wire = Wire(file.read())
    client = SoftmaxClient(options.seed, options.doubles)

    limits = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    if options.root:
        with open(options.root, "rb") as file:
            channel = grpc.secure_channel(options.address, grpc.ssl_channel_credentials(file.read()), limits)
    else:
        channel = grpc.insecure_channel(options.address, limits)
    requests = Queue(maxsize=1)
    messages = wire.join(channel, iter(requests.get, None), [("client-id", options.id)] if options.id else None)
    while True:
        reply, go_on = answer(wire, client, next(messages))
        requests.put(reply, block=False)
        if not go_on:
            break
    # The stream is not ended but reset, as Flower does it.
    channel.close()


if __name__ == "__main__":
    main()

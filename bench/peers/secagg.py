"""The server of Flower's SecAgg+, by its own functions, on one round.

Usage: secagg.py FLOWER CLIENTS VALUES SHARE_LOST NEIGHBOURS, FLOWER being a checkout of github.com/adap/flower (its folder
framework/py/flwr). What clients send is made first; then the steps of flwr.server.workflow's SecAggPlusWorkflow are timed in its
order: read and add the masked vectors (collect_masked_vectors_stage), put secrets together and take the masks off
(unmask_stage). Of the work around them, gRPC and messages, nothing is run. Prints one JSON object.
"""

import importlib
import json
import random
import resource
import sys
import time
import types
from io import BytesIO
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

flower, clients, values, lost, degree = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])

# Flower's package imports all of it, gRPC with it; these parts need only numpy and two libraries of cryptography.
for name in ("flwr", "flwr.common", "flwr.common.secure_aggregation", "flwr.common.secure_aggregation.crypto"):
    package = types.ModuleType(name)
    package.__path__ = [str(Path(flower, "framework", "py", *name.split(".")))]
    sys.modules[name] = package
typing = types.ModuleType("flwr.common.typing")
typing.NDArrayInt = np.ndarray
typing.NDArrayFloat = np.ndarray
sys.modules["flwr.common.typing"] = typing
# Debian's name of the library that calls itself Crypto elsewhere.
for name in ("", ".Protocol", ".Protocol.SecretSharing", ".Util", ".Util.Padding"):
    sys.modules[f"Crypto{name}"] = importlib.import_module(f"Cryptodome{name}")

from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares  # noqa: E402
from flwr.common.secure_aggregation.crypto.symmetric_encryption import generate_shared_key  # noqa: E402
from flwr.common.secure_aggregation.ndarrays_arithmetic import (  # noqa: E402
    get_parameters_shape, parameters_addition, parameters_mod, parameters_subtraction)
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen  # noqa: E402

MOD_RANGE = 1 << 32
rng = np.random.default_rng(1)
random.seed(1)
half = degree // 2
threshold = max(2, round(0.5 * (2 * half + 1)))
order = random.sample(range(clients), clients)
neighbours = {order[i]: {order[(i + by) % clients] for by in range(-half, half + 1)} for i in range(clients)}
keys = {client: ec.generate_private_key(ec.SECP384R1()) for client in range(clients)}
gone = set(random.sample(range(clients), round(lost * clients)))


def secret_of(client):
    return keys[client].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def sign(client, other):
    return 1 if client > other else -1


shape = [(values,)]
plain, messages, shares = np.zeros(values, np.int64), [], {}
for client in range(clients):
    seed = random.randbytes(32)
    if client in gone:
        shares[client] = create_shares(secret_of(client), threshold, 2 * half + 1)
        continue
    shares[client] = create_shares(seed, threshold, 2 * half + 1)
    words = rng.integers(0, 256, values, dtype=np.int64)
    plain += words
    vector = parameters_addition([words], pseudo_rand_gen(seed, MOD_RANGE, shape))
    for other in neighbours[client] - {client}:
        mask = pseudo_rand_gen(generate_shared_key(keys[client], keys[other].public_key()), MOD_RANGE, shape)
        vector = (parameters_addition if sign(client, other) > 0 else parameters_subtraction)(vector, mask)
    vector = parameters_mod(vector, MOD_RANGE)
    # Bytes of a message; its server has all of them at once.
    message = BytesIO()
    np.save(message, vector[0], allow_pickle=False)
    messages.append(message.getvalue())


def collect():
    total = None
    for message in messages:
        vector = [np.load(BytesIO(message), allow_pickle=False)]
        total = vector if total is None else parameters_addition(total, vector)
    return parameters_mod(total, MOD_RANGE)


def unmask(total):
    for client in range(clients):
        secret = combine_shares(shares[client][:threshold])
        if client not in gone:
            total = parameters_subtraction(total, pseudo_rand_gen(secret, MOD_RANGE, get_parameters_shape(total)))
            continue
        private = serialization.load_pem_private_key(secret, password=None)
        for other in neighbours[client] - {client}:
            mask = pseudo_rand_gen(
                generate_shared_key(private, keys[other].public_key()), MOD_RANGE, get_parameters_shape(total))
            total = (parameters_addition if sign(client, other) > 0 else parameters_subtraction)(total, mask)
    return parameters_mod(total, MOD_RANGE)


began = time.perf_counter()
masked = collect()
collected = time.perf_counter()
total = unmask(masked)
ended = time.perf_counter()
print(json.dumps({
    "clients": clients, "values": values, "lost": len(gone), "neighbours": 2 * half, "collectSeconds": collected - began,
    "unmaskSeconds": ended - collected, "bytesUp": len(messages[0]), "right": bool(np.array_equal(total[0], plain)),
    "peakMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))

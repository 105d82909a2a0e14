using Plume.Compression.Weights;

namespace Plume.Simulation;

/// <summary>
/// Sees the updates that a simulation's server takes in: one at a time, round by round and in the order of the round's
/// participants, whatever the number of threads. What it throws ends the run.
/// </summary>
/// <param name="round">The round, from 1. A round that is tried again may show a client twice.</param>
/// <param name="client">The client's number, from 0.</param>
/// <param name="update">Trained minus received weights, before feedback and codec; as its method sends it, where that is
/// something else. The observer may keep it.</param>
public delegate void UpdateObserver(int round, int client, ModelWeights update);

/// <summary>
/// Sees what a simulation's server can read of a round: each update as it decodes it from the bytes that it received, in the
/// order of the round's participants; under a secure sum the mean of all, and no more. What it throws ends the run.
/// </summary>
/// <param name="round">The round, from 1. A round that is tried again may show a client twice.</param>
/// <param name="clients">Whose it is: one client's, or all those of a secure sum.</param>
/// <param name="update">What their models changed by, as far as the codec left it: a mean where they are several. The reader may
/// keep it.</param>
public delegate void ServerReader(int round, IReadOnlyList<int> clients, float[] update);

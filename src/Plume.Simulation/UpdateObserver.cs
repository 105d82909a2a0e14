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

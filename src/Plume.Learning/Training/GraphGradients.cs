using System.Runtime.InteropServices;
using Plume.Compression.Randomness;
using Plume.Learning.Execution;
using Plume.Learning.Native;
using Plume.Learning.Objectives;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>
/// The gradients of a graph: each batch is cut into as many parts as there are shards, which are worked on side by side; their
/// gradients are added and their running statistics joined in order, so that the number of threads changes nothing.
/// </summary>
sealed class GraphGradients : IGradientSource
{
    readonly TrainingShard[] shards;
    readonly ITrainingObjective objective;
    readonly int threads;

    /// <param name="name">What messages call the graph.</param>
    /// <param name="shards">Parts of a batch; the first one's weights are those that are trained.</param>
    /// <param name="objective">What is minimized.</param>
    /// <param name="threads">Parts that are worked on at once.</param>
    public GraphGradients(string name, TrainingShard[] shards, ITrainingObjective objective, int threads)
    {
        (Name, this.shards, this.objective, this.threads) = (name, shards, objective, threads);
        var leader = shards[0].Executor;
        Values = [new LearnedTensor(leader.Weights, leader.Learnable, leader.Decaying, () => leader.Gradients)];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<LearnedTensor> Values { get; }

    /// <inheritdoc/>
    public double Backward(ReadOnlyMemory<int> samples, double progress, RandomKey key)
    {
        int worked = Math.Min(shards.Length, samples.Length);
        if (shards.Length == 1)
            return shards[0].Backward(objective, samples, samples.Length, progress, key);
        var losses = new double[worked];
        SideBySide.Run(worked, threads, i =>
        {
            int from = (int)((long)samples.Length * i / worked), to = (int)((long)samples.Length * (i + 1) / worked);
            losses[i] = shards[i].Backward(objective, samples[from..to], samples.Length, progress, key.Fold((ulong)i));
        });

        using var scope = NewDisposeScope();
        using var gradientless = no_grad();
        var leader = shards[0].Executor;
        for (int i = 1; i < worked; i++)
            leader.Gradients.AddInPlace(shards[i].Executor.Gradients);
        if (leader.HasStatistics)
            TrainingShard.JoinStatistics(shards.AsSpan(0, worked));
        return losses.Sum();
    }

    /// <inheritdoc/>
    public void Settle(IWeightConstraint? constraint, double progress)
    {
        var leader = shards[0].Executor;
        using (no_grad())
            leader.KeepScalesPositive();
        constraint?.Enforce(MemoryMarshal.Cast<byte, float>(leader.Weights.bytes), progress);
        for (int i = 1; i < shards.Length; i++)
            shards[i].Follow(shards[0]);
    }
}

using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Models;

/// <summary>The model as the server holds it: exact, with the optimizer's memory, and as clients see it.</summary>
public sealed class GlobalModel
{
    readonly ModelLayout layout;
    readonly ServerOptimizer optimizer;
    readonly float[] exact;
    readonly float[] memory;

    /// <summary>Version 0.</summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="initial">Its first values.</param>
    /// <param name="optimizer">Makes the next version of a round's mean.</param>
    /// <param name="downlink">The codec of models.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="threads">Threads that encode and decode.</param>
    /// <param name="historyMemory">Bytes that earlier models may take.</param>
    /// <exception cref="ArgumentException">The downlink begins with feedback.</exception>
    public GlobalModel(ModelLayout layout, ReadOnlySpan<float> initial, ServerOptimizer optimizer, Codec downlink, RandomKey run, int threads, long historyMemory)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(optimizer);
        (this.layout, this.optimizer) = (layout, optimizer);
        Broadcast = new Broadcast(downlink, layout, initial, run, threads, historyMemory);
        exact = Broadcast.Published.ToArray();
        memory = new float[optimizer.MemoryPerValue * layout.Length];
    }

    /// <summary>The exact values.</summary>
    public ReadOnlyMemory<float> Exact => exact;

    /// <summary>What the optimizer remembers.</summary>
    public ReadOnlyMemory<float> Memory => memory;

    /// <summary>What clients see.</summary>
    public Broadcast Broadcast { get; }

    /// <summary>Makes and publishes the next version.</summary>
    /// <param name="sum">Of the round's weighted updates.</param>
    /// <param name="totalWeight">Of their weights.</param>
    /// <returns>The payload that leads from the version before to it.</returns>
    public byte[] Apply(ExactSum sum, double totalWeight)
    {
        ArgumentNullException.ThrowIfNull(sum);
        var mean = new float[layout.Length];
        sum.DivideInto(totalWeight, mean);
        optimizer.Apply(layout, exact, mean, memory);
        return Broadcast.Publish(exact);
    }

    /// <summary>Goes back to where an earlier run stopped.</summary>
    public void Restore(ReadOnlySpan<float> keptExact, ReadOnlySpan<float> keptMemory, float[] oldest, IEnumerable<byte[]> payloadsSince, IReadOnlyList<long> lengths)
    {
        keptExact.CopyTo(exact);
        keptMemory.CopyTo(memory);
        Broadcast.Restore(oldest, payloadsSince, lengths);
    }
}

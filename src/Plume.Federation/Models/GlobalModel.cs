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
    float[] exact;
    float[] memory;

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
    /// <exception cref="InvalidOperationException">The model rests.</exception>
    public byte[] Apply(ExactSum sum, double totalWeight)
    {
        ArgumentNullException.ThrowIfNull(sum);
        if (exact.Length < layout.Length)
            throw new InvalidOperationException($"Version {Broadcast.Version} rests; give it back its exact values first.");
        var mean = new float[layout.Length];
        sum.DivideInto(totalWeight, mean);
        optimizer.Apply(layout, exact, mean, memory);
        return Broadcast.Publish(exact);
    }

    /// <summary>Lets go of what is not needed before the next version is made: its owner has exact values and memory on a disk.</summary>
    public void Rest() => (exact, memory) = ([], []);

    /// <summary>Takes exact values and memory back.</summary>
    /// <param name="keptExact">As <see cref="Exact"/> was; the model's from now on.</param>
    /// <param name="keptMemory">As <see cref="Memory"/> was; the model's from now on.</param>
    public void Wake(float[] keptExact, float[] keptMemory)
    {
        ArgumentNullException.ThrowIfNull(keptExact);
        ArgumentNullException.ThrowIfNull(keptMemory);
        if (keptExact.Length != layout.Length || keptMemory.Length != optimizer.MemoryPerValue * layout.Length)
            throw new ArgumentException($"The layout has {layout.Length} values and the optimizer remembers {optimizer.MemoryPerValue} for each, but there are {keptExact.Length} and {keptMemory.Length}.", nameof(keptExact));
        (exact, memory) = (keptExact, keptMemory);
    }

    /// <summary>Goes back to where an earlier run stopped.</summary>
    public void Restore(float[] keptExact, float[] keptMemory, float[] oldest, IEnumerable<byte[]> payloadsSince, IReadOnlyList<long> lengths)
    {
        Wake(keptExact, keptMemory);
        Broadcast.Restore(oldest, payloadsSince, lengths);
    }
}

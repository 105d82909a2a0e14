using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Methods;

/// <summary>What a method changes when a round has ended.</summary>
public readonly ref struct ServerState
{
    readonly ServerOptimizer optimizer;
    readonly Span<float> moments;
    readonly IStudent? student;

    /// <param name="layout">The model's tensors.</param>
    /// <param name="published">The exact values of all that is published.</param>
    /// <param name="received">The same as clients had it in the round.</param>
    /// <param name="memory">What the optimizer remembers, and after it what the method does.</param>
    /// <param name="optimizer">Moves the weights.</param>
    /// <param name="objective">What clients minimized in the round, and how.</param>
    /// <param name="student">Teaches a model of the server's own; null where there is none.</param>
    internal ServerState(ModelLayout layout, Span<float> published, ReadOnlySpan<float> received, Span<float> memory,
        ServerOptimizer optimizer, LocalObjective objective, IStudent? student)
    {
        int own = optimizer.MemoryPerValue * layout.Length;
        (this.optimizer, this.student) = (optimizer, student);
        (Layout, Objective) = (layout, objective);
        Published = published;
        Received = received;
        moments = memory[..own];
        Memory = memory[own..];
    }

    /// <summary>The model's tensors.</summary>
    public ModelLayout Layout { get; }

    /// <summary>The exact values of all that is published, part after part.</summary>
    public Span<float> Published { get; }

    /// <summary>All that is published as the round's clients had it, which a codec may have made coarser.</summary>
    public ReadOnlySpan<float> Received { get; }

    /// <summary>The model's exact weights.</summary>
    public Span<float> Weights => Published[..Layout.Length];

    /// <summary>What the method remembers: <see cref="Method.ServerMemoryLength"/> floats.</summary>
    public Span<float> Memory { get; }

    /// <summary>What clients minimized in the round, and how.</summary>
    public LocalObjective Objective { get; }

    /// <summary>Teaches a model of the server's own.</summary>
    /// <exception cref="InvalidOperationException">The host has none.</exception>
    public IStudent Student =>
        student ?? throw new InvalidOperationException("The method teaches a student, which the host must bring.");

    /// <summary>Lets the server's optimizer move the weights.</summary>
    /// <param name="mean">A change of the weights, one value for each.</param>
    public void Step(ReadOnlySpan<float> mean) => optimizer.Apply(Layout, Weights, mean, moments);

    /// <summary>The same, where what no message had stays as it is, and what the optimizer remembers of it.</summary>
    /// <param name="mean">A change of the weights, one value for each.</param>
    /// <param name="cover">The weight of the messages that had each: 0 where none had.</param>
    public void Step(ReadOnlySpan<float> mean, ReadOnlySpan<double> cover)
    {
        if (cover.IsEmpty || cover.IndexOf(0) < 0)
        {
            Step(mean);
            return;
        }

        float[] weights = Weights.ToArray(), remembered = moments.ToArray();
        Step(mean);
        int each = optimizer.MemoryPerValue;
        for (int i = 0; i < cover.Length; i++)
        {
            if (cover[i] > 0)
                continue;
            Weights[i] = weights[i];
            remembered.AsSpan(i * each, each).CopyTo(moments.Slice(i * each, each));
        }
    }

    /// <summary>The same where only some tensors are published as weights, the first of all that is.</summary>
    /// <param name="travelling">Those tensors.</param>
    /// <param name="mean">A change of them, one value for each.</param>
    public void Step(ModelLayout travelling, ReadOnlySpan<float> mean)
    {
        ArgumentNullException.ThrowIfNull(travelling);
        optimizer.Apply(travelling, Published[..travelling.Length], mean,
            moments[..(optimizer.MemoryPerValue * travelling.Length)]);
    }
}

/// <summary>What a round brought.</summary>
/// <param name="round">Which it was, from 1.</param>
/// <param name="values">The weighted mean of the messages that count, part after part.</param>
/// <param name="contributors">How many count.</param>
/// <param name="clients">How many clients the federation has.</param>
public readonly ref struct RoundMean(int round, ReadOnlySpan<float> values, int contributors, int clients)
{
    /// <summary>Which it was, from 1.</summary>
    public int Round { get; } = round;

    /// <summary>The weighted mean of the messages that count, part after part.</summary>
    public ReadOnlySpan<float> Values { get; } = values;

    /// <summary>The weight of the messages that have each value; empty where all messages have all.</summary>
    public ReadOnlySpan<double> Cover { get; init; }

    /// <summary>How many count.</summary>
    public int Contributors { get; } = contributors;

    /// <summary>How many clients the federation has.</summary>
    public int Clients { get; } = clients;
}

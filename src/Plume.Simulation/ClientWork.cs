using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Simulation;

/// <summary>What a client sends, and what it will remember once the server has taken it.</summary>
/// <param name="Payload">The encoded update.</param>
/// <param name="Outcome">Its samples and loss.</param>
/// <param name="Residual">What the codec dropped; empty where it remembers nothing.</param>
/// <param name="Problem">Why there is no payload: empty for a client that vanished, null where there is one.</param>
sealed record ClientResult(byte[] Payload, LocalOutcome Outcome, float[] Residual, string? Problem)
{
    /// <summary>Of a client that vanished.</summary>
    public static ClientResult None { get; } = new([], new LocalOutcome(0, 0), [], "");

    /// <summary>The update before feedback and codec; empty where nobody wants to see it.</summary>
    public float[] Update { get; init; } = [];

    /// <summary>What is left to remember once the result was delivered.</summary>
    public ClientResult Delivered => this with { Payload = [], Residual = [], Update = [] };
}

/// <summary>Trains and encodes for one client at a time; each thread has its own.</summary>
/// <param name="learner">Trains.</param>
/// <param name="codec">Encodes.</param>
/// <param name="layout">The model's tensors.</param>
/// <param name="keepUpdates">Whether results hold the update itself too.</param>
sealed class ClientWork(ILearner learner, Codec codec, ModelLayout layout, bool keepUpdates)
{
    readonly PayloadEncoder encoder = new(codec, layout);
    readonly float[] trained = new float[layout.Length];

    public ClientResult Run(LocalTask task, ResidualStore residuals, CancellationToken cancellation)
    {
        var outcome = learner.Train(task, trained, cancellation);
        System.Numerics.Tensors.TensorPrimitives.Subtract(trained, task.Received.Span, trained);
        var residual = new float[codec.MemoryLength(layout)];
        residuals.Load(task.Client, residual);
        try
        {
            var payload = encoder.Encode(trained, EncodingKey(task.Key), residual, codec.UsesReference ? task.Received : default);
            return new ClientResult(payload.ToArray(), outcome, residual, null) { Update = keepUpdates ? [.. trained] : [] };
        }
        catch (ArgumentException refusal)
        {
            // An update that is not finite cannot be encoded: a real client would report the same instead of bytes.
            return new ClientResult([], outcome, residual, refusal.Message);
        }
    }

    /// <summary>Where the codec's draws for a task come from, on both ends.</summary>
    public static RandomKey EncodingKey(RandomKey task) => task.Fold("codec");
}

using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Rounds;

namespace Plume.Federation.Participation;

/// <summary>What a participant sends, and what it will remember once the server has taken it.</summary>
/// <param name="Payload">The encoded message; empty where there is a problem.</param>
/// <param name="Outcome">Its samples and loss.</param>
/// <param name="Memory">What codec and method remember; empty where they remember nothing.</param>
/// <param name="Problem">Why there is no payload; null where there is one.</param>
public sealed record EncodedUpdate(byte[] Payload, LocalOutcome Outcome, float[] Memory, string? Problem);

/// <summary>Trains and encodes: what a client does in a round, wherever it runs. One task at a time.</summary>
/// <remarks>
/// Its memory is that of the codecs, <see cref="MessageShape.MemoryLength"/>, after it the method's,
/// <see cref="Method.ClientMemoryLength"/>, and after that the learner's own, <see cref="ILearner.MemoryLength"/>.
/// </remarks>
public sealed class Participant
{
    readonly ILearner learner;
    readonly Method method;
    readonly Codec uplink;
    MessageShape shape;
    MessageEncoder encoder;
    MessageDecoder? decoder;
    double? clip;
    readonly float[] message;
    readonly int memoryLength;
    readonly int remembered;
    readonly int received;
    readonly float[] decoded;

    /// <summary>A participant of a method.</summary>
    /// <param name="learner">Trains.</param>
    /// <param name="method">Makes the message.</param>
    /// <param name="uplink">Encodes it.</param>
    public Participant(ILearner learner, Method method, Codec uplink)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(method);
        (this.learner, this.method, this.uplink) = (learner, method, uplink);
        shape = method.Answer(learner.Layout, uplink);
        encoder = new MessageEncoder(shape);
        received = method.Published(learner.Layout, uplink).Length;
        remembered = method.ClientMemoryLength(learner.Layout);
        memoryLength = MemoryLength(learner, method, uplink);
        decoder = remembered > 0 ? new MessageDecoder(shape) : null;
        (message, decoded) = (new float[shape.Length], new float[remembered > 0 ? shape.Length : 0]);
    }

    /// <summary>The message of the last task before feedback and codec; valid until the next.</summary>
    public ReadOnlySpan<float> Message => message;

    /// <summary>Floats of memory that a client of this learner, method and uplink keeps.</summary>
    public static int MemoryLength(ILearner learner, Method method, Codec uplink)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(method);
        return checked(method.Answer(learner.Layout, uplink).MemoryLength + method.ClientMemoryLength(learner.Layout)
            + learner.MemoryLength);
    }

    /// <summary>
    /// Why a learner cannot take part: the end of a sentence that begins with the federation, and what to do; null where it can.
    /// </summary>
    /// <param name="learner">The learner.</param>
    /// <param name="method">How the federation learns.</param>
    /// <param name="teaching">Whom its clients learn from.</param>
    public static string? Misfit(ILearner learner, Method method, Teaching? teaching)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(method);
        if (method.Misfit(learner) is { } misfit)
            return $"trains by '{method}'. {misfit}";
        return teaching is not null && learner.Misfit(teaching) is { } missing ? $"trains by '{teaching}'. {missing}" : null;
    }

    /// <summary>Does one task.</summary>
    /// <param name="task">What to do.</param>
    /// <param name="memory">What earlier rounds left behind; becomes what this one leaves. Keep the old one until the server has
    /// taken the message.</param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    /// <exception cref="ArgumentException">The memory is not of the length that codec, method and learner keep, or what was
    /// received not of that which is published.</exception>
    /// <param name="sum">Of the secure sum that the message is for; null where it travels by itself.</param>
    public EncodedUpdate Run(LocalTask task, float[] memory, CancellationToken cancellation, SumTask? sum = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(memory);
        if (memory.Length != memoryLength || task.Received.Length != received)
            throw new ArgumentException(
                $"The task must have {received} values and the client's memory {memoryLength}, but they have "
                    + $"{task.Received.Length} and {memory.Length}.", nameof(memory));
        ClipTo(task.Clip);
        var own = memory.AsMemory(shape.MemoryLength + remembered);
        var outcome = method.Work(learner, task with { Memory = own }, memory.AsSpan(shape.MemoryLength, remembered), message,
            cancellation);
        if (!double.IsFinite(outcome.Loss))
            return new EncodedUpdate([], outcome, memory,
                $"Local training diverged: its loss is not finite. Lower the learning rate of {task.Objective.LearningRate}, "
                    + $"or look for values in the client's data that are too large.");
        try
        {
            byte[] payload = Encode(task, memory, outcome.Samples, sum);
            return payload.Length > task.MostBytes
                ? new EncodedUpdate([], outcome, memory,
                    $"The update takes {payload.Length} bytes, and the budget leaves it {task.MostBytes}.")
                : new EncodedUpdate(payload, outcome, memory, null);
        }
        catch (NotFiniteException refusal)
        {
            // An update that is not finite cannot be encoded: the server is told instead of sent bytes.
            return new EncodedUpdate([], outcome, memory, refusal.Message.Split(" (Parameter '", 2)[0]);
        }
    }

    // Another norm is another codec, of the same lengths.
    void ClipTo(double? norm)
    {
        if (norm == clip)
            return;
        clip = norm;
        shape = method.Answer(learner.Layout, norm is { } other ? uplink.WithClip(other) : uplink);
        encoder = new MessageEncoder(shape);
        decoder = decoder is null ? null : new MessageDecoder(shape);
    }

    // In a secure sum weights are inside, so a message is weighed before it is encoded; what draws alike for all is the round's.
    byte[] Encode(LocalTask task, float[] memory, int samples, SumTask? sum)
    {
        var own = DrawKeys.Update(task.Key);
        var key = sum?.Shared ?? own;
        float weight = (float)(sum?.WeightOf(samples) ?? 1);
        if (weight != 1)
            TensorPrimitives.Multiply(message, weight, message);
        var reference = shape.UsesReference ? method.Reference(learner.Layout, task.Received) : default;
        byte[] payload = encoder.Encode(message, key, memory.AsMemory(0, shape.MemoryLength), reference, sum is null ? null : own,
            task.Step, task.MostBytes).ToArray();
        if (decoder is not null)
        {
            decoder.Decode(payload, decoded, key, reference);
            if (weight != 1)
                TensorPrimitives.Divide(decoded, weight, decoded);
            method.Remember(decoded, memory.AsSpan(shape.MemoryLength, remembered));
        }

        // Last, so that what is remembered is of the update alone.
        if (task.Clip is not null)
            return [.. payload, encoder.HasClipped ? (byte)0 : (byte)1];
        return sum?.WithNoise is { } withNoise ? withNoise(payload, task.Key) : payload;
    }
}

/// <summary>What a participant must know of a secure sum.</summary>
/// <param name="Shared">What all participants draw alike.</param>
/// <param name="WeightOf">The weight that a number of samples counts with.</param>
public sealed record SumTask(RandomKey Shared, Func<int, double> WeightOf)
{
    /// <summary>Adds the client's share of noise to a payload, given the task's key; null where clients add none.</summary>
    public Func<byte[], RandomKey, byte[]>? WithNoise { get; init; }
}

using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Exchanges;

/// <summary>
/// Sends what an update's matrices M are in a few directions that all clients share, so that products add up: U^T M, of which the
/// mean is that of all clients, or M V, by turns. The sum of one round says the directions of the next.
/// </summary>
/// <remarks>
/// Published beside the weights: an orthonormal basis of <c>rank</c> vectors a matrix, over its rows (U) or its columns (V), as
/// whole numbers, so that both ends have it to the bit. Client: trains, adds what earlier rounds left, sends U^T M (or M V) of
/// each matrix and all of what is no larger than its directions, and remembers what neither the directions hold nor the codec
/// sent. Server: the model moves by U mean(U^T M); the next basis is that of the mean's rows, made orthonormal by Gram and
/// Schmidt. Two rounds so are one step of a power iteration, by two sums of which each moves the model. The first basis is drawn.
/// What is sent has no scale of a client's own and no place that it chose, so <c>secure</c> adds it up, with noise or without.
/// Bytes: up rank * rows or rank * columns values a matrix, by turns (<c>mask</c> is put before the uplink's quantizer); down the
/// change of the weights and about 5 bits for each value of a basis. Error: what lies in no shared direction waits at the client.
/// Memory: a client keeps the model's length and that of a message and a basis.
/// Source: Vogels, Karimireddy, Jaggi, "PowerSGD: Practical Low-Rank Gradient Compression for Distributed Optimization", NeurIPS
/// 2019, arXiv:1905.13727; by turns, Zhang et al., "Evaluation and Optimization of Gradient Compression for Distributed Deep
/// Learning" (ACP-SGD), ICDCS 2023, arXiv:2306.08881. Differs from them: bases travel as whole numbers, and few of many clients
/// take part in a round.
/// </remarks>
public sealed record PowerSgd : Method, INotatedMethod<PowerSgd>
{
    const string Coefficients = "coefficients";
    const string Basis = "basis";

    /// <summary>Directions of a number.</summary>
    /// <param name="rank">Vectors of a basis, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rank is below 1.</exception>
    public PowerSgd(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        Rank = rank;
    }

    /// <summary>Vectors of a basis.</summary>
    public int Rank { get; }

    static string INotatedMethod<PowerSgd>.Keyword => "powersgd";

    private protected override string Word => "powersgd";

    private protected override IEnumerable<string> Arguments => [string.Create(CultureInfo.InvariantCulture, $"rank={Rank}")];

    static PowerSgd INotatedMethod<PowerSgd>.Parse(LineArguments arguments) =>
        arguments.Named("rank") is { } rank ? new PowerSgd(arguments.Integer(rank, 1, int.MaxValue))
            : throw arguments.Error("powersgd needs a rank, such as powersgd(rank=4)");

    /// <inheritdoc/>
    public override bool SendsUpdates => false;

    /// <inheritdoc/>
    public override bool TakesOptimizers => true;

    /// <inheritdoc/>
    public override bool TakesNoise => true;

    /// <summary>No: directions turn.</summary>
    public override bool TakesCorrelatedNoise => false;

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) => new(new MessagePart(Weights, layout, downlink),
        new MessagePart(Basis, BasesOf(layout).Published, WholeNumbers.Changes));

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink) =>
        new(new MessagePart(Coefficients, BasesOf(layout).Sent, KnownPlaces.Alone(uplink)));

    /// <inheritdoc/>
    public override void Begin(LearningPlan plan, ModelLayout layout, ReadOnlySpan<float> initial, Span<float> published)
    {
        ArgumentNullException.ThrowIfNull(layout);
        base.Begin(plan, layout, initial, published);
        BasesOf(layout).Draw(published[layout.Length..]);
    }

    /// <summary>1 for what is sent in the next round, 0 for places of a message that its turn has no use for.</summary>
    public override ReadOnlyMemory<float> Reference(ModelLayout layout, ReadOnlyMemory<float> published)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return BasesOf(layout).PlacesOf(published.Span[layout.Length..]);
    }

    /// <summary>What the codec did not send of a message, what no direction held, and the basis of that round.</summary>
    public override int ClientMemoryLength(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var bases = BasesOf(layout);
        return bases.Sent.Length + layout.Length + bases.Published.Length;
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        var layout = learner.Layout;
        var bases = BasesOf(layout);
        float[] update = new float[layout.Length];
        var outcome = base.Work(learner, task with { Received = task.Received[..layout.Length] }, memory, update, cancellation);
        if (!double.IsFinite(outcome.Loss))
            return outcome;

        var unsent = memory[..bases.Sent.Length];
        var left = memory.Slice(bases.Sent.Length, layout.Length);
        var basis = memory[(bases.Sent.Length + layout.Length)..];
        bases.AddProducts(basis, unsent, left);
        TensorPrimitives.Add(update, left, update);
        task.Received.Span[layout.Length..].CopyTo(basis);
        bases.Project(basis, update, message);
        update.CopyTo(left);
        message.CopyTo(unsent);
        bases.SubtractProducts(basis, message, left);
        return outcome;
    }

    /// <inheritdoc/>
    public override void Remember(ReadOnlySpan<float> message, Span<float> memory)
    {
        var unsent = memory[..message.Length];
        TensorPrimitives.Subtract(unsent, message, unsent);
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        var bases = BasesOf(state.Layout);
        var received = state.Received[state.Layout.Length..];
        float[] change = new float[state.Layout.Length];
        bases.AddProducts(received, round.Values, change);
        state.Step(change);
        bases.Turn(received, round.Values, round.Round, state.Published[state.Layout.Length..]);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Uplink.Remembers)
            yield return $"'{this}' remembers what was not sent by itself, in directions that change, so leave feedback out of "
                + $"'{plan.Uplink}'.";
        if (KnownPlaces.AreMixed(plan.Uplink))
            yield return $"'{this}' sends few values whose places both ends know: the uplink '{plan.Uplink}' would choose or mix them "
                + "anew. Use one such as 'deadzone(abs=0.003) | range', or 'uniform(8, shared) | secure'.";
    }

    SharedBases BasesOf(ModelLayout layout) => new SharedBases(layout, Rank) is { IsEmpty: false } bases ? bases
        : throw new ArgumentException($"'{this}' finds no weight that is larger than {Rank} of its rows and columns together: choose a "
            + "smaller rank, or exchange 'updates'.", nameof(layout));
}

using System.Globalization;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Exchanges;

/// <summary>
/// Low-rank adapters: the weights W of a model that is there already are frozen and never travel again, and clients train the
/// factors of W + B A. Rounds take turns: in the odd ones all clients train B, in the even ones A, each with the other factor as
/// it was published.
/// </summary>
/// <remarks>
/// The mean of products is no product of means (of two clients that train both factors it may be 60 % away); with one factor the
/// same for all, mean(B_k) A = mean(B_k A), so that the mean is exact. With <c>frozen=A</c> it is so because A stays as it was
/// drawn, and B is trained in every round. What has no factors (biases, normalizations, weights no larger than their factors) is
/// trained in every round. The graph has the factors in it, by the names of <see cref="AdapterNames"/>; what ships is merged.
/// Bytes: up, rank * outputs or rank * inputs values a layer, by turns (<c>mask</c> is put before the uplink's quantizer); down,
/// a change of that. Residuals of the factor that rests wait for its turn.
/// Source: alternating, Chen et al., "Robust Federated Finetuning of Foundation Models via Alternating Minimization of LoRA",
/// 2024, arXiv:2409.02346; frozen, Sun et al., "Improving LoRA in Privacy-preserving Federated Learning", ICLR 2024,
/// arXiv:2403.12313. Differs from them in the layers: theirs are attention's products.
/// </remarks>
public sealed record Adapters : Method, INotatedMethod<Adapters>
{
    const string Turn = "turn";
    const float TurnOfB = 0, TurnOfA = 1;

    static readonly ModelLayout TurnLayout = ModelLayout.Of([("turn", [1], TensorRole.Weight)]);

    /// <summary>Adapters of a rank.</summary>
    /// <param name="rank">Rows of A and columns of B, at least 1.</param>
    /// <param name="freezesA">Whether A stays as it was drawn.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rank is below 1.</exception>
    public Adapters(int rank, bool freezesA = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        (Rank, FreezesA) = (rank, freezesA);
    }

    /// <summary>Rows of A and columns of B.</summary>
    public int Rank { get; }

    /// <summary>Whether A stays as it was drawn, and has no place in the layout.</summary>
    public bool FreezesA { get; }

    static string INotatedMethod<Adapters>.Keyword => "adapters";

    private protected override string Word => "adapters";

    /// <inheritdoc/>
    public override bool TakesNoise => true;

    private protected override IEnumerable<string> Arguments =>
        [string.Create(CultureInfo.InvariantCulture, $"rank={Rank}"), .. FreezesA ? ["frozen=A"] : Array.Empty<string>()];

    static Adapters INotatedMethod<Adapters>.Parse(LineArguments arguments)
    {
        if (arguments.Named("rank") is not { } rank)
            throw arguments.Error("adapters need a rank, such as adapters(rank=4)");
        int rows = arguments.Integer(rank, 1, int.MaxValue);
        if (arguments.Named("frozen") is not { } frozen)
            return new Adapters(rows);
        return frozen.Text == "A" ? new Adapters(rows, freezesA: true)
            : throw arguments.Error(frozen.Column,
                $"'{frozen.Text}' cannot be frozen; the factor that can is A, for B is zero at first");
    }

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) => FreezesA
        ? base.Published(layout, downlink)
        : new(new MessagePart(Weights, layout, downlink), new MessagePart(Turn, TurnLayout, WholeNumbers.Changes));

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink) =>
        base.Answer(layout, FreezesA ? uplink : KnownPlaces.Alone(uplink));

    /// <summary>1 for what is trained in the next round, 0 for the factor that rests.</summary>
    public override ReadOnlyMemory<float> Reference(ModelLayout layout, ReadOnlyMemory<float> published)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (FreezesA)
            return base.Reference(layout, published);
        var trained = new float[layout.Length];
        Array.Fill(trained, 1);
        foreach (var tensor in Resting(layout, published.Span[layout.Length]))
            trained.AsSpan(tensor.Offset, tensor.Length).Clear();
        return trained;
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        if (FreezesA)
            return base.Work(learner, task, memory, message, cancellation);
        var trained = Reference(learner.Layout, task.Received);
        return base.Work(learner, task with { Received = task.Received[..learner.Layout.Length], Trained = trained }, memory,
            message, cancellation);
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        if (FreezesA)
        {
            state.Step(round.Values);
            return;
        }

        // An optimizer with momentum would move the factor that rests as well.
        float[] before = state.Weights.ToArray();
        ref float turn = ref state.Published[state.Layout.Length];
        state.Step(round.Values);
        foreach (var tensor in Resting(state.Layout, turn))
            before.AsSpan(tensor.Offset, tensor.Length).CopyTo(state.Weights[tensor.Offset..]);
        turn = turn == TurnOfB ? TurnOfA : TurnOfB;
    }

    /// <inheritdoc/>
    public override string? Misfit(ILearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        if (!learner.Layout.Tensors.Any(tensor => AdapterNames.IsB(tensor.Name)))
            return "The learner's model has no adapters: give it the federation's graph.";
        return FreezesA || learner.KeepsUntrained ? null
            : "The learner must leave the factor that rests as it is, which this one does not: use one that keeps what is not "
                + "trained, or 'adapters(rank=..., frozen=A)'.";
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!FreezesA && KnownPlaces.AreMixed(plan.Uplink))
            yield return $"'{this}' sends one factor of two by turns, whose places both ends know: the uplink '{plan.Uplink}' "
                + $"would choose or mix them anew. Use one such as 'feedback | deadzone(abs=0.003) | range', or "
                + $"'adapters(rank={Rank}, frozen=A)'.";
    }

    static IEnumerable<TensorSpec> Resting(ModelLayout layout, float turn) =>
        layout.Tensors.Where(tensor => turn == TurnOfB ? AdapterNames.IsA(tensor.Name) : AdapterNames.IsB(tensor.Name));
}

using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Partial;

/// <summary>
/// Prunes while it trains: at the end of rounds First to Last the server puts more and more weights to zero, those that are
/// smallest at the moment or matter least to the clients' losses, and all clients train what lives. One mask for all.
/// </summary>
/// <remarks>
/// Share pruned after round t: Share * (1 - (1 - (t - First) / (Last - First))^3), of the weights of 256 values or more, ranked
/// together; of equal magnitudes the later ones go. What has gone stays gone, unless it is regrown: then a share more of what
/// lives goes, Regrow / 2 * (1 + cos(pi * (t - First) / (Last - First))), and as many of the dead live again, from zero, where
/// the clients' mean gradient is largest. By saliency go those with the least sum of n_k * |w * g_k|, each client's magnitude
/// before the sum, so that opposite clients do not cancel. Clients send what is ranked in the rounds after which the mask changes
/// and in no other: saliencies as floats of 8 bits, scaled to the length of their update so that the bound on norms holds for
/// both; of the dead the <c>topk</c> that can live again. g_k is how far their training moved a weight; where weights regrow, the
/// dead are trained along in that round. Source: the schedule of Zhu and Gupta, "To Prune, or Not to Prune", 2017,
/// arXiv:1710.01878, in a federation after Stripelis et al., "Federated Progressive Sparsification", 2022, arXiv:2204.12430;
/// saliency of Lee, Ajanthan, Torr, "SNIP", ICLR 2019, arXiv:1810.02340; regrowing after Bibikar et al., "Federated Dynamic
/// Sparse Training", AAAI 2022, arXiv:2112.09824. Differs from them: the server changes its exact model, so that no masks are
/// merged, and saliency is taken at each change rather than once before training.
/// </remarks>
public sealed record SparseTraining : MaskedMethod, INotatedMethod<SparseTraining>
{
    const string Live = "mask";
    const string Ranked = "ranked";
    const double LeastRegrown = 0.001;

    static readonly Codec Saliencies = Codec.Parse("fp8(e5m2) | rans");

    /// <summary>Sparse training.</summary>
    /// <param name="share">Share of the weights that is zero at the end, above 0 and below 1.</param>
    /// <param name="first">The last round in which all live, from 1.</param>
    /// <param name="last">The round after which the share is reached, above the first.</param>
    /// <param name="bySaliency">Whether those go that matter least to the clients' losses, rather than the smallest.</param>
    /// <param name="regrow">Share of what lives that goes and regrows after the first of these rounds, from 0 to below 1; less
    /// and less later.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range, or weights are to regrow that go by
    /// saliency.</exception>
    public SparseTraining(double share, int first, int last, bool bySaliency = false, double regrow = 0)
    {
        if (!(share > 0 && share < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "It must be above 0 and below 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(first, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(last, first);
        if (!(regrow >= 0 && regrow < 1) || (regrow > 0 && bySaliency))
            throw new ArgumentOutOfRangeException(nameof(regrow), regrow,
                "It must be from 0 to below 1, and 0 where weights go by saliency.");
        (Share, First, Last, BySaliency, Regrow) = (share, first, last, bySaliency, regrow);
    }

    /// <summary>Share of the weights that is zero at the end.</summary>
    public double Share { get; }

    /// <summary>The last round in which all live.</summary>
    public int First { get; }

    /// <summary>The round after which the share is reached.</summary>
    public int Last { get; }

    /// <summary>Whether those go that matter least to the clients' losses, rather than the smallest.</summary>
    public bool BySaliency { get; }

    /// <summary>Share of what lives that goes and regrows after the first of these rounds; less and less later.</summary>
    public double Regrow { get; }

    static string INotatedMethod<SparseTraining>.Keyword => "prune";

    private protected override string Word => "prune";

    private protected override IEnumerable<string> Arguments =>
    [
        Percentage.Print(Share),
        string.Create(CultureInfo.InvariantCulture, $"rounds={First}..{Last}"),
        .. (string[])(BySaliency ? ["by=saliency"] : []),
        .. (string[])(Regrow > 0 ? [$"regrow={Percentage.Print(Regrow)}"] : []),
    ];

    static SparseTraining INotatedMethod<SparseTraining>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("share") is not { } share)
            throw arguments.Error("prune needs the share of weights that go, such as prune(90%, rounds=5..20)");
        double pruned = Percentage.Parse(arguments, share);
        if (pruned == 1)
            throw arguments.Error(share.Column, "a model without weights cannot learn; prune less than 100%");
        if (arguments.Named("rounds") is not { } rounds)
            throw arguments.Error("prune needs the rounds in which weights go, such as rounds=5..20");
        bool bySaliency = arguments.Named("by") switch
        {
            null or { Text: "magnitude" } => false,
            { Text: "saliency" } => true,
            { } by => throw arguments.Error(by.Column, $"'{by.Text}' must be magnitude or saliency"),
        };
        double regrow = 0;
        if (arguments.Named("regrow") is { } again)
        {
            regrow = Percentage.Parse(arguments, again);
            if (regrow == 1 || bySaliency)
                throw arguments.Error(again.Column, regrow == 1 ? "not all that lives can go; regrow less than 100%"
                    : "saliency is of what lives, so nothing regrows by it; leave by=saliency out, or regrow");
        }

        string[] ends = rounds.Text.Split("..");
        return ends is [var from, var to]
            && int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out int first) && first >= 1
            && int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out int last) && last > first
            ? new SparseTraining(pruned, first, last, bySaliency, regrow)
            : throw arguments.Error(rounds.Column,
                $"'{rounds.Text}' must be two rounds, the first from 1 and the last after it, such as 5..20");
    }

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) =>
        new(new MessagePart(Weights, layout, downlink),
            new MessagePart(Live, PrunableWeights.LayoutOf(layout), WholeNumbers.Changes));

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink)
    {
        var update = base.Answer(layout, uplink);
        return IsRanked ? new MessageShape(
            [.. update.Parts, new MessagePart(Ranked, PrunableWeights.LayoutOf(layout), BySaliency ? Saliencies
                : Codec.Parse($"topk({Percentage.Print(Math.Max(LeastRegrown, Regrow * (1 - Share)))}) | fp8(e5m2) | rans"))])
                : update;
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        var layout = learner.Layout;
        if (!IsRanked)
            return base.Work(learner, task, memory, message, cancellation);
        Span<float> update = message[..layout.Length], ranked = message[layout.Length..];
        ranked.Clear();
        if (!ChangesAfter(task.Round))
            return base.Work(learner, task, memory, update, cancellation);
        float[] live = LiveIn(layout, task.Received.Span), before = Masked(task.Received.Span, live);
        var outcome = learner.Train(task with { Received = before, Live = Regrow > 0 ? default : live }, update, cancellation);
        if (!double.IsFinite(outcome.Loss))
            return outcome;
        TensorPrimitives.Subtract(update, before, update);
        foreach (var (tensor, place) in PrunableWeights.Of(layout))
        {
            for (int i = 0; i < tensor.Length; i++)
            {
                int at = tensor.Offset + i;
                ranked[place + i] = BySaliency ? Math.Abs(before[at] * update[at]) * live[at] : update[at] * (1 - live[at]);
            }
        }

        TensorPrimitives.Multiply(update, live, update);
        if (BySaliency)
            PrunableWeights.Lengthen(ranked, to: update);
        return outcome;
    }

    private protected override void Prune(ServerState state, RoundMean round)
    {
        var layout = state.Layout;
        var mask = state.Published[layout.Length..];
        var ranked = round.Values[layout.Length..];
        int kept = mask.Length - (int)Math.Round(ShareAfter(round.Round) * mask.Length, MidpointRounding.AwayFromZero);
        int lived = (int)TensorPrimitives.Sum<float>(mask);
        (float Gradient, int Place)[] dead = Regrow > 0 && ChangesAfter(round.Round) ? PrunableWeights.Dead(mask, ranked) : [];
        int grown = Math.Min(dead.Length, (int)Math.Round(RegrownAfter(round.Round) * kept));
        if (kept - grown >= lived)
            return;
        var ranks = new (float Worth, int Place)[mask.Length];
        foreach (var (tensor, first) in PrunableWeights.Of(layout))
        {
            for (int i = 0; i < tensor.Length; i++)
                ranks[first + i] = (mask[first + i] > 0
                    ? -(BySaliency ? ranked[first + i] : Math.Abs(state.Weights[tensor.Offset + i])) : 1, first + i);
        }

        // The most worth live on; of equal ones the first. What is dead already comes last.
        Array.Sort(ranks);
        mask.Clear();
        foreach (var (_, live) in ranks.AsSpan(0, kept - grown))
            mask[live] = 1;
        foreach (var (_, again) in dead.AsSpan(0, grown))
            mask[again] = 1;
        PrunableWeights.Begin(state, dead.AsSpan(0, grown));
    }

    private protected override float[] LiveIn(ModelLayout layout, ReadOnlySpan<float> published)
    {
        var live = new float[layout.Length];
        Array.Fill(live, 1);
        foreach (var (tensor, place) in PrunableWeights.Of(layout))
            published.Slice(layout.Length + place, tensor.Length).CopyTo(live.AsSpan(tensor.Offset));
        return live;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (Last > plan.Rounds)
            yield return $"'{this}' prunes until round {Last}, but there are {plan.Rounds}: let it end earlier, or run more "
                + $"rounds.";
        if (IsRanked && plan.Objective.Optimizer != LocalOptimizer.Sgd)
            yield return $"'{this}' takes a client's gradient from how far sgd moved, so the clients' optimizer must be sgd; "
                + $"prune by magnitude without regrowing, or let it be sgd.";
    }

    /// <summary>The share that is zero after a round.</summary>
    public double ShareAfter(int round) => round <= First ? 0 : round >= Last ? Share
        : Share * (1 - Math.Pow(1 - (double)(round - First) / (Last - First), 3));

    /// <summary>The share of what lives after a round that had been dead before it.</summary>
    public double RegrownAfter(int round) => ChangesAfter(round)
        ? Regrow / 2 * (1 + Math.Cos(Math.PI * (round - First) / (Last - First))) : 0;

    bool IsRanked => BySaliency || Regrow > 0;

    bool ChangesAfter(int round) => round > First && round <= Last;
}

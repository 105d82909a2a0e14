using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Rounds;

namespace Plume.Federation.Methods;

/// <summary>
/// Prunes while it trains: at the end of rounds First to Last the server puts more and more weights to zero, those that are smallest at
/// the moment, and all clients train what lives. One mask for all.
/// </summary>
/// <remarks>
/// Share pruned after round t: Share * (1 - (1 - (t - First) / (Last - First))^3), of the weights of 256 values or more, ranked together; of
/// equal magnitudes the later ones go. What has gone stays gone.
/// Source: the schedule of Zhu and Gupta, "To Prune, or Not to Prune", 2017, arXiv:1710.01878, in a federation after Stripelis et al.,
/// "Federated Progressive Sparsification", 2022, arXiv:2204.12430. Differs from it: the server prunes its exact model, so that no masks are merged.
/// </remarks>
public sealed record SparseTraining : MaskedMethod, INotatedMethod<SparseTraining>
{
    const string Live = "mask";
    const int FewestValues = 256;

    /// <summary>Sparse training.</summary>
    /// <param name="share">Share of the weights that is zero at the end, above 0 and below 1.</param>
    /// <param name="first">The last round in which all live, from 1.</param>
    /// <param name="last">The round after which the share is reached, above the first.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public SparseTraining(double share, int first, int last)
    {
        if (!(share > 0 && share < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "It must be above 0 and below 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(first, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(last, first);
        (Share, First, Last) = (share, first, last);
    }

    /// <summary>Share of the weights that is zero at the end.</summary>
    public double Share { get; }

    /// <summary>The last round in which all live.</summary>
    public int First { get; }

    /// <summary>The round after which the share is reached.</summary>
    public int Last { get; }

    static string INotatedMethod<SparseTraining>.Keyword => "prune";

    private protected override string Word => "prune";

    private protected override IEnumerable<string> Arguments => [Percentage.Print(Share), string.Create(CultureInfo.InvariantCulture, $"rounds={First}..{Last}")];

    static SparseTraining INotatedMethod<SparseTraining>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("share") is not { } share)
            throw arguments.Error("prune needs the share of weights that go, such as prune(90%, rounds=5..20)");
        double pruned = Percentage.Parse(arguments, share);
        if (pruned == 1)
            throw arguments.Error(share.Column, "a model without weights cannot learn; prune less than 100%");
        if (arguments.Named("rounds") is not { } rounds)
            throw arguments.Error("prune needs the rounds in which weights go, such as rounds=5..20");
        string[] ends = rounds.Text.Split("..");
        return ends is [var from, var to]
            && int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out int first) && first >= 1
            && int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out int last) && last > first
            ? new SparseTraining(pruned, first, last)
            : throw arguments.Error(rounds.Column, $"'{rounds.Text}' must be two rounds, the first from 1 and the last after it, such as 5..20");
    }

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) =>
        new(new MessagePart(Weights, layout, downlink), new MessagePart(Live, PrunableOf(layout), Changes));

    private protected override void Prune(ServerState state, int round) =>
        Prune(state.Layout, state.Weights, state.Published[state.Layout.Length..], ShareAfter(round));

    private protected override float[] LiveIn(ModelLayout layout, ReadOnlySpan<float> published)
    {
        var live = new float[layout.Length];
        Array.Fill(live, 1);
        foreach (var (tensor, place) in Prunable(layout))
            published.Slice(layout.Length + place, tensor.Length).CopyTo(live.AsSpan(tensor.Offset));
        return live;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(FederationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (Last > plan.Rounds)
            yield return $"'{this}' prunes until round {Last}, but there are {plan.Rounds}: let it end earlier, or run more rounds.";
    }

    /// <summary>The share that is zero after a round.</summary>
    public double ShareAfter(int round) => round <= First ? 0 : round >= Last ? Share : Share * (1 - Math.Pow(1 - (double)(round - First) / (Last - First), 3));

    // The tensors that are pruned, each with its place in the mask.
    static IEnumerable<(TensorSpec Tensor, int Place)> Prunable(ModelLayout layout)
    {
        int place = 0;
        foreach (var tensor in layout.Tensors.Where(tensor => tensor.Role == TensorRole.Weight && tensor.Length >= FewestValues))
        {
            yield return (tensor, place);
            place += tensor.Length;
        }
    }

    static ModelLayout PrunableOf(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var prunable = Prunable(layout).Select(entry => entry.Tensor).ToList();
        return prunable.Count > 0
            ? ModelLayout.Of(prunable.Select(tensor => (tensor.Name, tensor.Shape.ToArray(), tensor.Role)))
            : throw new ArgumentException($"Training cannot prune this model: it has no weights of {FewestValues} values or more.", nameof(layout));
    }

    // The largest magnitudes live on; of equal ones the first. What is zero already has the smallest.
    static void Prune(ModelLayout layout, ReadOnlySpan<float> weights, Span<float> mask, double share)
    {
        int kept = mask.Length - (int)Math.Round(share * mask.Length, MidpointRounding.AwayFromZero);
        if (kept >= TensorPrimitives.Sum<float>(mask))
            return;
        var ranks = new (float Magnitude, int Place)[mask.Length];
        foreach (var (tensor, first) in Prunable(layout))
        {
            for (int i = 0; i < tensor.Length; i++)
                ranks[first + i] = (mask[first + i] > 0 ? -Math.Abs(weights[tensor.Offset + i]) : 1, first + i);
        }

        Array.Sort(ranks);
        mask.Clear();
        foreach (var (_, live) in ranks.AsSpan(0, kept))
            mask[live] = 1;
    }
}

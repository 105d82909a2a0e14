using System.Globalization;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;

namespace Plume.Federation.Methods.Partial;

/// <summary>
/// Takes channels and neurons out of the model while it trains: at the end of each of some rounds the server removes those whose
/// weights have the smallest norms. All clients train the smaller model from then on, and what ships is smaller.
/// </summary>
/// <remarks>
/// After the k-th of n rounds Share * k / n of the weights are gone. What has gone stays gone. What is published says for each
/// index of each axis of a tensor whether it lives, a few hundred symbols, so that every client makes the smaller graph of the
/// one that it has. Source: Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017, arXiv:1608.08710, in a federation
/// after Jiang et al., "Model Pruning Enables Efficient Federated Learning on Edge Devices", 2019, arXiv:1909.12326. Differs from
/// both: channels of all layers are ranked together, by the mean square of all that goes with them, on the server's exact model.
/// </remarks>
public sealed record ChannelTraining : MaskedMethod, INotatedMethod<ChannelTraining>
{
    const string Live = "channels";

    /// <summary>Channels that go.</summary>
    /// <param name="share">Share of the weights that has gone at the end, above 0 and below 1.</param>
    /// <param name="rounds">The rounds at whose ends channels go, rising, from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range, or the rounds do not rise.</exception>
    public ChannelTraining(double share, params IReadOnlyList<int> rounds)
    {
        ArgumentNullException.ThrowIfNull(rounds);
        if (!(share > 0 && share < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "It must be above 0 and below 1.");
        if (!Rise(rounds))
            throw new ArgumentOutOfRangeException(nameof(rounds), string.Join(", ", rounds),
                "There must be rounds, each from 1 and after the one before.");
        (Share, Rounds) = (share, rounds);
    }

    /// <summary>Share of the weights that has gone at the end.</summary>
    public double Share { get; }

    /// <summary>The rounds at whose ends channels go.</summary>
    public IReadOnlyList<int> Rounds { get; }

    /// <summary>The model's channels, which the server asks; clients need none.</summary>
    public IModelChannels? Channels { get; init; }

    static string INotatedMethod<ChannelTraining>.Keyword => "channels";

    private protected override string Word => "channels";

    private protected override IEnumerable<string> Arguments =>
        [Percentage.Print(Share), string.Create(CultureInfo.InvariantCulture, $"rounds={string.Join(',', Rounds)}")];

    static ChannelTraining INotatedMethod<ChannelTraining>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("share") is not { } share)
            throw arguments.Error("channels needs the share of weights that go with channels, such as channels(50%, rounds=10,20)");
        double removed = Percentage.Parse(arguments, share);
        if (removed is 0 or 1)
            throw arguments.Error(share.Column, $"'{share.Text}' must be above 0% and below 100%");
        if (arguments.Named("rounds") is not { } first)
            throw arguments.Error("channels needs the rounds at whose ends channels go, such as rounds=10,20");
        var rounds = new List<int> { arguments.Integer(first, 1, int.MaxValue) };
        while (arguments.Positional("rounds") is { } next)
        {
            rounds.Add(arguments.Integer(next, 1, int.MaxValue));
            if (!Rise(rounds))
                throw arguments.Error(next.Column, $"'{next.Text}' must be a round after {rounds[^2]}");
        }

        return new ChannelTraining(removed, rounds);
    }

    /// <inheritdoc/>
    public override Method Of(Func<IModelChannels> channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        return this with { Channels = channels() };
    }

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink)
    {
        ArgumentNullException.ThrowIfNull(layout);
        int[] indices = [layout.Tensors.Sum(tensor => tensor.Shape.Sum())];
        return new(new MessagePart(Weights, layout, downlink),
            new MessagePart(Live, ModelLayout.Of([(Live, indices, TensorRole.Weight)]), WholeNumbers.Changes));
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (Rounds[^1] > plan.Rounds)
            yield return $"'{this}' removes channels until round {Rounds[^1]}, but there are {plan.Rounds}: let it end "
                + $"earlier, or run more rounds.";
        if (Channels is null)
            yield return $"'{this}' must know the model's channels; give it those of the graph.";
        else if (Channels.MostShare == 0)
            yield return $"'{this}' finds no channels that can go in this model; 'prune({Percentage.Print(Share)}, "
                + $"rounds=...)' takes single weights.";
        else if (Share > Channels.MostShare)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"'{this}' cannot be reached: with one channel of each layer left, {Channels.MostShare:P1} of the weights are "
                    + $"gone; ask for less.");
    }

    private protected override void Prune(ServerState state, RoundMean mean)
    {
        int round = mean.Round;
        int step = Rounds.Count(each => each <= round);
        if (!Rounds.Contains(round))
            return;
        var channels = Channels ?? throw new InvalidOperationException(
            $"'{this}' must know the model's channels to remove some.");
        float[] weights = Masked(state.Published, LiveIn(state.Layout, state.Published));
        var cuts = channels.Without(weights, Share * step / Rounds.Count)
            .ToDictionary(cut => (cut.Tensor, cut.Axis), cut => cut.Kept);
        foreach (var (tensor, axis, place) in Axes(state.Layout))
        {
            if (!cuts.TryGetValue((tensor.Name, axis), out var kept))
                continue;
            var live = state.Published.Slice(state.Layout.Length + place, tensor.Shape[axis]);
            live.Clear();
            foreach (int index in kept)
                live[index] = 1;
        }
    }

    private protected override float[] LiveIn(ModelLayout layout, ReadOnlySpan<float> published)
    {
        var live = new float[layout.Length];
        Array.Fill(live, 1);
        foreach (var (tensor, axis, place) in Axes(layout).Where(entry => entry.Tensor.Role != TensorRole.Step))
        {
            int inner = tensor.Shape.Skip(axis + 1).Aggregate(1, (product, length) => product * length);
            var along = published.Slice(layout.Length + place, tensor.Shape[axis]);
            if (!along.Contains(0f))
                continue;
            var values = live.AsSpan(tensor.Offset, tensor.Length);
            for (int start = 0, index = 0; start < values.Length; start += inner, index = (index + 1) % along.Length)
            {
                if (along[index] == 0)
                    values.Slice(start, inner).Clear();
            }
        }

        return live;
    }

    // Every axis of every tensor, with the place of its first index among all indices.
    static IEnumerable<(TensorSpec Tensor, int Axis, int Place)> Axes(ModelLayout layout)
    {
        int place = 0;
        foreach (var tensor in layout.Tensors)
        {
            for (int axis = 0; axis < tensor.Shape.Count; axis++)
            {
                yield return (tensor, axis, place);
                place += tensor.Shape[axis];
            }
        }
    }

    static bool Rise(IReadOnlyList<int> rounds) =>
        rounds.Count > 0 && rounds[0] >= 1 && rounds.Zip(rounds.Skip(1)).All(pair => pair.First < pair.Second);
}

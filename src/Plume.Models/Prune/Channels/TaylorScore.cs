using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Prune.Channels;

/// <summary>Gathers, batch by batch, how much the loss would move if a channel were not there.</summary>
/// <remarks>
/// For each batch, the square of the sum of weight times gradient over all that goes with the channel; then the mean over
/// batches. Source: Molchanov et al., "Importance Estimation for Neural Network Pruning", CVPR 2019, arXiv:1906.10771, equation
/// 8.
/// </remarks>
public sealed class TaylorGradients
{
    readonly ChannelGroups groups;
    readonly double[][] sums;

    /// <summary>Nothing gathered yet.</summary>
    /// <exception cref="Compression.Wire.InvalidPayloadException">The shapes cannot be inferred.</exception>
    public TaylorGradients(ModelGraph graph)
    {
        groups = ChannelGroups.Of(graph);
        sums = [.. groups.Groups.Select(group => new double[group.Channels])];
    }

    /// <summary>Number of batches gathered.</summary>
    public int Batches { get; private set; }

    /// <summary>Adds a batch.</summary>
    /// <param name="gradients">The gradient of the mean loss by every weight, at the graph's own weights; those of statistics are
    /// not read.</param>
    /// <exception cref="ArgumentException">The layout is not the graph's.</exception>
    public void Add(ModelWeights gradients)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        var products = groups.Graph.ToWeights();
        if (!gradients.Layout.Equals(products.Layout))
            throw new ArgumentException($"The gradients have another layout than model '{groups.Graph.Name}'.",
                nameof(gradients));
        for (int index = 0; index < products.Values.Length; index++)
            products.Values[index] *= gradients.Values[index];
        var batch = new SliceSums(products, static value => value);
        foreach (var (group, sum) in groups.Groups.Zip(sums))
        {
            double[] changes = batch.Of(group);
            for (int channel = 0; channel < sum.Length; channel++)
                sum[channel] += changes[channel] * changes[channel];
        }

        Batches++;
    }

    /// <summary>The score of what was gathered so far.</summary>
    /// <exception cref="InvalidOperationException">Nothing was gathered.</exception>
    public TaylorScore ToScore()
    {
        if (Batches == 0)
            throw new InvalidOperationException("A Taylor score is taken from gradients on data, but no batch was added.");
        var scores = new Dictionary<(string, int, int), double>();
        foreach (var (group, sum) in groups.Groups.Zip(sums))
        {
            for (int channel = 0; channel < sum.Length; channel++)
                scores.Add(TaylorScore.PlaceOf(group, channel), sum[channel] / Batches);
        }

        return new TaylorScore(scores);
    }
}

/// <summary>
/// The estimated square of the change of the loss when a channel is taken out, from <see cref="TaylorGradients"/>.
/// </summary>
/// <remarks>Not divided by anything: a change of the loss is one measure for all layers.</remarks>
public sealed record TaylorScore : ChannelScore
{
    readonly Dictionary<(string Tensor, int Axis, int Index), double> scores;

    internal TaylorScore(Dictionary<(string Tensor, int Axis, int Index), double> scores) => this.scores = scores;

    internal override string Missing => "the gradients were gathered on a graph without them";

    /// <inheritdoc/>
    public override IReadOnlyList<double[]?> Of(ChannelGroups groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return [.. groups.Groups.Select(group => Enumerable.Range(0, group.Channels)
            .All(channel => scores.ContainsKey(PlaceOf(group, channel)))
            ? Enumerable.Range(0, group.Channels).Select(channel => scores[PlaceOf(group, channel)]).ToArray()
            : null)];
    }

    /// <summary>What tells a channel from all others of its graph.</summary>
    internal static (string Tensor, int Axis, int Index) PlaceOf(ChannelGroup group, int channel) =>
        (group.Slices[0].Tensor, group.Slices[0].Axis, group.Slices[0].Indices[channel][0]);
}

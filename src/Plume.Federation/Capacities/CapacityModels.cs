using System.Collections;
using Plume.Compression.Aggregation;
using Plume.Compression.Weights;

namespace Plume.Federation.Capacities;

/// <summary>
/// The models of a federation's capacities, the largest first, which is the server's own. Of most federations there is only that
/// one.
/// </summary>
/// <remarks>
/// A round has a sum for each capacity, all of them in one <see cref="ExactSum"/>, one after another. Their mean divides each
/// value of the server's model by the weights of the capacities that have it: whole numbers, so the same bits in any order of
/// arrival.
/// </remarks>
public sealed class CapacityModels : IReadOnlyList<CapacityModel>
{
    readonly CapacityModel[] models;

    /// <param name="whole">The server's model.</param>
    /// <param name="smaller">Those of the smaller capacities.</param>
    public CapacityModels(ModelLayout whole, IEnumerable<CapacityModel> smaller) =>
        models = [CapacityModel.All(whole), .. smaller];

    /// <summary>How many capacities there are.</summary>
    public int Count => models.Length;

    /// <summary>The model of a capacity.</summary>
    public CapacityModel this[int capacity] => models[capacity];

    /// <summary>Writes the mean of a round of several capacities.</summary>
    /// <param name="sum">All capacities' sums, one after another.</param>
    /// <param name="weights">The weights of each capacity's messages, added up.</param>
    /// <param name="version">That the round started from.</param>
    /// <param name="mean">Receives it; 0 where nobody has the value.</param>
    /// <param name="cover">Zeros; becomes the weight of the messages that have each value.</param>
    internal void Average(ExactSum sum, IReadOnlyList<double> weights, int version, Span<float> mean, Span<double> cover)
    {
        long[] totals = new long[mean.Length];
        int offset = 0;
        for (int capacity = 0; capacity < Count; offset += models[capacity++].Layout.Length)
        {
            if (weights[capacity] == 0)
                continue;
            var slice = models[capacity].SliceAt(version);
            slice.AddTo<long>(sum.Slice(offset, slice.Part.Length).Values, totals);
            slice.AddTo(weights[capacity], cover);
        }

        for (int i = 0; i < mean.Length; i++)
            mean[i] = cover[i] > 0 ? (float)(totals[i] * (1 / (cover[i] * sum.Scale))) : 0;
    }

    /// <inheritdoc/>
    public IEnumerator<CapacityModel> GetEnumerator() => models.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

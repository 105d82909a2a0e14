using System.Numerics;
using System.Numerics.Tensors;

namespace Plume.Compression.Weights;

/// <summary>
/// Where a smaller model lies in a larger one of the same tensors: of each axis of each tensor, the indices that the smaller one
/// has.
/// </summary>
/// <remarks>Values are moved in runs of neighbours, so that leading indices cost hardly more than a copy.</remarks>
public sealed class LayoutSlice
{
    readonly TensorSlice[] slices;

    LayoutSlice(ModelLayout whole, ModelLayout part, TensorSlice[] slices) => (Whole, Part, this.slices) = (whole, part, slices);

    /// <summary>The larger model's tensors.</summary>
    public ModelLayout Whole { get; }

    /// <summary>The smaller model's tensors.</summary>
    public ModelLayout Part { get; }

    /// <summary>All of a model.</summary>
    public static LayoutSlice All(ModelLayout whole) => Of(whole, []);

    /// <summary>What is left of a model when its axes keep these indices; an axis that is not named keeps all.</summary>
    /// <param name="whole">The larger model.</param>
    /// <param name="kept">Tensors of it, an axis of each, and the indices that stay, in rising order.</param>
    /// <exception cref="ArgumentException">A tensor or an axis is not there, or indices do not rise, are out of range, or are
    /// none.</exception>
    public static LayoutSlice Of(ModelLayout whole, IEnumerable<(string Tensor, int Axis, IReadOnlyList<int> Kept)> kept)
    {
        ArgumentNullException.ThrowIfNull(whole);
        var cuts = kept.ToLookup(cut => cut.Tensor, StringComparer.Ordinal);
        foreach (var cut in cuts.SelectMany(cut => cut))
            Check(whole[cut.Tensor], cut.Axis, cut.Kept);
        var byAxis = whole.Tensors.Select(tensor => cuts[tensor.Name].ToDictionary(cut => cut.Axis, cut => cut.Kept)).ToArray();
        var part = ModelLayout.Of(
            whole.Tensors.Zip(byAxis, (tensor, axes) => (tensor.Name, ShapeOf(tensor, axes), tensor.Role, tensor.Axis)));
        return new LayoutSlice(whole, part, [.. whole.Tensors.Zip(byAxis, TensorSlice.Of)]);
    }

    /// <summary>Takes the smaller model's values out of the larger one's.</summary>
    /// <exception cref="ArgumentException">A length is not that of its layout.</exception>
    public void Gather<T>(ReadOnlySpan<T> whole, Span<T> part)
    {
        CheckLengths(whole.Length, part.Length);
        foreach (var (at, start, length) in Runs())
            whole.Slice(start, length).CopyTo(part[at..]);
    }

    /// <summary>Puts the smaller model's values to their places in the larger one; the others stay.</summary>
    /// <exception cref="ArgumentException">A length is not that of its layout.</exception>
    public void Scatter<T>(ReadOnlySpan<T> part, Span<T> whole)
    {
        CheckLengths(whole.Length, part.Length);
        foreach (var (at, start, length) in Runs())
            part.Slice(at, length).CopyTo(whole[start..]);
    }

    /// <summary>Adds the smaller model's values to those of the larger one at their places; the others stay.</summary>
    /// <exception cref="ArgumentException">A length is not that of its layout.</exception>
    public void AddTo<T>(ReadOnlySpan<T> part, Span<T> whole) where T : IAdditionOperators<T, T, T>, IAdditiveIdentity<T, T>
    {
        CheckLengths(whole.Length, part.Length);
        foreach (var (at, start, length) in Runs())
            TensorPrimitives.Add(whole.Slice(start, length), part.Slice(at, length), whole.Slice(start, length));
    }

    /// <summary>Adds one number at all places of the larger model that the smaller one has.</summary>
    /// <exception cref="ArgumentException">The length is not that of the larger layout.</exception>
    public void AddTo<T>(T number, Span<T> whole) where T : IAdditionOperators<T, T, T>, IAdditiveIdentity<T, T>
    {
        CheckLengths(whole.Length, Part.Length);
        foreach (var (_, start, length) in Runs())
            TensorPrimitives.Add(whole.Slice(start, length), number, whole.Slice(start, length));
    }

    // Where a run begins in the smaller model and in the larger one, and how long it is.
    IEnumerable<(int At, int Start, int Length)> Runs()
    {
        int at = 0;
        foreach (var tensor in slices)
        {
            foreach (int row in tensor.Rows)
            {
                foreach (var (start, length) in tensor.Runs)
                {
                    yield return (at, row + start, length);
                    at += length;
                }
            }
        }
    }

    void CheckLengths(int whole, int part)
    {
        if (whole != Whole.Length || part != Part.Length)
            throw new ArgumentException(
                $"The models have {Whole.Length} and {Part.Length} values, but {whole} and {part} were given.");
    }

    static int[] ShapeOf(TensorSpec tensor, Dictionary<int, IReadOnlyList<int>> kept) =>
        [.. tensor.Shape.Select((length, axis) => kept.TryGetValue(axis, out var indices) ? indices.Count : length)];

    static void Check(TensorSpec tensor, int axis, IReadOnlyList<int> kept)
    {
        if (axis < 0 || axis >= tensor.Shape.Count)
            throw new ArgumentException(
                $"Tensor '{tensor.Name}' has {tensor.Shape.Count} axes, but indices of axis {axis} were given.");
        bool rises = kept.Count > 0 && kept[0] >= 0
            && kept[^1] < tensor.Shape[axis] && kept.Zip(kept.Skip(1)).All(pair => pair.First < pair.Second);
        if (!rises)
            throw new ArgumentException(
                $"The indices kept of axis {axis} of '{tensor.Name}' must rise, be one or more, and lie below "
                    + $"{tensor.Shape[axis]}.");
    }

    /// <summary>A tensor's places in the larger model: in each row, from these starts on, so many values.</summary>
    readonly record struct TensorSlice(int[] Rows, (int Start, int Length)[] Runs)
    {
        // Up to the last axis that loses anything there are rows; along it runs, of which what lies behind it is a part.
        public static TensorSlice Of(TensorSpec tensor, Dictionary<int, IReadOnlyList<int>> kept)
        {
            if (tensor.Length == 0 || kept.Count == 0)
                return new([tensor.Offset], [(0, tensor.Length)]);
            int last = kept.Keys.Max(), stride = Product(tensor.Shape.Skip(last + 1));
            var runs = RunsOf(kept[last], stride);
            int[] rows = [0];
            for (int axis = last - 1, step = stride * tensor.Shape[last]; axis >= 0; step *= tensor.Shape[axis--])
            {
                int each = step;
                var indices = kept.GetValueOrDefault(axis) ?? [.. Enumerable.Range(0, tensor.Shape[axis])];
                rows = [.. indices.SelectMany(index => rows.Select(row => (index * each) + row))];
            }

            return new([.. rows.Select(row => tensor.Offset + row)], runs);
        }

        static (int Start, int Length)[] RunsOf(IReadOnlyList<int> indices, int stride)
        {
            var runs = new List<(int Start, int Length)>();
            foreach (int index in indices)
            {
                if (runs.Count > 0 && runs[^1].Start + runs[^1].Length == index * stride)
                    runs[^1] = (runs[^1].Start, runs[^1].Length + stride);
                else
                    runs.Add((index * stride, stride));
            }

            return [.. runs];
        }

        static int Product(IEnumerable<int> lengths) => lengths.Aggregate(1, (product, length) => product * length);
    }
}

namespace Plume.Models.Prune.Channels;

/// <summary>Takes indices out of a tensor's axes.</summary>
static class TensorCutter
{
    /// <summary>The values that are left, row-major.</summary>
    /// <param name="values">All values, row-major; several for each element where elements are bytes and the last dimension is
    /// their size.</param>
    /// <param name="shape">The shape before.</param>
    /// <param name="kept">The indices that stay, by axis; an axis that is not named stays whole.</param>
    public static ReadOnlySpan<T> Cut<T>(ReadOnlySpan<T> values, IReadOnlyList<int> shape,
        IReadOnlyDictionary<int, IReadOnlyList<int>> kept)
    {
        int[] lengths = [.. shape];
        foreach (var (axis, indices) in kept)
        {
            values = CutAxis(values, lengths, axis, indices);
            lengths[axis] = indices.Count;
        }

        return values;
    }

    static T[] CutAxis<T>(ReadOnlySpan<T> values, int[] lengths, int axis, IReadOnlyList<int> kept)
    {
        int inner = lengths[(axis + 1)..].Aggregate(1, (product, length) => product * length);
        int outer = lengths[..axis].Aggregate(1, (product, length) => product * length);
        T[] left = new T[outer * kept.Count * inner];
        int end = 0;
        for (int block = 0; block < outer; block++)
        {
            var source = values.Slice(block * lengths[axis] * inner, lengths[axis] * inner);
            foreach (int index in kept)
            {
                source.Slice(index * inner, inner).CopyTo(left.AsSpan(end));
                end += inner;
            }
        }

        return left;
    }
}

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Prune.Connections;

/// <summary>
/// Which values of a model live: one yes or no for each value of a layout. What is dead is zero, and stays zero while training.
/// </summary>
/// <remarks>
/// A mask needs no place in a file of its own: the zeros of the pruned model say it, see <see cref="OfZeros"/>.
/// </remarks>
public sealed class WeightMask : IEquatable<WeightMask>
{
    readonly bool[] kept;

    /// <summary>Copies one yes or no for each value.</summary>
    /// <exception cref="ArgumentException">There are more or fewer than the layout has values.</exception>
    public WeightMask(ModelLayout layout, ReadOnlySpan<bool> kept) : this(layout, kept.ToArray(), owned: true)
    {
    }

    WeightMask(ModelLayout layout, bool[] kept, bool owned)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (kept.Length != layout.Length)
            throw new ArgumentException($"The layout has {layout.Length} values, but the mask has {kept.Length}.", nameof(kept));
        (Layout, this.kept, Count) = (layout, owned ? kept : [.. kept], kept.AsSpan().Count(true));
    }

    /// <summary>The tensors that the mask is for.</summary>
    public ModelLayout Layout { get; }

    /// <summary>Number of values that live.</summary>
    public int Count { get; }

    /// <summary>
    /// The share of dead values among those that techniques prune: the tensors of role <see cref="TensorRole.Weight"/>; 0 where
    /// there are none.
    /// </summary>
    public double Sparsity
    {
        get
        {
            var weights = Layout.Tensors.Where(tensor => tensor.Role == TensorRole.Weight).ToArray();
            long all = weights.Sum(tensor => (long)tensor.Length), living = weights.Sum(tensor => (long)CountOf(tensor));
            return all == 0 ? 0 : (double)(all - living) / all;
        }
    }

    /// <summary>One yes or no for each value, in the order of the layout.</summary>
    public ReadOnlySpan<bool> Kept => kept;

    /// <summary>Those of one tensor.</summary>
    public ReadOnlySpan<bool> this[TensorSpec tensor] => kept.AsSpan(tensor.Offset, tensor.Length);

    /// <summary>A mask under which all values live.</summary>
    public static WeightMask All(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        bool[] kept = new bool[layout.Length];
        kept.AsSpan().Fill(true);
        return Taking(layout, kept);
    }

    /// <summary>
    /// The mask of a pruned model: a zero in a tensor of role <see cref="TensorRole.Weight"/> is dead, all else lives.
    /// </summary>
    public static WeightMask OfZeros(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        bool[] kept = new bool[weights.Layout.Length];
        foreach (var tensor in weights.Layout.Tensors)
        {
            var values = weights[tensor];
            bool isPruned = tensor.Role == TensorRole.Weight;
            for (int index = 0; index < values.Length; index++)
                kept[tensor.Offset + index] = !isPruned || values[index] != 0;
        }

        return Taking(weights.Layout, kept);
    }

    /// <summary>Number of values of one tensor that live.</summary>
    public int CountOf(TensorSpec tensor) => this[tensor].Count(true);

    /// <summary>What lives under both masks.</summary>
    /// <exception cref="ArgumentException">The masks are for different layouts.</exception>
    public WeightMask And(WeightMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        CheckLayout(other.Layout, nameof(other));
        bool[] both = [.. kept];
        for (int index = 0; index < both.Length; index++)
            both[index] &= other.kept[index];
        return Taking(Layout, both);
    }

    /// <summary>Sets the dead values to zero, in place.</summary>
    /// <exception cref="ArgumentException">The weights have another layout.</exception>
    public void Apply(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        CheckLayout(weights.Layout, nameof(weights));
        Apply(weights.Values);
    }

    /// <summary>
    /// Sets the dead values to zero, in place; for gradients and an optimizer's moments, which come as bare values.
    /// </summary>
    /// <exception cref="ArgumentException">There are more or fewer values than the layout has.</exception>
    public void Apply(Span<float> values)
    {
        if (values.Length != kept.Length)
            throw new ArgumentException($"The mask is for {kept.Length} values, but {values.Length} were given.", nameof(values));
        int index = 0;
        for (var bits = MemoryMarshal.Cast<float, uint>(values); index + Vector512<byte>.Count <= values.Length;
            index += Vector512<byte>.Count)
            Clear(bits.Slice(index, Vector512<byte>.Count),
                Vector512.Create(MemoryMarshal.AsBytes<bool>(kept.AsSpan(index, Vector512<byte>.Count))));
        for (; index < values.Length; index++)
            values[index] = kept[index] ? values[index] : 0;
    }

    /// <summary>The same graph with its dead values at zero.</summary>
    /// <exception cref="ArgumentException">The graph has another layout.</exception>
    public ModelGraph Apply(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var weights = graph.ToWeights();
        Apply(weights);
        return graph.With(weights);
    }

    /// <inheritdoc/>
    public bool Equals(WeightMask? other) =>
        other is not null && Layout.Equals(other.Layout) && kept.AsSpan().SequenceEqual(other.kept);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as WeightMask);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Layout, Count);

    /// <summary>For example <c>8020 of 80202 values live</c>.</summary>
    public override string ToString() => $"{Count} of {Layout.Length} values live";

    /// <summary>Wraps the array without a copy.</summary>
    internal static WeightMask Taking(ModelLayout layout, bool[] kept) => new(layout, kept, owned: true);

    // 64 values: each 0 or 1 is widened to 32 bits, and minus one is all ones.
    static void Clear(Span<uint> values, Vector512<byte> kept)
    {
        var (low, high) = Vector512.Widen(kept);
        var (first, second) = Vector512.Widen(low);
        var (third, fourth) = Vector512.Widen(high);
        Clear(values, 0, first);
        Clear(values, 1, second);
        Clear(values, 2, third);
        Clear(values, 3, fourth);
    }

    static void Clear(Span<uint> values, int part, Vector512<uint> kept)
    {
        var place = values[(part * Vector512<uint>.Count)..];
        (Vector512.Create<uint>(place) & -kept).CopyTo(place);
    }

    void CheckLayout(ModelLayout layout, string argument)
    {
        if (!layout.Equals(Layout))
            throw new ArgumentException(
                $"The mask is for another layout: {Layout.Length} values in {Layout.Tensors.Count} tensors, not "
                    + $"{layout.Length} in {layout.Tensors.Count}.", argument);
    }
}

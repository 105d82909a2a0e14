using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests.Weights;

public class LayoutSliceTests
{
    static readonly ModelLayout Whole =
        ModelLayout.Of([("conv", [4, 3, 2, 2], TensorRole.Weight), ("bias", [4], TensorRole.Bias), ("scale", [], TensorRole.Step),
            ("dense", [5, 8], TensorRole.Weight)]);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Values_go_where_their_indices_say_and_come_back_from_there(int seed)
    {
        var kept = Kept(new RandomDraws(RandomKey.FromSeed((ulong)seed)));
        var slice = LayoutSlice.Of(Whole,
            kept.Select(entry => (entry.Key.Tensor, entry.Key.Axis, (IReadOnlyList<int>)entry.Value)));
        int[] places = [.. Places(kept)];
        Assert.Equal(places.Length, slice.Part.Length);
        var values = new long[Whole.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = 1000 + i;
        var part = new long[places.Length];
        slice.Gather<long>(values, part);
        Assert.Equal(places.Select(place => 1000L + place), part);

        long[] sum = [.. values];
        slice.AddTo<long>(part, sum);
        slice.AddTo(7L, sum);
        for (int i = 0; i < sum.Length; i++)
            Assert.Equal(places.Contains(i) ? 2 * values[i] + 7 : values[i], sum[i]);
    }

    [Fact]
    public void All_of_a_layout_is_the_layout()
    {
        var all = LayoutSlice.All(Whole);
        Assert.Equal(Whole, all.Part);
        int[] values = [.. Enumerable.Range(0, Whole.Length)], copy = new int[Whole.Length];
        all.Gather<int>(values, copy);
        Assert.Equal(values, copy);
    }

    [Fact]
    public void Names_roles_and_axes_stay()
    {
        var whole = ModelLayout.Of([("w", [4, 6], TensorRole.Weight, 1), ("s", [6], TensorRole.Statistic, 0)]);
        var part = LayoutSlice.Of(whole, [("w", 1, [0, 5]), ("s", 0, [0, 5])]).Part;
        Assert.Equal(ModelLayout.Of([("w", [4, 2], TensorRole.Weight, 1), ("s", [2], TensorRole.Statistic, 0)]), part);
    }

    [Fact]
    public void Indices_that_are_none_do_not_rise_or_are_not_there_are_refused_with_their_tensor()
    {
        foreach (int[] kept in (int[][])[[], [1, 1], [2, 1], [-1], [4]])
            Assert.Equal("The indices kept of axis 0 of 'bias' must rise, be one or more, and lie below 4.",
                Assert.Throws<ArgumentException>(() => LayoutSlice.Of(Whole, [("bias", 0, kept)])).Message);
        Assert.Equal("Tensor 'bias' has 1 axes, but indices of axis 1 were given.",
            Assert.Throws<ArgumentException>(() => LayoutSlice.Of(Whole, [("bias", 1, [0])])).Message);
        Assert.Contains("no tensor 'other'",
            Assert.Throws<ArgumentException>(() => LayoutSlice.Of(Whole, [("other", 0, [0])])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => LayoutSlice.All(Whole).Gather<int>(new int[3], new int[Whole.Length]));
    }

    static Dictionary<(string Tensor, int Axis), int[]> Kept(RandomDraws draws)
    {
        var kept = new Dictionary<(string, int), int[]>();
        foreach (var tensor in Whole.Tensors)
        {
            for (int axis = 0; axis < tensor.Shape.Count; axis++)
            {
                int[] indices = [.. Enumerable.Range(0, tensor.Shape[axis]).Where(_ => draws.NextInt(2) == 0)];
                if (indices.Length > 0 && draws.NextInt(2) == 0)
                    kept[(tensor.Name, axis)] = indices;
            }
        }

        return kept;
    }

    // One by one, the slow way.
    static IEnumerable<int> Places(Dictionary<(string Tensor, int Axis), int[]> kept)
    {
        foreach (var tensor in Whole.Tensors)
        {
            for (int i = 0; i < tensor.Length; i++)
            {
                bool stays = true;
                for (int axis = tensor.Shape.Count - 1, rest = i; axis >= 0; rest /= tensor.Shape[axis--])
                    stays &= !kept.TryGetValue((tensor.Name, axis), out int[]? indices)
                        || indices.Contains(rest % tensor.Shape[axis]);
                if (stays)
                    yield return tensor.Offset + i;
            }
        }
    }
}

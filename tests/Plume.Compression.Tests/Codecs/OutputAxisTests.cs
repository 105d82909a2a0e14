using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests.Codecs;

/// <summary>Steps along each axis: each output has its own, however far apart its values lie.</summary>
public class OutputAxisTests
{
    static readonly int[][] Shapes = [[70, 33], [9, 14, 5, 5], [300, 300], [4, 40, 7]];

    public static TheoryData<int, int> Cases
    {
        get
        {
            var cases = new TheoryData<int, int>();
            for (int shape = 0; shape < Shapes.Length; shape++)
            {
                for (int axis = 0; axis < Shapes[shape].Length; axis++)
                    cases.Add(shape, axis);
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void No_output_is_lost_beside_larger_ones(int shape, int axis)
    {
        int[] lengths = Shapes[shape];
        int inner = lengths[(axis + 1)..].Aggregate(1, (product, length) => product * length);
        var layout = ModelLayout.Of([("w", lengths, TensorRole.Weight, axis)]);
        float[] normal = Some.Normal(layout.Length),
            values = [.. normal.Select((value, i) => value * MathF.Pow(10, -(i / inner % lengths[axis] % 7)))];
        foreach (string line in new[] { "uniform(8, channel) | rans", "uniform(8, channel) | pack",
            "uniform(8, channel) | range" })
        {
            var codec = Codec.Parse(line);
            byte[] payload = new PayloadEncoder(codec, layout).Encode(values, new(1)).ToArray();
            Assert.Equal(payload, new PayloadEncoder(codec, layout) { Parallelism = 3 }.Encode(values, new(1)).ToArray());
            var decoded = new float[values.Length];
            new PayloadDecoder(codec, layout).Decode(payload, decoded, new(1));
            foreach (var places in Enumerable.Range(0, values.Length).GroupBy(i => i / inner % lengths[axis]))
            {
                float largest = places.Max(i => MathF.Abs(values[i]));
                Assert.InRange(places.Max(i => MathF.Abs(decoded[i] - values[i])), 0, largest / 127 / 2 * 1.0001f);
            }
        }
    }

    [Fact]
    public void An_axis_is_part_of_the_layout_and_of_a_file()
    {
        var rows = ModelLayout.Of([("w", [64, 64], TensorRole.Weight)]);
        var columns = ModelLayout.Of([("w", [64, 64], TensorRole.Weight, 1)]);
        Assert.NotEqual(rows, columns);
        Assert.NotEqual(rows.Fingerprint, columns.Fingerprint);
        Assert.Equal(columns, PlumeFile.Read(Some.PlumeFile("uniform(8, channel) | rans", columns).ToBytes()).Layout);
        Assert.Throws<ArgumentException>(() => ModelLayout.Of([("w", [64, 64], TensorRole.Weight, 2)]));
    }
}

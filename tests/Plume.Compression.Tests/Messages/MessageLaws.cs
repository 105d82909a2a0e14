using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Messages;

public class MessageLaws
{
    public static TheoryData<string, string> Lines { get; } = new()
    {
        { "pack", "pack" },
        { "feedback | topk(5%) | uniform(4) | rans", "feedback | topk(5%) | uniform(4) | rans" },
        { "deadzone(abs=0.01) | range", "rotate | uniform(4) | rans" },
        { "randk(10%) | pack", "feedback | lowrank | deadzone(abs=0.003) | range" },
    };

    static ModelLayout Layout { get; } =
        ModelLayout.Of([("dense", [60, 50], TensorRole.Weight), ("mean", [3], TensorRole.Statistic),
            ("bias", [50], TensorRole.Bias)]);

    static MessageShape Shape(string update, string control) => new(
        new MessagePart("update", Layout, Codec.Parse(update)),
        new MessagePart("control", Layout, Codec.Parse(control)),
        new MessagePart("steps", ModelLayout.Of([("steps", [1], TensorRole.Statistic)]), Codec.Parse("pack")));

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_message_of_one_part_is_that_parts_payload(string line, string _)
    {
        var (layout, codec) = (Layout, Codec.Parse(line));
        float[] values = Some.Normal(layout.Length), memory = new float[codec.MemoryLength(layout)], own = [.. memory];
        byte[] payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key(), memory).ToArray();
        var shape = new MessageShape(new MessagePart("update", layout, codec));
        Assert.Equal(payload, new MessageEncoder(shape, 2).Encode(values, Some.Key(), own).ToArray());
        Assert.Equal(memory, own);
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void Each_part_arrives_as_it_does_alone_and_leaves_its_own_residual(string update, string control)
    {
        var shape = Shape(update, control);
        float[] values = Some.Normal(shape.Length), memory = new float[shape.MemoryLength], decoded = new float[shape.Length];
        byte[] payload = new MessageEncoder(shape).Encode(values, Some.Key(), memory).ToArray();
        Assert.Equal(payload, new MessageEncoder(shape, 3).Encode(values, Some.Key(), new float[shape.MemoryLength]).ToArray());
        new MessageDecoder(shape, 2).Decode(payload, decoded, Some.Key());
        int offset = 0, kept = 0;
        foreach (var part in shape.Parts)
        {
            int length = part.Layout.Length, remembered = part.Codec.MemoryLength(part.Layout);
            float[] alone = new float[length], residual = new float[remembered];
            var key = offset == 0 ? Some.Key() : Some.Key().Fold(part.Name);
            var own = new PayloadEncoder(part.Codec, part.Layout).Encode(values.AsMemory(offset, length), key, residual);
            new PayloadDecoder(part.Codec, part.Layout).Decode(own, alone, key);
            Assert.Equal(alone, decoded[offset..(offset + length)]);
            Assert.Equal(residual, memory[kept..(kept + remembered)]);
            (offset, kept) = (offset + length, kept + remembered);
        }
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_message_adds_what_it_decodes_to_and_is_bounded_as_a_whole(string update, string control)
    {
        var shape = Shape(update, control);
        float[] values = Some.Normal(shape.Length), decoded = new float[shape.Length];
        byte[] payload = new MessageEncoder(shape).Encode(values, Some.Key(), new float[shape.MemoryLength]).ToArray();
        var decoder = new MessageDecoder(shape);
        decoder.Decode(payload, decoded, Some.Key());
        ExactSum sum = new(shape.Length, 2), expected = new(shape.Length, 2);
        double norm = decoder.AddTo(payload, sum, 0.75, Some.Key());
        expected.Add(0, decoded, 0.75);
        Assert.Equal(expected.Values.ToArray(), sum.Values.ToArray());
        Assert.Equal(Math.Sqrt(decoded.Sum(value => (double)value * value)), norm, norm * 1e-9);

        ExactSum bounded = new(shape.Length, 2), scaled = new(shape.Length, 2);
        Assert.Equal(norm, decoder.AddTo(payload, bounded, 0.75, Some.Key(), usualNorm: norm / 8, normFactor: 3));
        scaled.Add(0, decoded, 0.75 * ((norm / 8) / norm));
        Assert.Equal(scaled.Values.ToArray(), bounded.Values.ToArray());
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_damaged_message_is_refused_without_a_trace_or_decodes_to_finite_values(string update, string control)
    {
        var shape = Shape(update, control);
        byte[] payload = new MessageEncoder(shape).Encode(Some.Normal(shape.Length), Some.Key(), new float[shape.MemoryLength])
            .ToArray();
        var decoder = new MessageDecoder(shape);
        var random = new Random(7);
        int refused = 0;
        for (int trial = 0; trial < 300; trial++)
        {
            byte[] damaged = trial % 3 == 0 ? payload[..random.Next(payload.Length)] : [.. payload];
            for (int flips = trial % 3; flips > 0 && damaged.Length > 0; flips--)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            var sum = new ExactSum(shape.Length, 1);
            try
            {
                Assert.True(double.IsFinite(decoder.AddTo(damaged, sum, 1, Some.Key())));
            }
            catch (InvalidPayloadException)
            {
                refused++;
                Assert.False(sum.Values.ContainsAnyExcept(0L));
            }
        }

        Assert.InRange(refused, 100, 300);
    }

    [Fact]
    public void A_part_that_is_missing_or_too_much_is_refused_by_its_name()
    {
        var shape = Shape("pack", "pack");
        byte[] payload = new MessageEncoder(shape).Encode(Some.Normal(shape.Length), Some.Key()).ToArray();
        var decoder = new MessageDecoder(shape);
        var values = new float[shape.Length];
        Assert.Contains("steps",
            Assert.Throws<InvalidPayloadException>(() =>
                decoder.Decode(payload.AsMemory(0, payload.Length - 1), values, Some.Key())).Message, StringComparison.Ordinal);
        Assert.Contains("message",
            Assert.Throws<InvalidPayloadException>(() =>
                decoder.Decode(payload.Append((byte)0).ToArray(), values, Some.Key())).Message, StringComparison.Ordinal);
        Assert.All(values, value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_shape_needs_parts_of_different_names()
    {
        var part = new MessagePart("update", Layout, Codec.Parse("pack"));
        Assert.Throws<ArgumentException>(() => new MessageShape());
        Assert.Throws<ArgumentException>(() => new MessageShape(part, part));
    }
}

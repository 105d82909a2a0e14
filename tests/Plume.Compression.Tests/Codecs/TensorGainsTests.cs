using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Codecs;

/// <summary>What <c>auto</c> gives back of updates where a federation says its step.</summary>
public class TensorGainsTests
{
    static readonly ModelLayout Layout = ModelLayout.Of(
    [
        ("large.weight", [40, 30], TensorRole.Weight), ("large.bias", [40], TensorRole.Bias),
        ("small.weight", [50, 40], TensorRole.Weight), ("tiny.weight", [20, 10], TensorRole.Weight),
    ]);

    // Matrices of values beyond the step, about it, and below it.
    static readonly float[] Update = [.. Some.Laplace(Layout.Length, 3)
        .Select((value, i) => value * Scale(i))];

    public static TheoryData<string> Lines => ["auto | range", "auto | rans", "lowrank | auto | range"];

    public static TheoryData<string> LinesThatRemember => ["feedback | auto | range", "feedback(70%) | lowrank | auto | range"];

    public static TheoryData<string> AllLines => [.. Lines, .. LinesThatRemember];

    [Theory]
    [MemberData(nameof(Lines))]
    public void As_much_arrives_along_each_matrix_as_was_sent(string line)
    {
        var (decoded, _, codes) = Sent(line);

        Assert.InRange(codes[0], 0, 20);
        Assert.InRange(codes[1], 60, 254);
        for (int matrix = 0; matrix < 2; matrix++)
        {
            var tensor = Layout.Tensors[2 * matrix];
            Assert.InRange(Along(tensor, decoded) / Along(tensor, Update), 1 - 1.0 / 256, 1 + 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(LinesThatRemember))]
    public void What_feedback_keeps_of_a_matrix_has_no_more_energy_than_what_was_trained(string line)
    {
        var (decoded, memory, codes) = Sent(line);

        Assert.InRange(codes[1], 10, 254);
        for (int matrix = 0; matrix < 2; matrix++)
        {
            var tensor = Layout.Tensors[2 * matrix];
            Assert.InRange(Energy(tensor, memory) / Energy(tensor, Update), 0, 1);
            Assert.InRange(Along(tensor, decoded) / Along(tensor, Update), 0.8, 1 + 1e-6);
        }
    }

    [Theory]
    [InlineData("feedback | auto(1pt) | range")]
    [InlineData("feedback | lowrank | auto(1pt) | range")]
    public void Steps_that_follow_what_arrives_do_not_grow_where_a_client_takes_part_in_every_round(string line)
    {
        var codec = Codec.Parse(line);
        PayloadEncoder encoder = new(codec, Layout);
        PayloadDecoder decoder = new(codec, Layout);
        float[] memory = new float[Layout.Length], decoded = new float[Layout.Length];
        double spread = Math.Sqrt(Update.Sum(value => (double)value * value) / Layout.Length), first = spread;
        for (int round = 0; round < 60; round++)
        {
            float[] update = [.. Some.Laplace(Layout.Length, (ulong)(100 + round)).Select((value, i) => value * Scale(i))];
            decoder.Decode(encoder.Encode(update, Some.Key(), memory, step: codec.StepAt(spread)), decoded, Some.Key());
            spread = Math.Sqrt(decoded.Sum(value => (double)value * value) / Layout.Length);
        }

        Assert.InRange(spread / first, 0.5, 3);
    }

    [Fact]
    public void What_is_not_sent_at_all_stays_in_memory_and_vectors_have_no_gain()
    {
        var (decoded, memory, codes) = Sent("feedback | auto | range");
        var (bias, tiny) = (Layout.Tensors[1], Layout.Tensors[3]);

        Assert.Equal((3, 0), (codes.Length, codes[2]));
        Assert.Equal(Update[tiny.Offset..], memory[tiny.Offset..]);
        Assert.All(decoded[bias.Offset..(bias.Offset + bias.Length)],
            value => Assert.Equal(MathF.Round(value / Step), value / Step));
    }

    [Theory]
    [MemberData(nameof(AllLines))]
    public void A_sum_has_what_is_decoded(string line)
    {
        var (codec, payload) = (Codec.Parse(line), Encoded(line, []));
        float[] decoded = new float[Layout.Length];
        ExactSum ofPayload = new(Layout.Length, 1000), ofValues = new(Layout.Length, 1000);

        new PayloadDecoder(codec, Layout) { Parallelism = 2 }.Decode(payload, decoded, Some.Key());
        new PayloadDecoder(codec, Layout).AddTo(payload, ofPayload, 3, Some.Key());
        ofValues.Add(0, decoded, 3);

        Assert.Equal(ofValues.Values, ofPayload.Values);
        Assert.Equal(payload, Encoded(line, [], parallelism: 3));
    }

    [Fact]
    public void Nothing_that_a_gain_says_takes_values_out_of_a_floats_range()
    {
        var layout = ModelLayout.Of([("w", [30, 20], TensorRole.Weight)]);
        var codec = Codec.Parse("auto | range");
        float[] values = [.. Some.Laplace(layout.Length).Select(value => Math.Clamp(value * 1e38f, -3.4e38f, 3.4e38f))],
            decoded = new float[layout.Length];
        byte[] payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key(), step: 1e33f).ToArray();

        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key());
        Assert.Equal(0, payload[6]);
        Assert.InRange(Some.Nmse(values, decoded), 0, 1e-6);
        payload[6] = 255;
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key());
        Assert.DoesNotContain(decoded, value => !float.IsFinite(value));
        Assert.Throws<InvalidPayloadException>(() =>
            new PayloadDecoder(codec, layout).AddTo(payload, new ExactSum(layout.Length, 1), 1, Some.Key()));
    }

    [Theory]
    [InlineData("delta | auto | range", 0)]
    [InlineData("deadzone(abs=1) | range", 0)]
    [InlineData("auto | rans", (byte)24)]
    public void Only_updates_by_auto_may_have_them(string line, byte form)
    {
        var codec = Codec.Parse(line);
        byte[] payload = [.. new PayloadEncoder(codec, Layout)
            .Encode(Update, Some.Key(), reference: new float[codec.UsesReference ? Layout.Length : 0], step: 1).ToArray()];
        byte[] marked = form == 0 ? [NewVersion, .. payload.AsSpan(1, 4), 16, .. payload.AsSpan(5)] : [.. payload];
        if (form != 0)
            marked[5] = form;

        Assert.Contains("form", Assert.Throws<InvalidPayloadException>(() => new PayloadDecoder(codec, Layout)
            .Decode(marked, new float[Layout.Length], Some.Key(), new float[codec.UsesReference ? Layout.Length : 0])).Message);
    }

    const byte NewVersion = 6;
    const float Step = 4;

    static (float[] Decoded, float[] Memory, byte[] Codes) Sent(string line)
    {
        var codec = Codec.Parse(line);
        float[] memory = new float[codec.MemoryLength(Layout)], decoded = new float[Layout.Length];
        byte[] payload = Encoded(line, memory);
        new PayloadDecoder(codec, Layout).Decode(payload, decoded, Some.Key());
        for (int i = 0; i < memory.Length; i++)
            Assert.Equal(Update[i] - decoded[i], memory[i]);
        return (decoded, memory, payload[6..9]);
    }

    static byte[] Encoded(string line, float[] memory, int parallelism = 1)
    {
        var codec = Codec.Parse(line);
        byte[] payload = new PayloadEncoder(codec, Layout) { Parallelism = parallelism }.Encode(Update, Some.Key(),
            memory.Length > 0 ? memory : new float[codec.MemoryLength(Layout)], step: Step).ToArray();
        Assert.Equal((NewVersion, 16), (payload[0], payload[5]));
        return payload;
    }

    static float Scale(int value) => value < 1240 ? 10 : value < 3240 ? 1 : 0.03f;

    static double Energy(TensorSpec tensor, float[] values) =>
        Enumerable.Range(tensor.Offset, tensor.Length).Sum(i => (double)values[i] * values[i]);

    static double Along(TensorSpec tensor, float[] values) =>
        Enumerable.Range(tensor.Offset, tensor.Length).Sum(i => (double)values[i] * Update[i]);
}

using CsCheck;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Codecs;

/// <summary>What becomes of normalizations and running statistics by <c>auto</c>, and by the codec of its sums.</summary>
public class NormalizationTests
{
    static readonly ModelLayout Layout = ModelLayout.Of(
    [
        ("conv.weight", [16, 8, 3, 3], TensorRole.Weight), ("norm.scale", [16], TensorRole.Normalization),
        ("norm.mean", [64], TensorRole.Statistic), ("norm.var", [64], TensorRole.Statistic), ("quantize.step", [1], TensorRole.Step),
    ]);

    static readonly TensorSpec Scale = Layout.Tensors[1], Mean = Layout.Tensors[2], Variance = Layout.Tensors[3],
        Step = Layout.Tensors[4];

    // Channels a thousand times as large as others, and two that do not move.
    static readonly float[] Update = [.. Some.Laplace(Layout.Length, 8)
        .Select((value, i) => i % 61 == 7 ? 0 : i < Mean.Offset ? value : value * MathF.Pow(10, i % 7 - 3))];

    static readonly Gen<float> Floats = Gen.UInt
        .Select(bits => BitConverter.UInt32BitsToSingle((bits & 0x7F80_0000) == 0x7F80_0000 ? bits & ~0x0080_0000u : bits));

    [Theory]
    [InlineData("auto | range", 1f / 4)]
    [InlineData("feedback | lowrank | auto | rans", 1f / 4)]
    [InlineData("auto | range", 1f / 32, false)]
    public void Statistics_of_an_update_arrive_between_nothing_and_what_they_are(string line, float most, bool isStepSaid = true)
    {
        var codec = Codec.Parse(line);
        var memory = new float[codec.MemoryLength(Layout)];
        var decoded = Sent(codec, Update, memory, step: isStepSaid ? 2 : null);

        Assert.All(Range(Mean).Concat(Range(Variance)), place =>
        {
            Assert.InRange(decoded[place] / (Update[place] == 0 ? 1 : Update[place]), Update[place] == 0 ? 0 : 1 - most, 1);
            Assert.True(memory.Length == 0 || memory[place] == 0);
        });
        Assert.Equal(Update[Step.Offset], decoded[Step.Offset]);
    }

    [Fact]
    public void A_variance_stays_above_zero_however_it_moves() => Gen.Select(Gen.Float[1e-20f, 1e20f], Gen.Float[1e-20f, 1e20f])
        .Array[Variance.Length].Sample(moves =>
        {
            float[] update = [.. Update];
            for (int i = 0; i < moves.Length; i++)
                update[Variance.Offset + i] = moves[i].Item2 - moves[i].Item1;
            var decoded = Sent(Codec.Parse("auto | range"), update, [], step: 2);
            for (int i = 0; i < moves.Length; i++)
            {
                var (before, after) = moves[i];
                float now = before + decoded[Variance.Offset + i];
                // What a float does not see of so small a change from so large a value is not the codec's.
                float whole = before + (after - before);
                Assert.InRange(now, Math.Min(before, whole), Math.Max(before, whole));
            }
        }, iter: 100);

    [Fact]
    public void Statistics_of_a_model_are_rounded_to_a_64th_of_each_whatever_was_there_before()
    {
        float[] decoded = Sent(Codec.Parse("delta | auto | range"), Update, [], [.. Some.Laplace(Layout.Length, 9)], step: 0.5f);
        Assert.All(Range(Mean).Concat(Range(Variance)), place =>
            Assert.InRange(Math.Abs(decoded[place] - Update[place]), 0, Math.Abs(Update[place]) / 64));
    }

    [Fact]
    public void By_the_codec_of_sums_no_bit_is_lost() => Floats.Array[Mean.Length + Variance.Length].Sample(statistics =>
    {
        float[] model = new float[Layout.Length];
        statistics.CopyTo(model, Mean.Offset);
        float[] decoded = Sent(Codec.Parse("deadzone(grid, exact) | rans"), model, []);
        Assert.Equal(model, decoded);
    }, iter: 200);

    [Theory]
    [InlineData("delta | auto | range")]
    [InlineData("delta | auto | rans")]
    [InlineData("delta | lowrank | auto | range")]
    public void Between_versions_scales_and_shifts_have_a_quarter_of_the_step_which_is_half_of_what_is_said(string line)
    {
        const float step = 0.5f;
        float[] before = [.. Enumerable.Repeat(0f, Layout.Length)];
        float[] decoded = Sent(Codec.Parse(line), Update, [], before, 2 * step);
        Assert.All(Range(Scale), place =>
        {
            Assert.InRange(Math.Abs(decoded[place] - Update[place]), 0, step / 8);
            Assert.Equal(MathF.Round(decoded[place] * 4 / step), decoded[place] * 4 / step);
        });
        Assert.Contains(Range(Scale), place => decoded[place] % step != 0);
        if (!line.Contains("lowrank", StringComparison.Ordinal))
            Assert.All(decoded[..Scale.Offset], value => Assert.Equal(0, value % step));
        float[] ofUpdate = Sent(Codec.Parse(line["delta | ".Length..]), Update, [], step: step);
        Assert.All(Range(Scale), place => Assert.Equal(0, ofUpdate[place] % step));
    }

    [Fact]
    public void Finer_steps_for_them_make_sums_no_finer_for_weights()
    {
        var codec = Codec.Parse("delta | deadzone(grid, exact) | range");
        float[] model = [.. Update.Select(static (value, i) => i < Scale.Offset ? MathF.Round(value)
            : i < Mean.Offset ? MathF.Round(4 * value) / 4 : 0)];
        float[] before = new float[Layout.Length];
        int fine = Encoded().Length;
        Assert.Equal(model, Sent(codec, model, [], before));
        foreach (int place in Range(Scale))
            model[place] = MathF.Round(model[place]);
        Assert.InRange(fine - Encoded().Length, 1, 2 * Scale.Length / 8 + 8);

        byte[] Encoded() => new PayloadEncoder(codec, Layout).Encode(model, Some.Key(), reference: before).ToArray();
    }

    [Fact]
    public void Statistics_cost_what_they_are_worth()
    {
        var codec = Codec.Parse("auto | range");
        var layout = ModelLayout.Of([.. Enumerable.Range(0, 14).Select(i => ($"norm{i}", new[] { 48 }, TensorRole.Statistic))]);
        float[] update = [.. Some.Laplace(layout.Length, 5)];
        var payload = new PayloadEncoder(codec, layout).Encode(update, Some.Key(), step: 1);
        var bits = new PayloadDecoder(codec, layout).MeasureTensors(payload, Some.Key());
        Assert.InRange(payload.Length, 350, layout.Length);
        Assert.InRange(8 * payload.Length - bits.Sum(), 0, 8 * 8);
    }

    [Fact]
    public void Damaged_statistics_are_refused_by_name()
    {
        var codec = Codec.Parse("auto | range");
        var layout = ModelLayout.Of([("v", [4], TensorRole.Statistic)]);
        byte[] payload = new PayloadEncoder(codec, layout).Encode(new float[] { 1, -2, 3, 4 }, Some.Key()).ToArray();
        var decoder = new PayloadDecoder(codec, layout);
        Assert.Equal([7, 32], [payload[0], payload[5]]);

        Assert.Equal("Payload field 'bits of statistics' at offset 6 is 24, but it must be at most 23.", Refused(6, 24));
        Assert.StartsWith("Payload field 'length of statistics' at offset 7 is 99", Refused(7, 99), StringComparison.Ordinal);

        string Refused(int at, byte value)
        {
            byte[] damaged = [.. payload];
            damaged[at] = value;
            return Assert.Throws<InvalidPayloadException>(() => decoder.Decode(damaged, new float[4], Some.Key())).Message;
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_statistic_that_is_no_number_is_refused(float value)
    {
        float[] update = [.. Update];
        update[Variance.Offset + 3] = value;
        Assert.Throws<NotFiniteException>(() => Sent(Codec.Parse("auto | range"), update, []));
    }

    static IEnumerable<int> Range(TensorSpec tensor) => Enumerable.Range(tensor.Offset, tensor.Length);

    static float[] Sent(Codec codec, float[] values, float[] memory, float[]? reference = null, float? step = null)
    {
        reference ??= [];
        var payload = new PayloadEncoder(codec, Layout).Encode(values, Some.Key(), memory, reference, step: step);
        var decoded = new float[Layout.Length];
        new PayloadDecoder(codec, Layout).Decode(payload, decoded, Some.Key(), reference);
        return decoded;
    }
}

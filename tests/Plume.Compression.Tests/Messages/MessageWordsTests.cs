using Plume.Compression.Codecs;
using Plume.Compression.Messages;

namespace Plume.Compression.Tests.Messages;

/// <summary>What sums of words promise.</summary>
public class MessageWordsTests
{
    [Theory]
    [InlineData("uniform(4, shared=0.25) | secure(7)")]
    [InlineData("clip(2) | randk(10%) | rotate | uniform(6, shared=0.03125) | secure(7)")]
    [InlineData("uniform(16, stochastic, shared=0.00390625) | secure(7)")]
    [InlineData("uniform(1, shared=1) | secure(7)")]
    [InlineData("mask | uniform(4, shared=0.25) | secure(7)")]
    public void The_sum_of_payloads_is_a_payload_of_the_sum(string line)
    {
        var shape = new MessageShape(new MessagePart("update", Some.Lenet, Codec.Parse(line)));
        // Every third value is alive.
        float[] reference = shape.UsesReference ? [.. Enumerable.Range(0, shape.Length).Select(i => i % 3 == 0 ? 1f : 0f)] : [];
        var words = new MessageWords(shape, reference);
        var encoder = new MessageEncoder(shape);
        var decoder = new MessageDecoder(shape);
        float[] expected = new float[shape.Length], decoded = new float[shape.Length];
        var sum = new uint[words.Runs.Sum(run => run.Count)];
        for (int sender = 0; sender < 7; sender++)
        {
            byte[] payload = encoder.Encode(Some.Normal(shape.Length, (ulong)sender), Some.Key(),
                reference: reference, rounding: Some.Key((ulong)sender + 90)).ToArray();
            Assert.Equal(payload, words.Write(words.Read(payload)));
            decoder.Decode(payload, decoded, Some.Key(), reference);
            System.Numerics.Tensors.TensorPrimitives.Add(expected, decoded, expected);
            System.Numerics.Tensors.TensorPrimitives.Add(sum, words.Read(payload), sum);
        }

        decoder.Decode(words.Write(sum), decoded, Some.Key(), reference);
        for (int i = 0; i < decoded.Length; i++)
            Assert.Equal(expected[i], decoded[i], 1e-4f);
    }

    [Fact]
    public void Senders_of_one_key_round_each_for_itself()
    {
        var shape = new MessageShape(
            new MessagePart("update", Some.Vector(1000), Codec.Parse("uniform(4, stochastic, shared=0.5) | secure(2)")));
        var encoder = new MessageEncoder(shape);
        float[] values = Some.Normal(1000);
        byte[] first = encoder.Encode(values, Some.Key(), rounding: Some.Key(1)).ToArray(),
            second = encoder.Encode(values, Some.Key(), rounding: Some.Key(2)).ToArray();
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void A_round_gives_a_codec_the_numbers_that_it_leaves_open()
    {
        var open = Codec.Parse("randk(10%) | rotate | uniform(4, shared) | secure");
        Assert.True(open.NeedsRound);
        Assert.Contains("leaves the step", Assert.Throws<ArgumentException>(() => new PayloadEncoder(open, Some.Lenet)).Message);
        Assert.Equal("randk(10%) | rotate | uniform(4, shared=0.125) | secure(10)", open.ForRound(0.125f, 10).Text);
        Assert.False(open.ForRound(0.125f, 10).NeedsRound);
        Assert.Equal("randk(10%) | rotate | uniform(4, shared=0.125) | secure(10, norm=90, noise=95)",
            open.ForRound(0.125f, 10, norm: 90, noise: 95).Text);
    }

    [Theory]
    [InlineData("uniform(8, shared=0.01) | secure(7, norm=300)")]
    [InlineData("clip(3) | randk(10%) | rotate | uniform(4, stochastic, shared=0.03) | secure(7, norm=100)")]
    [InlineData("clip(3) | rotate | uniform(2, stochastic, shared=0.02) | secure(7, norm=150)")]
    [InlineData("feedback | clip(3) | rotate | uniform(16, shared=0.001) | secure(7, norm=3000)")]
    public void A_senders_levels_keep_to_their_norm_whatever_rounding_does(string line)
    {
        var shape = new MessageShape(new MessagePart("update", Some.Lenet, Codec.Parse(line)));
        var words = new MessageWords(shape);
        var encoder = new MessageEncoder(shape);
        long bound = line.Split("norm=")[1].TrimEnd(')') is var norm ? long.Parse(norm) * long.Parse(norm) : 0;
        long most = 0;
        foreach (float size in (float[])[1e-20f, 1e-3f, 0.05f, 1, 1e6f, 1e30f])
        {
            float[] values = [.. Some.Normal(shape.Length).Select(value => size * value)];
            float[] memory = new float[shape.MemoryLength];
            uint[] levels = words.Read(encoder.Encode(values, Some.Key(), memory).Span);
            long squares = 0;
            int place = 0;
            foreach (var (count, bits) in words.Runs)
            {
                foreach (uint word in levels.AsSpan(place, count))
                    squares += (long)((int)(word << (32 - bits)) >> (32 - bits)) * ((int)(word << (32 - bits)) >> (32 - bits));
                place += count;
            }

            Assert.InRange(squares, 0, bound);
            most = Math.Max(most, squares);
        }

        // And use it.
        Assert.InRange(most, 0.9 * bound, bound);
    }

    [Theory]
    [InlineData(8, 100, 2835, 17)]
    [InlineData(4, 100, 1000, 15)]
    [InlineData(4, 3, 1, 7)]
    [InlineData(16, 32_768, 1 << 24, 32)]
    public void A_word_is_wide_enough_for_noise(int bits, int senders, int noise, int width)
    {
        var shape = new MessageShape(new MessagePart("update", Some.Vector(300),
            Codec.Parse($"uniform({bits}, shared=1) | secure({senders}, noise={noise})")));
        Assert.Equal([(300, width)], new MessageWords(shape).Runs);
    }

    [Theory]
    [InlineData(4, 10, 8)]
    [InlineData(4, 9, 7)]
    [InlineData(8, 100, 15)]
    [InlineData(16, 1000, 26)]
    [InlineData(2, 100, 8)]
    public void A_word_is_as_wide_as_the_largest_sum_needs(int bits, int senders, int width)
    {
        var shape = new MessageShape(
            new MessagePart("update", Some.Vector(300), Codec.Parse($"uniform({bits}, shared=1) | secure({senders})")));
        Assert.Equal([(300, width)], new MessageWords(shape).Runs);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(26)]
    [InlineData(32)]
    public void The_largest_sums_do_not_wrap(int senders)
    {
        var shape = new MessageShape(
            new MessagePart("update", Some.Vector(300), Codec.Parse($"uniform(16, shared=1) | secure({senders})")));
        var words = new MessageWords(shape);
        foreach (float value in new[] { 1e9f, -1e9f })
        {
            uint[] one = words.Read(new MessageEncoder(shape).Encode(Enumerable.Repeat(value, 300).ToArray(), Some.Key()).Span);
            var decoded = new float[300];
            new MessageDecoder(shape).Decode(words.Write([.. one.Select(word => word * (uint)senders)]), decoded, Some.Key());
            Assert.All(decoded, sum => Assert.Equal(Math.Sign(value) * 32767f * senders, sum));
        }
    }
}

using Plume.Compression.Kernels;
using Plume.Compression.Kernels.RansCoding;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Kernels;

/// <summary>Every width that this machine has, against the loop that takes one token at a time.</summary>
public class RansStreamTests
{
    static readonly int[] StateCounts = [1, 2, 8, 16, 32];

    public static TheoryData<int, int, int> Streams
    {
        get
        {
            var data = new TheoryData<int, int, int>();
            foreach (int states in StateCounts)
            {
                foreach (int alphabet in new[] { 1, 2, 15, 17, 256 })
                {
                    foreach (int length in new[] { 0, 1, 31, 32, 1000, 20_011 })
                        data.Add(states, alphabet, length);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void All_widths_write_the_same_bytes_and_read_them_back(int states, int alphabet, int length)
    {
        var (tokens, encoding, decoding) = Case(alphabet, length, peak: 0.7);
        byte[] expected = Encode(states, RansWidth.One, (tokens, encoding));
        foreach (var width in Widths(RansEncoder.Widest))
            Assert.Equal(expected, Encode(states, width, (tokens, encoding)));
        foreach (var width in Widths(RansDecoder.Widest))
            Assert.Equal(tokens, Decode([.. expected, 1, 2, 3], states, width, expected.Length, (length, decoding))[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(32)]
    public void Runs_with_tables_of_their_own_share_the_states(int states)
    {
        var runs = new[] { (15, 5000), (1, 77), (256, 1), (3, 0), (60, 4099),
            (15, 33) }.Select(run => Case(run.Item1, run.Item2, 0.3)).ToArray();
        byte[] stream = Encode(states, RansWidth.One, [.. runs.Select(run => (run.Tokens, run.Encoding))]);
        foreach (var width in Widths(RansEncoder.Widest))
            Assert.Equal(stream, Encode(states, width, [.. runs.Select(run => (run.Tokens, run.Encoding))]));
        foreach (var width in Widths(RansDecoder.Widest))
            Assert.Equal(runs.Select(run => run.Tokens),
                Decode(stream, states, width, stream.Length, [.. runs.Select(run => (run.Tokens.Length, run.Decoding))]));
    }

    [Fact]
    public void A_stream_is_as_long_as_its_tokens_cost()
    {
        var (tokens, encoding, _) = Case(40, 200_000, 0.4);
        var counts = new int[256];
        Histogram.Count(tokens, counts);
        double bytes = (double)Shares.CostOf(counts, encoding.Frequency) / (8 << Information.FractionBits);
        foreach (int states in StateCounts)
            Assert.InRange(Encode(states, RansEncoder.Widest, (tokens, encoding)).Length - bytes, 0, bytes * 2e-4 + 4 * states);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(32)]
    public void All_widths_refuse_the_same_damaged_streams_in_the_same_words(int states)
    {
        var (tokens, encoding, decoding) = Case(30, 3000, 0.5);
        byte[] stream = Encode(states, RansWidth.One, (tokens, encoding));
        int refused = 0;
        foreach (byte[] damaged in Mutations.Of(stream, (ulong)states, 400))
        {
            string expected = Outcome(damaged, RansWidth.One);
            refused += expected.StartsWith("The payload", StringComparison.Ordinal)
                || expected.StartsWith("Payload", StringComparison.Ordinal) ? 1 : 0;
            foreach (var width in Widths(RansDecoder.Widest))
                Assert.Equal(expected, Outcome(damaged, width));
        }

        Assert.InRange(refused, 300, 400);

        string Outcome(byte[] bytes, RansWidth width)
        {
            try
            {
                return Convert.ToHexString(Decode(bytes, states, width, used: null, (tokens.Length, decoding))[0]);
            }
            catch (InvalidPayloadException refusal)
            {
                return refusal.Message;
            }
        }
    }

    [Fact]
    public void Random_words_decode_to_the_same_tokens_in_all_widths_and_never_past_their_end()
    {
        var (_, _, decoding) = Case(100, 1, 0.1);
        var draws = new RandomDraws(Some.Key(5));
        for (int attempt = 0; attempt < 300; attempt++)
        {
            int states = StateCounts[draws.NextInt(StateCounts.Length)];
            byte[] bytes = new byte[4 * states + draws.NextInt(200)];
            foreach (ref byte value in bytes.AsSpan())
                value = (byte)draws.NextInt(256);
            for (int s = 0; s < states; s++)
                bytes[4 * s + 3] |= 1;
            byte[]? expected = null;
            foreach (var width in Widths(RansDecoder.Widest))
            {
                var tokens = new byte[50 + attempt];
                try
                {
                    var decoder = new RansDecoder(bytes, 0, new uint[states], width);
                    decoder.Decode(tokens, decoding);
                }
                catch (InvalidPayloadException)
                {
                }

                expected ??= tokens;
                Assert.Equal(expected, tokens);
            }
        }
    }

    [Fact]
    public void Reciprocals_give_exact_quotients_of_all_values_that_a_state_may_hold()
    {
        for (uint frequency = 1; frequency <= FrequencyTable.Total; frequency++)
        {
            var code = new TokenCode((int)frequency, 0);
            foreach (ulong quotient in new ulong[] { 0, 1, 2, 0xFFFF, 0x10000, 0x7FFFF, 0x80001, 0xFFFFE, 0xFFFFF })
            {
                Assert.Equal(quotient, quotient * frequency * code.Reciprocal >> TokenCode.ReciprocalBits);
                Assert.Equal(quotient, (quotient * frequency + frequency - 1) * code.Reciprocal >> TokenCode.ReciprocalBits);
            }
        }
    }

    static IEnumerable<RansWidth> Widths(RansWidth widest) => Enum.GetValues<RansWidth>().Where(width => width <= widest);

    static (byte[] Tokens, FrequencyTable Encoding, FrequencyTable Decoding) Case(int alphabet, int length, double peak)
    {
        var draws = new RandomDraws(Some.Key((ulong)(alphabet * 31 + length)));
        var tokens = new byte[length];
        foreach (ref byte token in tokens.AsSpan())
            token = (byte)(draws.NextDouble() < peak ? alphabet / 2 : draws.NextInt(alphabet));
        var counts = new int[256];
        Histogram.Count(tokens, counts);
        counts.AsSpan(0, alphabet).Replace(0, 1);
        var tables = new TableAlphabet(256, null, MayBeRaw: false);
        return (tokens, FrequencyTableTests.Encoding(counts, tables, out byte[] bytes),
            FrequencyTableTests.Decoding(bytes, tables));
    }

    static byte[] Encode(int states, RansWidth width, params (byte[] Tokens, FrequencyTable Table)[] runs)
    {
        var output = new PayloadWriter();
        output.Bytes([1, 2, 3]);
        var encoder = new RansEncoder(output, runs.Sum(run => run.Tokens.Length), new uint[states], width);
        for (int run = runs.Length - 1; run >= 0; run--)
            encoder.Encode(runs[run].Tokens, runs[run].Table);
        encoder.Finish();
        Assert.Equal([1, 2, 3], output.Written[..3].ToArray());
        return output.Written[3..].ToArray();
    }

    static byte[][] Decode(byte[] stream, int states, RansWidth width, int? used,
        params (int Length, FrequencyTable Table)[] runs)
    {
        var decoder = new RansDecoder(stream, 0, new uint[states], width);
        var tokens = new byte[runs.Length][];
        for (int run = 0; run < runs.Length; run++)
            decoder.Decode(tokens[run] = new byte[runs[run].Length], runs[run].Table);
        int taken = decoder.Finish();
        Assert.Equal(used ?? taken, taken);
        return tokens;
    }
}

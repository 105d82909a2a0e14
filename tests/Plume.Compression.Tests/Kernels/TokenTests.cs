using System.Runtime.InteropServices;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.RansCoding;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Kernels;

/// <summary>How symbols, gaps and floats become tokens and come back; the fast loops against plain ones.</summary>
public class TokenTests
{
    static readonly int[] Lengths = [0, 1, 31, 63, 64, 65, 128, 1000, 65_536];

    [Theory]
    [InlineData(1, -1)]
    [InlineData(4, 7)]
    [InlineData(8, 127)]
    [InlineData(9, 255)]
    [InlineData(12, 2047)]
    [InlineData(16, 32_767)]
    [InlineData(16, 0)]
    [InlineData(13, -1)]
    public void Token_and_rest_are_the_symbol(int bits, int zero)
    {
        var map = new SymbolTokens(bits, zero);
        Assert.InRange(map.Alphabet, 2, 256);
        for (int symbol = 0; symbol < 1 << bits; symbol++)
        {
            int token = map.TokenOf[symbol], rest = symbol - map.Smallest[token];
            Assert.InRange(rest, 0, (1 << map.RestBits[token]) - 1);
            if (zero >= 0 && Math.Abs(symbol - zero) < 32)
                Assert.Equal(0, map.RestBits[token]);
        }

        Assert.Equal(zero < 0 ? -1 : map.TokenOf[zero], map.ZeroToken);
    }

    [Fact]
    public void Gaps_come_back()
    {
        var draws = new RandomDraws(Some.Key(4));
        foreach (double share in new[] { 0.0005, 0.01, 0.3, 1 })
        {
            ushort[] positions = [.. Enumerable.Range(0, 65_536).Where(_ => draws.NextDouble() < share)
                .Select(position => (ushort)position)];
            byte[] tokens = new byte[positions.Length];
            GapToken.Split(positions, tokens);
            var output = new PayloadWriter();
            var writer = new BitWriter(output);
            GapToken.WriteRests(ref writer, positions);
            writer.Flush();
            var reader = new BitReader(output.Written.Span, "rests");
            var back = new ushort[positions.Length];
            GapToken.Join(ref reader, tokens, back, 65_536);
            Assert.Equal(positions, back);
            Assert.Equal(output.Length, reader.End());
        }
    }

    [Fact]
    public void A_gap_beyond_the_end_is_refused()
    {
        var refusal = Assert.Throws<InvalidPayloadException>(() =>
        {
            var reader = new BitReader([], "rests");
            GapToken.Join(ref reader, [3, 5, 2], new ushort[3], 11);
        });
        Assert.Equal("Payload field 'position' at offset 2 is 12, but it must be below 11.", refusal.Message);
    }

    [Fact]
    public void Bytes_are_counted_one_by_one()
    {
        foreach (int length in Lengths)
        {
            byte[] bytes = MemoryMarshal.AsBytes(Some.Normal(length, 3).AsSpan()).ToArray();
            var counts = new int[256];
            Array.Fill(counts, 99);
            Histogram.Count(bytes, counts);
            var expected = new int[256];
            Array.ForEach(bytes, value => expected[value]++);
            Assert.Equal(expected, counts);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.02)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Non_zeros_are_found_in_order(double share)
    {
        var draws = new RandomDraws(Some.Key(6));
        foreach (int length in Lengths)
        {
            ushort[] wide = [.. Enumerable.Range(0, length)
                .Select(_ => (ushort)(draws.NextDouble() < share ? draws.NextInt(100) : 100))];
            byte[] narrow = Array.ConvertAll(wide, symbol => (byte)symbol);
            ushort[] expected = [.. Enumerable.Range(0, length).Where(i => wide[i] != 100).Select(i => (ushort)i)];
            Assert.Equal(expected.Length, NonZeros.Count<byte>(narrow, 100));
            Assert.Equal(expected.Length, NonZeros.Count<ushort>(wide, 100));
            var found = new ushort[expected.Length + NonZeros.Slack];
            NonZeros.Collect<byte>(narrow, 100, found);
            Assert.Equal(expected, found[..expected.Length]);
            found.AsSpan().Clear();
            NonZeros.Collect<ushort>(wide, 100, found);
            Assert.Equal(expected, found[..expected.Length]);
            long sum = wide.Sum(symbol => Math.Abs(symbol - 100));
            Assert.Equal(new Activity(length, expected.Length, sum), Activity.Of(narrow, 100));
            Assert.Equal(new Activity(length, expected.Length, sum), Activity.Of(wide, 100));
        }
    }

    [Fact]
    public void Planes_are_exponents_mantissas_and_signs()
    {
        foreach (int length in Lengths)
        {
            float[] values = Some.Normal(length, 8);
            uint[] bits = Array.ConvertAll(values, BitConverter.SingleToUInt32Bits), back = new uint[length];
            var planes = new byte[4 * length];
            BytePlanes.Split(bits, planes);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal((byte)(bits[i] >> 23), planes[3 * length + i]);
                Assert.Equal((byte)((bits[i] >> 15) & 0xFF), planes[2 * length + i]);
                Assert.Equal((byte)((bits[i] << 1) | (bits[i] >> 31)), planes[i]);
            }

            BytePlanes.Join(planes, back);
            Assert.Equal(bits, back);
        }
    }
}

using System.Runtime.Intrinsics;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Kernels;

public class WavefrontModelTests
{
    // Of some the rest of one that began before, in the middle of a row.
    static readonly (int Values, int RowLength, int FirstColumn, int Lag)[] Tensors =
        [(1, 64, 0, 2), (400, 25, 0, 5), (700, 512, 0, 2), (5200, 130, 77, 63), (70_000, 23_000, 9_000, 4), (9_000, 576, 575, 3),
            (900, 3, 2, 2), (40_000, 784, 100, 64)];

    [Theory]
    [InlineData(0)]
    [InlineData(0.02)]
    [InlineData(0.7)]
    [InlineData(40)]
    [InlineData(6e5)]
    public void Levels_come_back_whatever_their_spread(double spread)
    {
        int[] levels = Levels(spread), sent = [.. levels];
        var (first, second) = Encode(sent, chooses: false);
        Assert.Equal(levels, sent);
        Assert.Equal(levels, Decode(first, second));
    }

    [Fact]
    public void The_decoder_reads_the_levels_that_the_encoder_chose()
    {
        int[] values = Array.ConvertAll(Levels(1), level => level * 97), chosen = [.. values];
        var (first, second) = Encode(chosen, chooses: true);
        Assert.Equal(chosen, Decode(first, second));
        for (int i = 0; i < values.Length; i++)
        {
            int magnitude = Math.Abs(values[i]), nearest = (magnitude + 128) >> LevelModel.FractionBits;
            Assert.True(Math.Abs(chosen[i]) == nearest || Math.Abs(chosen[i]) == Math.Max(0, nearest - 1) || chosen[i] == 0);
            Assert.True(chosen[i] == 0 || Math.Sign(chosen[i]) == Math.Sign(values[i]));
        }
    }

    [Fact]
    public void Any_bytes_decode_to_levels_within_bounds_or_are_refused()
    {
        var draws = new RandomDraws(Some.Key(4));
        for (int attempt = 0; attempt < 8; attempt++)
        {
            byte[] first = Bytes(attempt), second = Bytes(attempt);
            try
            {
                Assert.All(Decode(first, second), level => Assert.InRange(level, -LevelModel.Largest, LevelModel.Largest));
            }
            catch (InvalidPayloadException)
            {
            }
        }

        byte[] Bytes(int attempt)
        {
            byte[] bytes = new byte[draws.NextInt(3000)];
            foreach (ref byte value in bytes.AsSpan())
                value = (byte)draws.NextInt(attempt % 2 == 0 ? 256 : 2);
            return bytes;
        }
    }

    // A hash of the bytes, not the bytes. It holds on every instruction set.
    [Fact]
    public void The_bytes_are_the_same_on_every_machine()
    {
        var (first, second) = Encode(Array.ConvertAll(Levels(1), level => level * 97), chooses: true);
        Assert.Equal("2395 638 418d2993e417f4a1",
            $"{first.Length} {second.Length} {System.IO.Hashing.XxHash64.HashToUInt64([.. first, .. second]):x16}");
    }

    [Theory]
    [InlineData(1, 0.01)]
    [InlineData(8, 0.015)]
    [InlineData(200, 0.03)]
    public void A_long_run_of_one_source_takes_little_more_than_its_entropy(int scarcity, double more)
    {
        var (levels, entropy) = SomeLevels.OfOneSource(scarcity);
        PayloadWriter one = new(), two = new();
        RangeEncoder first = new(one), second = new(two);
        var model = new WavefrontModel();
        model.Clear();
        model.Code(ref first, ref second, levels, 512, 0, 2, chooses: false);
        first.Finish();
        second.Finish();
        Assert.InRange(8 * (one.Length + two.Length), entropy, entropy * (1 + more));
    }

    // Row after row is what side by side must be like: the same neighbours, whichever lane is where.
    [Fact]
    public void A_lane_sees_the_neighbours_that_its_row_has()
    {
        foreach (var (values, rowLength, firstColumn, lag) in Tensors)
        {
            int width = WavefrontRows.WidthOf(rowLength), first = firstColumn % width;
            var draws = new RandomDraws(Some.Key(11));
            int[] levels = [.. Enumerable.Range(0, values).Select(_ => draws.NextInt(3) == 0 ? draws.NextInt(9) - 4 : 0)];
            var rows = new WavefrontRows();
            rows.Clear();
            rows.Begin(width, first, lag, values);
            int seen = 0;
            while (rows.Advance())
            {
                var found = new short[WavefrontRows.Lanes];
                for (int lane = 0; lane < WavefrontRows.Lanes; lane++)
                {
                    if ((rows.Active >> lane & 1) == 0)
                        continue;
                    int index = rows.IndexOf(lane), column = (index + first) % width;
                    int one = At(index, column, -1), lagged = At(index, column, -lag), above = Above(index, 0),
                        energy = 2 * above + (column > 0 ? Above(index, -1) : 0) + (column < width - 1 ? Above(index, 1) : 0)
                            + 4 * (one + lagged) + 2 * (At(index, column, -2) + At(index, column, -2 * lag)),
                        place = rows.Contexts[lane];
                    Assert.Equal(WavefrontRows.ByNeighbours + 9 * Math.Min(one, 2) + 3 * Math.Min(lagged, 2) + Math.Min(above, 2),
                        rows.Contexts[WavefrontRows.Lanes + lane]);
                    Assert.Equal(WavefrontRows.ByBoth + 16 * (place >> 1) + LevelModel.EnergyBins[energy],
                        rows.Contexts[2 * WavefrontRows.Lanes + lane]);
                    found[lane] = (short)levels[index];
                    if (levels[index] != 0)
                        rows.Note(lane, Math.Abs(levels[index]));
                    seen++;
                }

                rows.Leave(Vector256.Create<short>(found));
            }

            Assert.Equal(values, seen);

            int At(int index, int column, int offset) =>
                column + offset >= 0 && index + offset >= 0 ? Math.Abs(levels[index + offset]) : 0;

            int Above(int index, int offset) =>
                index - width + offset >= 0 ? Math.Abs(levels[index - width + offset]) : 0;
        }
    }

    static int[] Levels(double spread) => SomeLevels.Of(Tensors.Sum(tensor => tensor.Values), spread);

    static (byte[] First, byte[] Second) Encode(int[] levels, bool chooses)
    {
        PayloadWriter one = new(), two = new();
        RangeEncoder first = new(one), second = new(two);
        Code(ref first, ref second, levels, chooses);
        first.Finish();
        second.Finish();
        return (one.Written.ToArray(), two.Written.ToArray());
    }

    static int[] Decode(ReadOnlySpan<byte> one, ReadOnlySpan<byte> two)
    {
        RangeDecoder first = new(one), second = new(two);
        var levels = new int[Tensors.Sum(tensor => tensor.Values)];
        Code(ref first, ref second, levels, chooses: false);
        first.Finish();
        second.Finish();
        return levels;
    }

    static void Code<TCoder>(ref TCoder first, ref TCoder second, int[] levels, bool chooses)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        var model = new WavefrontModel();
        model.Clear();
        int start = 0;
        foreach (var (values, rowLength, firstColumn, lag) in Tensors)
        {
            int width = WavefrontRows.WidthOf(rowLength);
            model.Code(ref first, ref second, levels.AsSpan(start, values), width, firstColumn % width, lag, chooses);
            start += values;
        }
    }
}

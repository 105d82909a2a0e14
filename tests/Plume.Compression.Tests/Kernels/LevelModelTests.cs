using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Kernels;

public class LevelModelTests
{
    static readonly (int Rows, int Width, int Lag, int Kind)[] Tensors =
        [(1, 1, 2, 7), (16, 25, 5, 0), (1, 700, 2, 7), (40, 130, 63, 1), (3, 70_000, 4, 6), (300, 3, 2, 2)];

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.02, false)]
    [InlineData(0.7, false)]
    [InlineData(40, false)]
    [InlineData(6e5, false)]
    [InlineData(0, true)]
    [InlineData(0.02, true)]
    [InlineData(0.7, true)]
    [InlineData(40, true)]
    [InlineData(6e5, true)]
    public void Levels_come_back_whatever_their_spread(double spread, bool isLong)
    {
        var levels = Levels(spread);
        var output = new PayloadWriter();
        int[] sent = [.. levels];
        Encode(output, sent, chooses: false, isLong);
        Assert.Equal(levels, sent);
        Assert.Equal(levels, Decode(output.Written.Span, isLong));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_decoder_reads_the_levels_that_the_encoder_chose(bool isLong)
    {
        int[] values = Array.ConvertAll(Levels(1), level => level * 97);
        var output = new PayloadWriter();
        int[] chosen = [.. values];
        Encode(output, chosen, chooses: true, isLong);
        Assert.Equal(chosen, Decode(output.Written.Span, isLong));
        for (int i = 0; i < values.Length; i++)
        {
            int magnitude = Math.Abs(values[i]), nearest = (magnitude + 128) >> LevelModel.FractionBits;
            Assert.Contains(Math.Abs(chosen[i]), new[] { 0, nearest, Math.Max(0, nearest - 1) });
            Assert.True(chosen[i] == 0 || Math.Sign(chosen[i]) == Math.Sign(values[i]));
        }
    }

    [Fact]
    public void Any_bytes_decode_to_levels_within_bounds_or_are_refused()
    {
        var draws = new RandomDraws(Some.Key(4));
        for (int attempt = 0; attempt < 20; attempt++)
        {
            byte[] bytes = new byte[draws.NextInt(3000)];
            foreach (ref byte value in bytes.AsSpan())
                value = (byte)draws.NextInt(attempt % 2 == 0 ? 256 : 2);
            try
            {
                Assert.All(Decode(bytes, attempt % 4 < 2),
                    level => Assert.InRange(level, -LevelModel.Largest, LevelModel.Largest));
            }
            catch (InvalidPayloadException)
            {
            }
        }
    }

    [Fact]
    public void A_code_never_ends_with_zeros_and_takes_no_more_bytes()
    {
        var output = new PayloadWriter();
        Encode(output, Levels(0.5), chooses: false, isLong: false);
        Assert.NotEqual(0, output.Written.Span[^1]);
        byte[] longer = [.. output.Written.Span, 0], longest = [.. output.Written.Span, 0, 0, 0, 0, 0, 0, 0, 1];
        Assert.Contains("must not end with zeros", Assert.Throws<InvalidPayloadException>(() => Decode(longer, isLong: false)).Message);
        Assert.Throws<InvalidPayloadException>(() => Decode(longest, isLong: false));
    }

    // A hash of the bytes, not the bytes: this run codes 200,000 levels. It holds on every instruction set.
    [Theory]
    [InlineData(false, "5274 3bcd73baa5f17a77")]
    [InlineData(true, "5133 6983d8d2b3fde084")]
    public void The_bytes_are_the_same_on_every_machine(bool isLong, string expected)
    {
        var output = new PayloadWriter();
        Encode(output, Array.ConvertAll(Levels(1), level => level * 97), chooses: true, isLong);
        Assert.Equal(expected, $"{output.Length} {System.IO.Hashing.XxHash64.HashToUInt64(output.Written.Span):x16}");
    }

    [Theory]
    [InlineData(1, 0.01)]
    [InlineData(8, 0.015)]
    [InlineData(200, 0.03)]
    public void A_long_run_of_one_source_takes_little_more_than_its_entropy(int scarcity, double more)
    {
        var (levels, entropy) = SomeLevels.OfOneSource(scarcity);
        var output = new PayloadWriter();
        var model = new LogisticModel();
        var coder = new RangeEncoder(output);
        model.Clear();
        model.Begin(512, 0, 2);
        model.Code(ref coder, levels, chooses: false);
        coder.Finish();
        Assert.InRange(8 * output.Length, entropy, entropy * (1 + more));
    }

    static int[] Levels(double spread) => SomeLevels.Of(Tensors.Sum(tensor => tensor.Rows * tensor.Width), spread);

    // In uneven pieces, as blocks cut tensors.
    static IEnumerable<(Range Values, int Width, int Lag, int Kind, bool Begins)> Pieces()
    {
        int start = 0;
        foreach (var (rows, width, lag, kind) in Tensors)
        {
            int first = rows * width / 3, length = rows * width;
            yield return (start..(start + first), width, lag, kind, true);
            yield return ((start + first)..(start + length), width, lag, kind, false);
            start += length;
        }
    }

    static void Encode(PayloadWriter output, int[] levels, bool chooses, bool isLong)
    {
        var coder = new RangeEncoder(output);
        Code(ref coder, levels, chooses, isLong);
        coder.Finish();
    }

    static int[] Decode(ReadOnlySpan<byte> input, bool isLong)
    {
        var coder = new RangeDecoder(input);
        var levels = new int[Tensors.Sum(tensor => tensor.Rows * tensor.Width)];
        Code(ref coder, levels, chooses: false, isLong);
        coder.Finish();
        return levels;
    }

    static void Code<TCoder>(ref TCoder coder, int[] levels, bool chooses, bool isLong)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        var ofShort = new LevelModel();
        var ofLong = new LogisticModel();
        ofShort.Clear();
        ofLong.Clear();
        foreach (var (values, width, lag, kind, begins) in Pieces())
        {
            if (begins && isLong)
                ofLong.Begin(width, 0, lag);
            else if (begins)
                ofShort.Begin(width, 0, lag, kind);
            if (isLong)
                ofLong.Code(ref coder, levels.AsSpan(values), chooses);
            else
                ofShort.Code(ref coder, levels.AsSpan(values), chooses);
        }
    }
}

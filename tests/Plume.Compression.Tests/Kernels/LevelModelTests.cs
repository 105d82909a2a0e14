using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Kernels;

public class LevelModelTests
{
    static readonly (int Rows, int Width, int Lag, int Kind)[] Tensors =
        [(1, 1, 2, 7), (16, 25, 5, 0), (1, 700, 2, 7), (40, 130, 63, 1), (3, 70_000, 4, 6), (300, 3, 2, 2)];

    [Theory]
    [InlineData(0)]
    [InlineData(0.02)]
    [InlineData(0.7)]
    [InlineData(40)]
    [InlineData(6e5)]
    public void Levels_come_back_whatever_their_spread(double spread)
    {
        var levels = Levels(spread);
        var output = new PayloadWriter();
        int[] sent = [.. levels];
        Encode(output, sent, chooses: false);
        Assert.Equal(levels, sent);
        Assert.Equal(levels, Decode(output.Written.Span));
    }

    [Fact]
    public void The_decoder_reads_the_levels_that_the_encoder_chose()
    {
        int[] values = Array.ConvertAll(Levels(1), level => level * 97);
        var output = new PayloadWriter();
        int[] chosen = [.. values];
        Encode(output, chosen, chooses: true);
        Assert.Equal(chosen, Decode(output.Written.Span));
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
                Assert.All(Decode(bytes), level => Assert.InRange(level, -LevelModel.Largest, LevelModel.Largest));
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
        Encode(output, Levels(0.5), chooses: false);
        Assert.NotEqual(0, output.Written.Span[^1]);
        byte[] longer = [.. output.Written.Span, 0], longest = [.. output.Written.Span, 0, 0, 0, 0, 0, 0, 0, 1];
        Assert.Contains("must not end with zeros", Assert.Throws<InvalidPayloadException>(() => Decode(longer)).Message);
        Assert.Throws<InvalidPayloadException>(() => Decode(longest));
    }

    // A hash of the bytes, not the bytes: this run codes 200,000 levels. It holds on every instruction set.
    [Fact]
    public void The_bytes_are_the_same_on_every_machine()
    {
        var output = new PayloadWriter();
        Encode(output, Array.ConvertAll(Levels(1), level => level * 97), chooses: true);
        Assert.Equal("5274 3bcd73baa5f17a77",
            $"{output.Length} {System.IO.Hashing.XxHash64.HashToUInt64(output.Written.Span):x16}");
    }

    static int[] Levels(double spread)
    {
        var draws = new RandomDraws(Some.Key(7));
        var levels = new int[Tensors.Sum(tensor => tensor.Rows * tensor.Width)];
        for (int i = 0; i < levels.Length; i++)
        {
            // Whole numbers and one multiplication: the input must be the same everywhere too.
            int draw = draws.NextInt(1000) - draws.NextInt(1000);
            levels[i] = (int)(draw * spread * (i % 11 == 0 ? 3 : 1) / 500);
        }

        return levels;
    }

    static void Encode(PayloadWriter output, int[] levels, bool chooses)
    {
        var model = new LevelModel();
        model.Clear();
        var coder = new RangeEncoder(output);
        int start = 0;
        foreach (var (rows, width, lag, kind) in Tensors)
        {
            model.Begin(width, 0, lag, kind);
            // In uneven pieces, as blocks cut tensors.
            int first = rows * width / 3, length = rows * width;
            model.Code(ref coder, levels.AsSpan(start, first), chooses);
            model.Code(ref coder, levels.AsSpan(start + first, length - first), chooses);
            start += length;
        }

        coder.Finish();
    }

    static int[] Decode(ReadOnlySpan<byte> input)
    {
        var model = new LevelModel();
        model.Clear();
        var coder = new RangeDecoder(input);
        var levels = new int[Tensors.Sum(tensor => tensor.Rows * tensor.Width)];
        int start = 0;
        foreach (var (rows, width, lag, kind) in Tensors)
        {
            model.Begin(width, 0, lag, kind);
            model.Code(ref coder, levels.AsSpan(start, rows * width), chooses: false);
            start += rows * width;
        }

        coder.Finish();
        return levels;
    }
}

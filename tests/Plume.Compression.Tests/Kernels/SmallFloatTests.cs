using Plume.Compression.Kernels.Levels;

namespace Plume.Compression.Tests.Kernels;

public class SmallFloatTests
{
    [Fact]
    public void Half_floats_are_those_of_the_runtime_up_to_the_largest()
    {
        foreach (float value in Values(65_504))
        {
            uint expected = BitConverter.HalfToUInt16Bits((Half)Math.Clamp(value, -65_504, 65_504));
            Assert.Equal(expected == 0x8000 ? 0 : expected, SmallFloat.Half.SymbolOf(value));
        }

        for (uint symbol = 0; symbol <= SmallFloat.Half.LargestSymbol; symbol++)
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)symbol), SmallFloat.Half.ValueOf(symbol));
    }

    [Theory]
    [InlineData("half", 10, -14, 65_504, 0x7BFF)]
    [InlineData("brain", 7, -126, 3.3895314e38, 0x7F7F)]
    [InlineData("e4m3", 3, -6, 448, 0x7E)]
    [InlineData("e5m2", 2, -14, 57_344, 0x7B)]
    public void A_float_is_rounded_to_the_nearest_even_in_its_binade(string name, int mantissaBits, int smallestExponent,
        double largest, int largestSymbol)
    {
        var format = Format(name);
        Assert.Equal(largest, format.Largest, largest * 1e-7);
        Assert.Equal((uint)largestSymbol, format.LargestSymbol);
        foreach (float value in Values(format.Largest))
        {
            double magnitude = Math.Min(Math.Abs((double)value), format.Largest);
            int exponent = magnitude == 0 ? smallestExponent : Math.Max(smallestExponent, (int)Math.Floor(Math.Log2(magnitude)));
            double spacing = Math.ScaleB(1, exponent - mantissaBits);
            double expected = Math.Round(magnitude / spacing) * spacing * Math.Sign(value);
            Assert.Equal(expected, format.ValueOf(format.SymbolOf(value)));
        }
    }

    [Theory]
    [InlineData("half")]
    [InlineData("brain")]
    [InlineData("e4m3")]
    [InlineData("e5m2")]
    public void Every_symbol_of_a_finite_number_comes_back_and_others_count_as_the_largest(string name)
    {
        var format = Format(name);
        uint sign = name is "half" or "brain" ? 0x8000u : 0x80u;
        for (uint magnitude = 0; magnitude < sign; magnitude++)
        {
            uint finite = Math.Min(magnitude, format.LargestSymbol);
            Assert.Equal(finite, format.SymbolOf(format.ValueOf(magnitude)));
            Assert.Equal(-format.ValueOf(magnitude), format.ValueOf(magnitude | sign));
            Assert.Equal(finite == 0 ? 0 : finite | sign, format.SymbolOf(-format.ValueOf(magnitude)));
        }
    }

    [Fact]
    public void Long_runs_are_coded_as_single_values_are()
    {
        float[] values = [.. Some.Laplace(1_001), 0, -0f, 1e-41f, 3e38f, -3e38f];
        var bytes = new byte[values.Length];
        var words = new ushort[values.Length];
        var decoded = new float[values.Length];
        SmallFloat.E4M3.Encode(values, 8, bytes);
        Assert.Equal(values.Select(value => (byte)SmallFloat.E4M3.SymbolOf(value * 8)), bytes);
        SmallFloat.E4M3.Decode(bytes, 0.125f, decoded);
        Assert.Equal(bytes.Select(symbol => SmallFloat.E4M3.ValueOf(symbol) * 0.125f), decoded);
        SmallFloat.Brain.Encode(values, words);
        Assert.Equal(values.Select(value => (ushort)SmallFloat.Brain.SymbolOf(value)), words);
        SmallFloat.Brain.Decode(words, SmallFloat.Brain.LargestSymbol, decoded);
        Assert.Equal(words.Select(symbol => SmallFloat.Brain.ValueOf(symbol)), decoded);
    }

    static SmallFloat Format(string name) => name switch
    {
        "half" => SmallFloat.Half,
        "brain" => SmallFloat.Brain,
        "e4m3" => SmallFloat.E4M3,
        _ => SmallFloat.E5M2,
    };

    // Over the whole range and beyond, with ties and their neighbours.
    static IEnumerable<float> Values(float largest)
    {
        foreach (float value in Some.Normal(20_000))
            yield return value * MathF.ScaleB(1, (int)(value * 7919 % 40));
        for (uint bits = 0x7F000000; bits >= 0x00010000; bits -= 0x00010000)
        {
            float tie = BitConverter.UInt32BitsToSingle(bits);
            yield return tie;
            yield return -MathF.BitIncrement(tie);
            yield return MathF.BitDecrement(tie);
        }

        yield return 0;
        yield return -0f;
        yield return float.Epsilon;
        yield return largest;
        yield return MathF.BitIncrement(largest);
        yield return -float.MaxValue;
    }
}

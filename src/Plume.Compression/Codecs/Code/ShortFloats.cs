using System.Numerics;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Floats of which few significant bits are kept, each relative to its own size: running statistics, whose channels may differ
/// by thousands, and of which a variance that a common step rounded to zero would make a model blind.
/// </summary>
/// <remarks>
/// Of n bits behind the first the error is below 2^-n of a value, or half of that where it is rounded to the nearest. Towards
/// zero, an update leaves a statistic between what it was and what it has become, so that variances stay above zero.
/// <para>Exponents are coded as how far they are below the tensor's largest, by the range coder's model (<see cref="LevelModel"/>),
/// the bits behind the first as they are. Bytes: 2, a byte or so for two tensors, and for each value n bits, one for its sign
/// where signs differ, and two or three.</para>
/// </remarks>
sealed class ShortFloats(TensorSpec[] tensors)
{
    // Behind the first, in a float.
    const int AllBits = 23;
    const int LargestExponent = 254;
    const int UsualExponent = 127;
    const uint SignBit = 1u << 31;

    readonly LevelModel model = new();
    readonly PayloadWriter section = new();
    readonly uint[] values = new uint[tensors.Sum(static tensor => tensor.Length)];
    readonly int[] levels = new int[tensors.Max(static tensor => tensor.Length)];
    readonly int[] largest = new int[tensors.Length];
    int bits;

    /// <summary>Bytes of what was written or read last.</summary>
    public int Length { get; private set; }

    /// <summary>Values of all tensors.</summary>
    public int Count => values.Length;

    /// <summary>The fewest bits behind the first that lose nothing.</summary>
    /// <param name="model">All values of the layout.</param>
    public int LeastBits(ReadOnlySpan<float> model)
    {
        uint all = 0;
        foreach (var tensor in tensors)
        {
            foreach (float value in model.Slice(tensor.Offset, tensor.Length))
                all |= BitConverter.SingleToUInt32Bits(value);
        }

        return Math.Max(0, AllBits - BitOperations.TrailingZeroCount(all));
    }

    /// <summary>Writes the tensors.</summary>
    /// <param name="model">All values of the layout; finite.</param>
    /// <param name="kept">Bits behind the first that are kept.</param>
    /// <param name="isNearest">Whether a value is rounded to the nearest, rather than towards zero.</param>
    /// <param name="output">Where they go.</param>
    public void Write(ReadOnlySpan<float> model, int kept, bool isNearest, PayloadWriter output)
    {
        bits = kept;
        int place = 0;
        foreach (var tensor in tensors)
        {
            foreach (float value in model.Slice(tensor.Offset, tensor.Length))
                values[place++] = Shortened(BitConverter.SingleToUInt32Bits(value), isNearest);
        }

        section.Clear();
        var coder = new RangeEncoder(section);
        Code(ref coder);
        coder.Finish();
        int start = output.Length;
        output.UInt8((byte)bits);
        output.Varint(section.Length);
        output.Bytes(section.Written.Span);
        Length = output.Length - start;
    }

    /// <summary>Reads the tensors.</summary>
    /// <param name="input">Where they are.</param>
    /// <param name="model">Receives their values, among all of the layout.</param>
    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public void Read(ref PayloadReader input, Span<float> model)
    {
        int start = input.Offset;
        bits = input.UInt8("bits of statistics");
        if (bits > AllBits)
            throw InvalidPayloadException.Field("bits of statistics", start, bits, $"must be at most {AllBits}");
        var coder = new RangeDecoder(input.Bytes(input.Varint("length of statistics", 0, input.Left), "statistics"));
        Code(ref coder);
        coder.Finish();
        Length = input.Offset - start;
        int place = 0;
        foreach (var tensor in tensors)
        {
            foreach (ref float value in model.Slice(tensor.Offset, tensor.Length))
                value = BitConverter.UInt32BitsToSingle(values[place++]);
        }
    }

    // Half of what is cut off may carry into the exponent, but not beyond the largest.
    uint Shortened(uint value, bool isNearest)
    {
        int cut = AllBits - bits;
        uint mask = ~((1u << cut) - 1), rounded = (value + ((1u << cut) >> 1)) & mask;
        return isNearest && ExponentOf(rounded) <= LargestExponent ? rounded : value & mask;
    }

    void Code<TCoder>(ref TCoder coder) where TCoder : struct, ILevelCoder, allows ref struct
    {
        model.Clear();
        CodeLargest(ref coder);
        for (int index = 0, place = 0; index < tensors.Length; place += tensors[index++].Length)
            CodeTensor(ref coder, largest[index] + 1, values.AsSpan(place, tensors[index].Length));
    }

    // Each as what it is above that of the tensor before.
    void CodeLargest<TCoder>(ref TCoder coder) where TCoder : struct, ILevelCoder, allows ref struct
    {
        int before = UsualExponent;
        for (int index = 0, place = 0; TCoder.Encodes && index < tensors.Length; place += tensors[index++].Length)
        {
            int exponent = 0;
            foreach (uint value in values.AsSpan(place, tensors[index].Length))
                exponent = Math.Max(exponent, ExponentOf(value));
            (largest[index], before) = (exponent - before, exponent);
        }

        model.Begin(tensors.Length, 0, Lags.Shortest, 1);
        model.Code(ref coder, largest, chooses: false);
        int sum = UsualExponent;
        foreach (ref int exponent in largest.AsSpan())
        {
            exponent = sum += exponent;
            if (sum is < 0 or > LargestExponent)
                throw InvalidPayloadException.Field("exponent", 0, sum, $"must be in 0..{LargestExponent}");
        }
    }

    // Above all exponents of the tensor, so that a distance of zero is free for what has none.
    void CodeTensor<TCoder>(ref TCoder coder, int above, Span<uint> own)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        var below = levels.AsSpan(0, own.Length);
        for (int i = 0; TCoder.Encodes && i < own.Length; i++)
        {
            int distance = (own[i] & ~SignBit) == 0 ? 0 : above - ExponentOf(own[i]);
            below[i] = (own[i] & SignBit) == 0 ? distance : -distance;
        }

        model.Begin(own.Length, 0, Lags.Shortest, 0);
        model.Code(ref coder, below, chooses: false);
        for (int i = 0; i < own.Length; i++)
        {
            if (below[i] == 0)
            {
                own[i] = 0;
                continue;
            }

            int exponent = above - Math.Abs(below[i]);
            if (exponent < 0)
                throw InvalidPayloadException.Field("exponent", i, exponent, "must be at least 0");
            int cut = AllBits - bits;
            uint behind = ILevelCoder.CodeNumber(ref coder, own[i] >> cut, bits) << cut;
            own[i] = (below[i] < 0 ? SignBit : 0) | ((uint)exponent << AllBits) | behind;
        }
    }

    static int ExponentOf(uint value) => (int)(value >> AllBits) & 0xFF;
}

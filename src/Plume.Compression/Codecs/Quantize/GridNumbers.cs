using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>The numbers of a grid on the wire: finite and not negative.</summary>
static class GridNumbers
{
    const int ShortBits = 16;
    const uint LargestShort = 0x7F7F;

    /// <summary>
    /// The smallest number not below the value whose lower two bytes are zero; the largest such at the top of the range.
    /// </summary>
    public static float ShortenUp(float value)
    {
        uint upper = (BitConverter.SingleToUInt32Bits(value) + ((1u << ShortBits) - 1)) >> ShortBits;
        return BitConverter.UInt32BitsToSingle(Math.Min(upper, LargestShort) << ShortBits);
    }

    /// <summary>The upper two bytes.</summary>
    public static void WriteShort(float value, PayloadWriter writer) =>
        writer.UInt16((ushort)(BitConverter.SingleToUInt32Bits(value) >> ShortBits));

    /// <exception cref="InvalidPayloadException">The number is negative or not finite.</exception>
    public static float ReadShort(ref PayloadReader reader, string field)
    {
        int offset = reader.Offset;
        return Check(BitConverter.UInt32BitsToSingle((uint)reader.UInt16(field) << ShortBits), field, offset);
    }

    /// <exception cref="InvalidPayloadException">The number is negative or not finite.</exception>
    public static float ReadMagnitude(ref PayloadReader reader, string field)
    {
        int offset = reader.Offset;
        return Check(reader.FiniteSingle(field), field, offset);
    }

    static float Check(float value, string field, int offset) =>
        float.IsFinite(value) && value >= 0 ? value
            : throw InvalidPayloadException.Field(field, offset, value, "must be finite and not negative");
}

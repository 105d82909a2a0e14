namespace Plume.Models.Graph;

/// <summary>Levels of 4 bits, two in a byte: the first in the low half, as ONNX has it.</summary>
static class HalfBytes
{
    /// <summary>Packs the low halves; an odd one is followed by zero bits.</summary>
    public static byte[] Pack(ReadOnlySpan<byte> levels)
    {
        byte[] packed = new byte[(levels.Length + 1) / 2];
        for (int i = 0; i < levels.Length; i++)
            packed[i / 2] |= (byte)((levels[i] & 0xF) << (i % 2 * 4));
        return packed;
    }
}

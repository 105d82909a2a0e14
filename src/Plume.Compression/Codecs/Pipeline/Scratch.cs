namespace Plume.Compression.Codecs.Pipeline;

/// <summary>One worker's memory for what it needs only while it works on a block; it grows with what is asked for.</summary>
sealed class Scratch
{
    float[] values = [];
    ushort[] positions = [];
    byte[] symbols = [];

    /// <summary>As many as a loop has workers.</summary>
    public static Scratch[] For(ParallelLoop loop)
    {
        var all = new Scratch[loop.Workers];
        for (int worker = 0; worker < all.Length; worker++)
            all[worker] = new Scratch();
        return all;
    }

    public Span<float> Values(int count) => Of(ref values, count);

    public Span<ushort> Positions(int count) => Of(ref positions, count);

    public Span<byte> Symbols(int bytes) => Of(ref symbols, bytes);

    static Span<T> Of<T>(ref T[] array, int length)
    {
        if (array.Length < length)
            array = new T[length];
        return array.AsSpan(0, length);
    }
}

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>One worker's memory for what it needs only while it works on a block.</summary>
sealed class Scratch
{
    readonly float[] values = new float[BlockPlan.MaxLength];
    readonly ushort[] positions = new ushort[BlockPlan.MaxLength];
    byte[] symbols = [];

    /// <summary>As many workers' as a loop has.</summary>
    public static Scratch[] For(ParallelLoop loop)
    {
        var all = new Scratch[loop.Workers];
        for (int worker = 0; worker < all.Length; worker++)
            all[worker] = new Scratch();
        return all;
    }

    public Span<float> Values(int count) => values.AsSpan(0, count);

    public Span<ushort> Positions(int count) => positions.AsSpan(0, count);

    public Span<byte> Symbols(int bytes)
    {
        if (symbols.Length < bytes)
            symbols = new byte[bytes];
        return symbols.AsSpan(0, bytes);
    }
}

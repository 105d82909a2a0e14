using Plume.Compression.Codecs.Code.Entropy;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Kernels;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>A coded value whose level is beyond what its symbol says.</summary>
/// <param name="Place">Its number among the coded values of the block.</param>
/// <param name="Level">Its level.</param>
readonly record struct Escape(int Place, int Level);

/// <summary>One block's memory in an encoder or a decoder, kept and reused from payload to payload.</summary>
sealed class Block(BlockPlan plan)
{
    float[] kept = [];
    ushort[] positions = [];
    byte[] symbols = [];

    public BlockPlan Plan { get; } = plan;

    /// <summary>Whether only some values are coded; then <see cref="Positions"/> says which.</summary>
    public bool IsSparse { get; private set; }

    /// <summary>Number of coded values.</summary>
    public int Count { get; private set; }

    /// <summary>Bits that a symbol needs.</summary>
    public int SymbolBits { get; private set; }

    /// <summary>Bytes that a symbol takes in <see cref="Symbols"/>: 1, 2 or 4.</summary>
    public int SymbolBytes => BytesFor(SymbolBits);

    /// <summary>Index of the block's first grid, where grids are counted by block.</summary>
    public int FirstGrid { get; set; }

    /// <summary>What the quantizer gathered of each run of values that share a grid.</summary>
    public List<GridStatistics> Statistics { get; } = [];

    /// <summary>Levels beyond the symbols, in the order of their places.</summary>
    public List<Escape> Escapes { get; } = [];

    /// <summary>Values that no level holds, in the order of their places.</summary>
    public List<Outlier> Outliers { get; } = [];

    /// <summary>The coded bytes, on the encoding side.</summary>
    public PayloadWriter Output { get; } = new();

    /// <summary>Where the coded bytes lie: in the payload, or among the blocks.</summary>
    public Range Bytes { get; set; }

    /// <summary>Whether the code stage writes the positions of the kept values, as the gaps between them.</summary>
    public bool CodesGaps { get; private set; }

    /// <summary>Whether the code stage prepares the block only after it has seen all blocks.</summary>
    public bool Waits { get; set; }

    /// <summary>Of values equal to a threshold, how many the block may keep, while a select is at work.</summary>
    public int TiesLeft { get; set; }

    /// <summary>Ascending positions of the coded values, counted from the block's start.</summary>
    public Span<ushort> Positions => positions.AsSpan(0, IsSparse ? Count : 0);

    /// <summary>The coded values of a sparse block.</summary>
    public Span<float> Kept => kept.AsSpan(0, IsSparse ? Count : 0);

    /// <summary>The coded values as symbols, little-endian.</summary>
    public Span<byte> Symbols => symbols.AsSpan(0, Count * SymbolBytes);

    /// <summary>What the code stage keeps of the block, made when it is first asked for.</summary>
    public RansBlock Rans => field ??= new RansBlock();

    public static int BytesFor(int bits) => bits <= 8 ? 1 : bits <= 16 ? 2 : 4;

    public void MakeDense()
    {
        IsSparse = CodesGaps = false;
        Count = Plan.Length;
    }

    /// <summary>Makes room for a number of kept values; those that were there stay.</summary>
    public void MakeSparse(int count, bool codesGaps = true)
    {
        IsSparse = true;
        CodesGaps = codesGaps;
        Count = count;
        Grow(ref positions, count);
        Grow(ref kept, count);
    }

    /// <summary>Keeps these values.</summary>
    public void Keep(ReadOnlySpan<ushort> places, ReadOnlySpan<float> values)
    {
        MakeSparse(places.Length);
        places.CopyTo(positions);
        values.CopyTo(kept);
    }

    /// <summary>Keeps the values of the model whose magnitude reaches a bound.</summary>
    /// <param name="model">All values.</param>
    /// <param name="bound">As bits of a magnitude; at least 1.</param>
    /// <param name="scratch">Memory of the worker.</param>
    public void KeepAtLeast(ReadOnlySpan<float> model, uint bound, Scratch scratch)
    {
        var values = model.Slice(Plan.Start, Plan.Length);
        var places = scratch.Positions(values.Length);
        var reaching = scratch.Values(values.Length);
        int count = MagnitudeFilter.AtLeast(values, bound, places, reaching);
        Keep(places[..count], reaching[..count]);
    }

    public void MakeSymbols(int bits)
    {
        SymbolBits = bits;
        Grow(ref symbols, Count * SymbolBytes);
    }

    /// <summary>The values that are coded: all of the block's, or the kept ones.</summary>
    public ReadOnlySpan<float> Coded(ReadOnlySpan<float> model) => IsSparse ? Kept : model.Slice(Plan.Start, Plan.Length);

    /// <summary>Puts the kept values in their places, and zeros elsewhere.</summary>
    /// <param name="values">As many as the block has.</param>
    public void Scatter(Span<float> values)
    {
        values.Clear();
        for (int i = 0; i < Count; i++)
            values[positions[i]] = kept[i];
    }

    /// <summary>Puts outliers in their places, among coded values from one on.</summary>
    /// <param name="first">The number of the first of the values.</param>
    /// <param name="values">Some of the block's coded values.</param>
    public void PutOutliers(int first, Span<float> values)
    {
        int low = 0, high = Outliers.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = Outliers[middle].Place < first ? (middle + 1, high) : (low, middle);
        }

        for (; low < Outliers.Count && Outliers[low].Place < first + values.Length; low++)
            values[Outliers[low].Place - first] = Outliers[low].Value;
    }

    // A little more than asked for, so that a count that wavers from round to round does not allocate each time.
    static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
            Array.Resize(ref array, length + length / 4);
    }
}

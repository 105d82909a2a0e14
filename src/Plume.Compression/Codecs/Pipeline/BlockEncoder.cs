using Plume.Compression.Codecs.Allocate;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Kernels.Rotation;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>Whether the coded tensors can be coded.</summary>
enum BlockFit
{
    /// <summary>They can.</summary>
    Fits,

    /// <summary>A value is not finite.</summary>
    NotFinite,

    /// <summary>So much of it is out of the quantizer's range that floats cost less.</summary>
    Unfit,
}

/// <summary>
/// Encodes the tensors that every stage works on, block by block: first what is to be coded is found, then it is written.
/// </summary>
sealed class BlockEncoder
{
    /// <summary>Times that grids are fitted to what is left when outliers are taken out.</summary>
    const int MostFits = 8;

    // Times that values are scaled down before none is left.
    const int MostHolds = 12;

    readonly CodecPlan plan;
    readonly Block[] blocks;
    readonly BlockSelector? selector;
    readonly GridFitter fitter;
    readonly BlockCoder coder;
    readonly GridMap map;
    readonly Segments segments;
    readonly float outlierStep;
    readonly float floor;
    Scratch[] scratches = [];
    Grid[] grids = [];
    int gridCount;
    float[] tame = [];
    ReadOnlyMemory<float> source;

    public BlockEncoder(CodecPlan plan)
    {
        this.plan = plan;
        blocks = [.. plan.Blocks.Select(static block => new Block(block))];
        selector = plan.Codec.Selector?.CreateSelector(plan);
        fitter = plan.Quantizer.CreateFitter(plan);
        coder = plan.Codec.Coder.CreateCoder(plan);
        coder.LongRuns = plan.LongRuns;
        map = new GridMap(plan.Quantizer, [.. plan.Tensors(TensorTreatment.Coded)]);
        segments = new Segments(coder, blocks);
        // Where bytes are counted, what is so small counts as zero.
        floor = plan.Codec.Target is { Unit: not BudgetUnit.Nmse } ? 0 : plan.Quantizer.Floor;
        outlierStep = plan.Codec.ForSums is null ? 0 : plan.Codec.SumStep;
    }

    /// <summary>Runs work on blocks.</summary>
    public ParallelLoop Loop { get; set; } = new(1);

    /// <summary>Whether some values stand apart.</summary>
    public bool HasOutliers { get; private set; }

    /// <summary>Chooses values and fits grids.</summary>
    /// <param name="values">The model, or what transforms made of it.</param>
    /// <param name="key">Where stages draw from.</param>
    /// <param name="reference">What both ends hold; empty where the codec needs none.</param>
    public BlockFit Find(ReadOnlyMemory<float> values, RandomKey key, ReadOnlyMemory<float> reference)
    {
        HasOutliers = false;
        source = values;
        if (scratches.Length != Loop.Workers)
            scratches = Scratch.For(Loop);
        if (blocks.Length == 0)
            return BlockFit.Fits;
        Array.ForEach(blocks, static block => block.Outliers.Clear());
        if (selector is not null)
            selector.Select(values, blocks, new SelectContext(reference, key, Loop, scratches));
        else
            Array.ForEach(blocks, static block => block.MakeDense());
        if (plan.Codec.RotatesKept)
            Loop.Run(blocks.Length, (blocks, key),
                static (state, index, _) =>
                    RandomRotation.Rotate(state.blocks[index].Kept, Rotate.KeyOf(state.blocks[index].Plan, state.key)));
        gridCount = map.Number(blocks);
        if (grids.Length < gridCount)
            grids = new Grid[gridCount];
        for (int fits = 0; fits < MostFits; fits++)
        {
            if (!fitter.Fit(source, blocks, map, grids.AsMemory(0, gridCount), Loop))
                return BlockFit.NotFinite;
            if (fits == 0 && fitter.Largest > 0 && fitter.Largest < floor)
                return BlockFit.Unfit;
            if (!fitter.SomeAreBeyond)
                return BlockFit.Fits;
            TakeOutliers();
            if (OutlierBytes() > sizeof(float) * (long)plan.Layout.Length)
                return BlockFit.Unfit;
        }

        return BlockFit.Unfit;
    }

    /// <summary>
    /// Scales what was found down to a norm where it is above it, and further until its levels, as whole numbers, are not above
    /// it either: whatever rounding does, no payload says more.
    /// </summary>
    /// <param name="norm">In levels.</param>
    /// <param name="key">What rounds at random.</param>
    public void Hold(int norm, RandomKey key)
    {
        var levels = (SharedLevels)plan.Quantizer;
        double length = Math.Sqrt(blocks.Sum(block => LaneSums.OfSquares(block.Coded(source.Span)))), most = norm * levels.Step;
        if (length > most)
            Scale(most / length);
        long bound = (long)norm * norm, squares;
        // Each time by more, in the end to zeros.
        for (int times = 0; (squares = Squares()) > bound; times++)
            Scale(Math.Min(Math.Sqrt((double)bound / squares), 1 - Math.ScaleB(1, Math.Min(0, times - MostHolds))));

        long Squares() => blocks.Sum(block => levels.SquaresOf(block.Coded(source.Span), key, block.Plan.Start));
    }

    void Scale(double factor)
    {
        if (selector is null)
            MakeOwn();
        foreach (var block in blocks)
        {
            var values = block.IsSparse ? block.Kept : tame.AsSpan(block.Plan.Start, block.Plan.Length);
            foreach (ref float value in values)
                value = (float)(value * factor);
        }
    }

    /// <summary>Writes what was found.</summary>
    public void Write(RandomKey key, PayloadWriter output)
    {
        if (blocks.Length == 0)
            return;
        if (plan.SendsCounts)
            Array.ForEach(blocks, block => output.Varint(block.Count));
        for (int grid = 0; grid < gridCount; grid++)
            plan.Quantizer.Write(grids[grid], blocks[0].IsSparse, output);
        if (HasOutliers)
            Outliers.Write(blocks, output);
        if (plan.IsFixedWidth)
            WriteFixedWidth(key, output);
        else
            WriteSegments(key, output);
    }

    /// <summary>Puts what is to be coded in its place, and zeros in that of what a select dropped.</summary>
    /// <param name="values">The model; where nothing is to be changed, what was found holds already.</param>
    /// <param name="key">Where stages draw from.</param>
    public void Restore(Span<float> values, RandomKey key)
    {
        foreach (var block in blocks)
        {
            var target = values.Slice(block.Plan.Start, block.Plan.Length);
            if (!block.IsSparse)
            {
                block.PutOutliers(0, target);
                continue;
            }

            block.PutOutliers(0, block.Kept);
            if (plan.Codec.RotatesKept)
                RandomRotation.Unrotate(block.Kept, Rotate.KeyOf(block.Plan, key));
            block.Scatter(target);
        }
    }

    // The values belong to the caller, so what becomes of them stands in memory of our own.
    void MakeOwn()
    {
        if (tame.Length == 0)
            tame = new float[plan.Layout.Length];
        if (source.Equals((ReadOnlyMemory<float>)tame))
            return;
        source.CopyTo(tame);
        source = tame;
    }

    void TakeOutliers()
    {
        if (!HasOutliers && selector is null)
            MakeOwn();
        HasOutliers = true;
        Loop.Run(blocks.Length, this, static (self, index, _) =>
        {
            var block = self.blocks[index];
            var values = block.IsSparse ? block.Kept : self.tame.AsSpan(block.Plan.Start, block.Plan.Length);
            Outliers.TakeOut(block, values, self.plan.Quantizer, self.map, self.grids, self.outlierStep);
        });
    }

    long OutlierBytes()
    {
        long count = 0;
        foreach (var block in blocks)
            count += block.Outliers.Count;
        return count * Outliers.FewestBytes;
    }

    // Quantized and packed while the block is in the cache, into its place in the payload.
    void WriteFixedWidth(RandomKey key, PayloadWriter output)
    {
        int bits = plan.Quantizer.SymbolBits, length = 0;
        foreach (var block in blocks)
        {
            int bytes = BitFields.LengthOf(block.Count, bits);
            block.Bytes = length..(length + bytes);
            length += bytes;
        }

        var room = output.AppendMemory(length);
        Loop.Run(blocks.Length, (this, key, room), static (state, index, worker) =>
        {
            var (self, key, room) = state;
            var block = self.blocks[index];
            var fields = room.Span[block.Bytes];
            int bits = self.plan.Quantizer.SymbolBits, bytes = Block.BytesFor(bits);
            bool direct = bits == 8 * bytes;
            var symbols = direct ? fields : self.scratches[worker].Symbols(block.Count * bytes);
            self.Quantize(block, key, symbols);
            if (!direct)
                BitFields.Pack(symbols, bits, fields);
        });
    }

    void WriteSegments(RandomKey key, PayloadWriter output)
    {
        Loop.Run(blocks.Length, (this, key), static (state, index, _) =>
        {
            var (self, key) = state;
            var block = self.blocks[index];
            block.MakeSymbols(self.plan.Quantizer.SymbolBits);
            self.Quantize(block, key, block.Symbols);
            block.Waits = self.coder.Observe(block);
            if (!block.Waits)
                self.Prepare(block);
        });
        coder.Learn(blocks);
        Loop.Run(blocks.Length, this, static (self, index, _) =>
        {
            if (self.blocks[index].Waits)
                self.Prepare(self.blocks[index]);
        });
        coder.WriteTables(blocks, output);
        Loop.Run(segments.Count, this, static (self, index, _) =>
        {
            var segment = self.segments[index];
            var written = segment[0].Output;
            written.Clear();
            foreach (var block in segment)
            {
                if (self.plan.Codec.Selector?.Positions == PositionCoding.Written)
                    self.selector!.WritePositions(block, written);
            }

            self.coder.EncodeSegment(segment);
        });
        for (int segment = 0; segment < segments.Told; segment++)
            output.Varint(segments[segment][0].Output.Length);
        int length = 0;
        for (int segment = 0; segment < segments.Count; segment++)
            length = checked(length + segments[segment][0].Output.Length);
        var room = output.Append(length);
        for (int segment = 0; segment < segments.Count; segment++)
        {
            var written = segments[segment][0].Output.Written.Span;
            written.CopyTo(room);
            room = room[written.Length..];
        }
    }

    void Quantize(Block block, RandomKey key, Span<byte> symbols)
    {
        int size = Block.BytesFor(plan.Quantizer.SymbolBits);
        var coded = block.Coded(source.Span);
        for (int start = 0; start < block.Count;)
        {
            var run = map.RunAt(block, start);
            plan.Quantizer.Quantize(coded.Slice(run.Start, run.Length), grids[run.Grid], block.IsSparse, key,
                block.Plan.Start + run.Start,
                symbols.Slice(run.Start * size, run.Length * size));
            start += run.Length;
        }
    }

    void Prepare(Block block)
    {
        if (plan.Quantizer.FollowsStrength && coder.StrengthsOf(block) is { } strengths)
            plan.Quantizer.Requantize(block.Coded(source.Span), grids[map.RunAt(block, 0).Grid], strengths, block.Symbols);
        if (plan.Quantizer.HasEscapes)
        {
            block.Escapes.Clear();
            plan.Quantizer.FindEscapes(block.Coded(source.Span), grids[map.RunAt(block, 0).Grid], block.Symbols, block.Escapes);
        }

        coder.Prepare(block);
    }
}

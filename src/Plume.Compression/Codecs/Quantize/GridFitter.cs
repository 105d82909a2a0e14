using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.Levels;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>Finds the grids of a payload in an encoder.</summary>
abstract class GridFitter
{
    /// <summary>The largest magnitude of all coded values, once grids were fitted.</summary>
    public float Largest { get; private protected set; }

    /// <summary>Whether values are beyond what their grids hold.</summary>
    public bool SomeAreBeyond { get; private protected set; }

    /// <summary>Fits every grid to the values that it will quantize.</summary>
    /// <param name="values">The model, or what transforms made of it.</param>
    /// <param name="blocks">Dense or sparse, their grids numbered.</param>
    /// <param name="map">Which grid a value belongs to.</param>
    /// <param name="grids">Receives them.</param>
    /// <param name="loop">Runs work on blocks.</param>
    /// <returns>Whether all coded values are finite; the grids are worthless where not.</returns>
    public abstract bool Fit(ReadOnlyMemory<float> values, Block[] blocks, GridMap map, Memory<Grid> grids, ParallelLoop loop);
}

/// <summary>Fits grids to statistics, in as many passes over the values as the quantizer wants.</summary>
sealed class StatisticsFitter(QuantizeStage quantizer) : GridFitter
{
    GridStatistics[] statistics = [];
    float[] largest = [];

    public override bool Fit(ReadOnlyMemory<float> values, Block[] blocks, GridMap map, Memory<Grid> grids, ParallelLoop loop)
    {
        if (statistics.Length < grids.Length)
            (statistics, largest) = (new GridStatistics[grids.Length], new float[grids.Length]);
        var joined = statistics.AsSpan(0, grids.Length);
        grids.Span.Clear();
        for (int pass = 0; pass < quantizer.Passes; pass++)
        {
            joined.Fill(new GridStatistics());
            loop.Run(blocks.Length, (quantizer, values, blocks, map, grids), static (state, index, _) =>
                Gather(state.quantizer, state.values.Span, state.blocks[index], state.map, state.grids.Span));
            foreach (var block in blocks)
                Join(block, map, joined);
            foreach (ref readonly var grid in joined)
            {
                if (!grid.IsFinite)
                    return false;
            }

            // Later passes gather no extremes.
            for (int grid = 0; pass == 0 && grid < grids.Length; grid++)
                largest[grid] = joined[grid].Largest;
            for (int grid = 0; grid < grids.Length; grid++)
                grids.Span[grid] = quantizer.Fit(joined[grid], blocks[0].IsSparse, grids.Span[grid]);
        }

        Compare(grids.Span, blocks[0].IsSparse);
        return true;
    }

    void Compare(ReadOnlySpan<Grid> grids, bool sparse)
    {
        (Largest, SomeAreBeyond) = (0, false);
        for (int grid = 0; grid < grids.Length; grid++)
        {
            Largest = Math.Max(Largest, largest[grid]);
            SomeAreBeyond |= largest[grid] > quantizer.Reach(grids[grid], sparse);
        }
    }

    static void Gather(QuantizeStage quantizer, ReadOnlySpan<float> values, Block block, GridMap map, ReadOnlySpan<Grid> grids)
    {
        block.Statistics.Clear();
        bool repeats = map.Repeats(block);
        var (first, count) = map.GridsOf(block);
        // Where runs are short and come again, one entry a grid, not one a run.
        for (int grid = 0; repeats && grid < count; grid++)
            block.Statistics.Add(new GridStatistics());
        var coded = block.Coded(values);
        for (int start = 0; start < block.Count;)
        {
            var run = map.RunAt(block, start);
            var gathered = new GridStatistics();
            quantizer.Gather(ref gathered, coded.Slice(run.Start, run.Length), grids[run.Grid]);
            if (repeats)
                CollectionsMarshal.AsSpan(block.Statistics)[run.Grid - first].Add(gathered);
            else
                block.Statistics.Add(gathered);
            start += run.Length;
        }
    }

    static void Join(Block block, GridMap map, Span<GridStatistics> joined)
    {
        if (map.Repeats(block))
        {
            int first = map.GridsOf(block).First;
            for (int grid = 0; grid < block.Statistics.Count; grid++)
                joined[first + grid].Add(block.Statistics[grid]);
            return;
        }

        int run = 0;
        for (int start = 0; start < block.Count; run++)
        {
            var (_, length, grid) = map.RunAt(block, start);
            joined[grid].Add(block.Statistics[run]);
            start += length;
        }
    }
}

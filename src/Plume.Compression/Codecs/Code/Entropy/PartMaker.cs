using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.RansCoding;

namespace Plume.Compression.Codecs.Code.Entropy;

/// <summary>Divides blocks into parts, and makes and counts the tokens of each; in the encoder.</summary>
/// <param name="symbols">How symbols become tokens.</param>
/// <param name="choosesForm">Whether dense parts may be in pairs.</param>
sealed class PartMaker(RansSymbols symbols, bool choosesForm)
{
    /// <summary>Kept values in a row, on average, below which a row's group costs more than it brings.</summary>
    const int FewestKeptInRow = 8;

    public void Make(Block block)
    {
        var groups = block.Rans.Groups;
        var rows = block.Rans.Rows;
        if (!symbols.HasActivity)
            groups.TakeOne(default);
        else if (!rows.MayGroup(block, symbols) || (block.CodesGaps && block.Count < FewestKeptInRow * rows.Count))
            groups.TakeOne(symbols.ActivityOf(block.Symbols, block.Plan.Length));
        else if (block.Rans.Columns is { } columns)
            DivideByColumns(block, columns);
        else
            groups.Divide(ActivitiesOf(block, rows));
        PrepareParts(block);
        if (groups.Count == 1 || !(block.CodesGaps || IsMostlyZero(block)))
            return;
        // Gaps tell of strong and weak places too: only where few are left out does the estimate by strength hold.
        long divided = MeasuredCost(block, rows);
        groups.IsOne = true;
        PrepareParts(block);
        if (MeasuredCost(block, rows) <= divided)
            return;
        groups.IsOne = false;
        PrepareParts(block);
    }

    /// <summary>How strong the values of a dense block are; null where symbols do not tell.</summary>
    public Strengths? StrengthsOf(Block block)
    {
        if (!symbols.HasActivity || block.CodesGaps || block.Count == 0)
            return null;
        var memory = block.Rans;
        if (memory.Rows.MayGroup(block, symbols))
            memory.Strengths.Set(memory.Rows, ActivitiesOf(block, memory.Rows), memory.Columns);
        else
            memory.Strengths.Set(Rows.Pieces(block.Count), [symbols.ActivityOf(block.Symbols, block.Count)], null);
        return memory.Strengths;
    }

    void DivideByColumns(Block block, Columns columns)
    {
        var memory = block.Rans;
        memory.Groups.ClassRows(ActivitiesOf(block, memory.Rows));
        memory.SortRows(block);
        Span<Activity> ofClass = stackalloc Activity[memory.Groups.RowClasses + columns.Classes - 1];
        ofClass.Clear();
        var classOf = memory.Groups.ClassesOf(memory.Rows.Count);
        for (int row = 0; row < classOf.Length; row++)
        {
            var starts = memory.OrderOf(row).ClassStarts;
            for (int columnClass = 0; columnClass < columns.Classes; columnClass++)
            {
                var run = memory.SortedRow(row)[starts[columnClass]..starts[columnClass + 1]];
                ofClass[classOf[row] + columnClass] += symbols.ActivityOf(run, run.Length);
            }
        }

        memory.Groups.DivideClasses(ofClass, classOf.Length);
    }

    void PrepareParts(Block block)
    {
        var memory = block.Rans;
        memory.MakeParts();
        memory.Measure(block);
        if (block.CodesGaps)
            CountKept(block, memory.Rows);
        memory.Place();
        memory.Arrange(block);
        for (int i = 0; i < memory.Parts.Length; i++)
        {
            memory.Parts[i].Level = symbols.HasActivity ? memory.Groups.ActivityOf(i).Level : -1;
            PreparePart(memory.Parts[i], block);
        }
    }

    Span<Activity> ActivitiesOf(Block block, Rows rows)
    {
        var activities = block.Rans.Activities(rows.Count);
        int first = 0, size = block.SymbolBytes;
        for (int row = 0; row < activities.Length; row++)
        {
            int length = rows.End(row) - rows.Start(row), count = length;
            if (block.CodesGaps)
            {
                for (count = 0; first + count < block.Count && block.Positions[first + count] < rows.End(row);)
                    count++;
            }

            activities[row] = symbols.ActivityOf(block.Symbols.Slice(first * size, count * size), length);
            first += count;
        }

        return activities;
    }

    static bool IsMostlyZero(Block block)
    {
        long nonZeros = 0;
        for (int group = 0; group < block.Rans.Groups.Count; group++)
            nonZeros += block.Rans.Groups.ActivityOf(group).NonZeros;
        return NonZeros.AreFew((int)nonZeros, block.Count);
    }

    // What the groups and the tokens of their parts cost, as each table knew its tokens well.
    long MeasuredCost(Block block, Rows rows)
    {
        var memory = block.Rans;
        long bits = rows.Count * memory.Groups.Bits + memory.Groups.Count * RowGroups.GroupBits, cost = 0;
        foreach (var part in memory.Parts)
        {
            for (int run = part.InPairs ? RansPart.Gaps : 1; run <= symbols.Runs; run++)
                cost += Shares.LeastCost(part.CountsOf(run));
            for (int token = 0; part.InPairs && token < GapToken.Alphabet; token++)
                bits += (long)part.CountsOf(RansPart.Gaps)[token] * GapToken.RestBits(token);
        }

        return cost + (bits << Information.FractionBits);
    }

    static void CountKept(Block block, Rows rows)
    {
        var memory = block.Rans;
        if (memory.Groups.Count == 1)
        {
            memory.Parts[0].Count = block.Count;
            return;
        }

        var classOf = memory.Groups.ClassesOf(rows.Count);
        foreach (int position in block.Positions)
            memory.Parts[classOf[(position + rows.Offset) / rows.Unit]].Count++;
    }

    void PreparePart(RansPart part, Block block)
    {
        var own = block.Rans.SymbolsOf(part, block);
        part.Tensor = block.Plan.TensorIndex;
        part.InPairs = block.CodesGaps;
        if (choosesForm)
            symbols.FindNonZeros(part, own);
        if (part.InPairs)
        {
            GapToken.Split(block.Rans.PositionsOf(part, block), part.GapTokens);
            Histogram.Count(part.GapTokens, part.CountsOf(RansPart.Gaps));
        }

        symbols.Split(part, own);
        for (int run = 0; run < symbols.Runs; run++)
            symbols.Count(symbols.Tokens(part, own, run), part.CountsOf(1 + run));
    }
}

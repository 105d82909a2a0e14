using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>A coded value that its grid cannot hold: it travels as a float, and its symbol is that of zero.</summary>
/// <param name="Place">Its number among the coded values of the block.</param>
/// <param name="Value">The value.</param>
readonly record struct Outlier(int Place, float Value);

/// <summary>
/// The values of all blocks that no level holds: how many, then each one's distance from the one before, and its float.
/// </summary>
static class Outliers
{
    /// <summary>Bytes that one takes at least: one of the distance, four of the float.</summary>
    public const int FewestBytes = 5;

    /// <summary>Moves what a block's grids do not hold out of its values, which become zero there.</summary>
    /// <param name="block">Its list of outliers grows.</param>
    /// <param name="values">The coded values of the block.</param>
    /// <param name="quantizer">Knows how far a grid reaches.</param>
    /// <param name="map">Which grid a value belongs to.</param>
    /// <param name="grids">The grids.</param>
    /// <param name="step">What outliers must be multiples of, as everything else is; 0 where they need not.</param>
    public static void TakeOut(Block block, Span<float> values, QuantizeStage quantizer, GridMap map, ReadOnlySpan<Grid> grids,
        float step)
    {
        int before = block.Outliers.Count;
        for (int start = 0; start < block.Count;)
        {
            var run = map.RunAt(block, start);
            var part = values.Slice(run.Start, run.Length);
            float reach = quantizer.Reach(grids[run.Grid], block.IsSparse);
            bool some = Magnitudes.LargestOf(part) > reach;
            for (int i = 0; some && i < part.Length; i++)
            {
                if (!(Math.Abs(part[i]) > reach))
                    continue;
                block.Outliers.Add(new Outlier(start + i, RoundedTo(step, part[i])));
                part[i] = 0;
            }

            start += run.Length;
        }

        if (before > 0 && block.Outliers.Count > before)
            block.Outliers.Sort(static (left, right) => left.Place.CompareTo(right.Place));
    }

    /// <summary>The multiple of a step that is nearest to a value; the value itself where there is no step.</summary>
    public static float RoundedTo(float step, float value)
    {
        float rounded = step > 0 ? (float)(Math.Round(value / (double)step) * step) : value;
        return float.IsFinite(rounded) ? rounded : value;
    }

    public static void Write(Block[] blocks, PayloadWriter output)
    {
        int count = 0, next = 0, before = 0;
        foreach (var block in blocks)
            count += block.Outliers.Count;
        output.Varint(count);
        foreach (var block in blocks)
        {
            foreach (var outlier in block.Outliers)
            {
                output.Varint(before + outlier.Place - next);
                output.Single(outlier.Value);
                next = before + outlier.Place + 1;
            }

            before += block.Count;
        }
    }

    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public static void Read(ref PayloadReader input, Block[] blocks)
    {
        int left = 0;
        foreach (var block in blocks)
            left += block.Count;
        int count = input.Varint("number of outliers", 0, Math.Min(left, input.Left / FewestBytes)), index = 0, first = 0;
        for (; count > 0; count--)
        {
            if (left == 0)
                throw InvalidPayloadException.Field("number of outliers", input.Offset, count, "goes beyond the coded values");
            int gap = input.Varint("distance of an outlier", 0, left - 1);
            left -= gap + 1;
            for (first += gap; first >= blocks[index].Count; index++)
                first -= blocks[index].Count;
            blocks[index].Outliers.Add(new Outlier(first++, input.FiniteSingle("outlier")));
        }
    }
}

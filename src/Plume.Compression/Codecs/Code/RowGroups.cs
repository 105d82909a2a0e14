using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// The rows of a block: channels of its tensor, several together where they are short and each in pieces where they are long.
/// </summary>
readonly record struct Rows(int Unit, int Offset, int Length)
{
    const int Shortest = 128;
    const int Longest = 1024;

    public int Count => (Offset + Length + Unit - 1) / Unit;

    public static Rows Of(BlockPlan plan)
    {
        int channel = plan.Tensor.Length / Math.Max(1, plan.Tensor.Channels);
        int unit = channel < Shortest
            ? channel * ((Shortest + channel - 1) / channel)
            : channel / ((channel + Longest - 1) / Longest);
        return new Rows(unit, (plan.Start - plan.Tensor.Offset) % unit, plan.Length);
    }

    /// <summary>Whether the block's rows may be in groups: not where positions are known, nor where symbols do not tell how strong they are.</summary>
    public bool MayGroup(Block block, RansSymbols symbols) => Count > 1 && symbols.HasActivity && block.CodesGaps == block.IsSparse;

    public int Start(int row) => Math.Max(0, row * Unit - Offset);

    public int End(int row) => Math.Min(Length, (row + 1) * Unit - Offset);
}

/// <summary>
/// Which rows of a block are alike: rows of a group are coded together, with tables of their own. Updates are far from
/// evenly strong over a layer's channels, and a table for each strength is worth a tenth of the bytes.
/// </summary>
sealed class RowGroups
{
    public const int MaxGroups = 16;

    /// <summary>Bits that one more group costs, about: its counts, the numbers of its tables, and its share of tables.</summary>
    public const int GroupBits = 64;

    readonly int[] groupOfLevel = new int[Activity.MaxLevel + 1];
    readonly Activity[] groups = new Activity[MaxGroups];
    byte[] groupOf = [];
    int[] levels = [];

    Activity all;
    int divided;

    /// <summary>Whether all rows are taken together, whatever groups there could be.</summary>
    public bool IsOne { get; set; } = true;

    public int Count => IsOne ? 1 : divided;

    /// <summary>Bits that name a group.</summary>
    public int Bits => BitsFor(Count);

    /// <summary>Each row's group.</summary>
    public Span<byte> Of(int rows)
    {
        if (groupOf.Length < rows)
            groupOf = new byte[rows];
        return groupOf.AsSpan(0, rows);
    }

    /// <summary>What a group's symbols are like, in the encoder.</summary>
    public Activity ActivityOf(int group) => IsOne ? all : groups[group];

    /// <summary>Takes a number of groups; which rows are theirs is for the caller to say.</summary>
    public void Take(int count, Activity all)
    {
        (divided, IsOne) = (count, count == 1);
        this.all = all;
    }

    /// <summary>Groups rows by their level, with as many groups as make the block smallest by estimate.</summary>
    public void Divide(ReadOnlySpan<Activity> rows)
    {
        if (levels.Length < rows.Length)
            levels = new int[rows.Length];
        Span<Activity> ofLevel = stackalloc Activity[Activity.MaxLevel + 1];
        ofLevel.Clear();
        all = default;
        for (int row = 0; row < rows.Length; row++)
        {
            levels[row] = rows[row].Level;
            ofLevel[levels[row]] += rows[row];
            all += rows[row];
        }

        divided = Merge(ofLevel, rows.Length);
        IsOne = divided == 1;
        Array.Clear(groups);
        var groupOfRow = Of(rows.Length);
        for (int row = 0; row < rows.Length; row++)
        {
            int group = groupOfLevel[levels[row]];
            groupOfRow[row] = (byte)group;
            groups[group] += rows[row];
        }
    }

    // From one group for each level, the neighbours that lose least join until there is one; the cheapest state of all is taken.
    int Merge(ReadOnlySpan<Activity> ofLevel, int rows)
    {
        Span<Activity> work = stackalloc Activity[Activity.MaxLevel + 1];
        Span<int> last = stackalloc int[Activity.MaxLevel + 1], leftWhenJoined = stackalloc int[Activity.MaxLevel + 1];
        leftWhenJoined.Clear();
        int count = 0, best = 1;
        long cost = 0, cheapest = long.MaxValue;
        for (int level = 0; level < ofLevel.Length; level++)
        {
            if (ofLevel[level].Count == 0)
                continue;
            (work[count], last[count]) = (ofLevel[level], level);
            cost += work[count++].Cost;
        }

        for (; ; count--)
        {
            long total = cost + ((long)(count * GroupBits + rows * BitsFor(count)) << Information.FractionBits);
            if (count <= MaxGroups && total < cheapest)
                (cheapest, best) = (total, count);
            if (count <= 1)
                break;
            int least = 0;
            long loss = long.MaxValue;
            for (int i = 0; i + 1 < count; i++)
            {
                long next = (work[i] + work[i + 1]).Cost - work[i].Cost - work[i + 1].Cost;
                if (next < loss)
                    (loss, least) = (next, i);
            }

            cost += loss;
            leftWhenJoined[last[least]] = count - 1;
            work[least] += work[least + 1];
            last[least] = last[least + 1];
            work[(least + 2)..count].CopyTo(work[(least + 1)..]);
            last[(least + 2)..count].CopyTo(last[(least + 1)..]);
        }

        // A boundary that went after the cheapest state is still there in it.
        int group = 0;
        for (int level = 0; level < ofLevel.Length; level++)
        {
            groupOfLevel[level] = group;
            if (ofLevel[level].Count > 0 && leftWhenJoined[level] < best)
                group++;
        }

        return best;
    }

    static int BitsFor(int count) => count <= 1 ? 0 : System.Numerics.BitOperations.Log2((uint)(count - 1)) + 1;
}

using Plume.Compression.Codecs.Code.Entropy;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// The rows of a block: channels of its tensor, several together where they are short and each in pieces where they are long.
/// </summary>
readonly record struct Rows(int Unit, int Offset, int Length)
{
    const int Shortest = 128;
    const int Longest = 1024;

    public int Count => (Offset + Length + Unit - 1) / Unit;

    /// <summary>Values that have no rows, in pieces.</summary>
    public static Rows Pieces(int count) => new(Longest, 0, count);

    public static Rows Of(BlockPlan plan, bool byColumns)
    {
        int unit = UnitOf(plan.Tensor, byColumns);
        return new Rows(unit, (plan.Start - plan.Tensor.Offset) % unit, plan.Length);
    }

    /// <summary>Values of a row. Where columns are told apart no channel is in pieces.</summary>
    public static int UnitOf(TensorSpec tensor, bool byColumns)
    {
        int channel = tensor.Length / Math.Max(1, tensor.Channels);
        if (channel < Shortest)
            return channel * ((Shortest + channel - 1) / channel);
        return byColumns ? channel : channel / ((channel + Longest - 1) / Longest);
    }

    /// <summary>
    /// Whether the block's rows may be in groups: not where positions are known, nor where symbols do not tell how strong they
    /// are.
    /// </summary>
    public bool MayGroup(Block block, RansSymbols symbols) =>
        Count > 1 && symbols.HasActivity && block.CodesGaps == block.IsSparse;

    public int Start(int row) => Math.Max(0, row * Unit - Offset);

    /// <summary>Where in its row the first value stands that is in the block.</summary>
    public int PlaceOf(int row) => Start(row) - (row * Unit - Offset);

    public int End(int row) => Math.Min(Length, (row + 1) * Unit - Offset);
}

/// <summary>
/// Which values of a block are alike: those of a group are coded together, with tables of their own. Updates are far from
/// evenly strong over a layer's channels and inputs, and a table for each strength is worth a tenth of the bytes for
/// either. Each row has a class; where columns are told apart, a value's class is its row's and its column's together.
/// Neighbouring classes form a group.
/// </summary>
sealed class RowGroups
{
    public const int MaxGroups = 16;

    /// <summary>Classes of rows at most.</summary>
    public const int MaxRowClasses = Activity.MaxLevel + 1;

    const int MaxClasses = MaxRowClasses + Columns.MostClasses;

    /// <summary>Bits that one more group costs, about: its counts, the numbers of its tables, and its share of tables.</summary>
    public const int GroupBits = 64;

    readonly int[] groupOfClass = new int[MaxClasses];
    readonly Activity[] groups = new Activity[MaxGroups];
    byte[] classOf = [];

    Activity all;
    int divided;

    /// <summary>Whether all rows are taken together, whatever groups there could be.</summary>
    public bool IsOne { get; set; } = true;

    public int Count => IsOne ? 1 : divided;

    /// <summary>Classes of rows. Where columns are not told apart, each is a group.</summary>
    public int RowClasses { get; private set; }

    /// <summary>Bits that name a row's class.</summary>
    public int Bits => Count <= 1 ? 0 : BitsFor(RowClasses);

    /// <summary>Each row's class.</summary>
    public Span<byte> ClassesOf(int rows)
    {
        if (classOf.Length < rows)
            classOf = new byte[rows];
        return classOf.AsSpan(0, rows);
    }

    /// <summary>The group of a class.</summary>
    public int Of(int valueClass) => groupOfClass[valueClass];

    /// <summary>What a group's symbols are like, in the encoder.</summary>
    public Activity ActivityOf(int group) => IsOne ? all : groups[group];

    /// <summary>Takes all values as one group.</summary>
    public void TakeOne(Activity all)
    {
        (divided, IsOne) = (1, true);
        this.all = all;
    }

    /// <summary>Takes so many classes of rows, each a group; which rows are theirs is for the caller to say.</summary>
    public void TakeRowClasses(int count)
    {
        (divided, RowClasses, IsOne) = (count, count, count == 1);
        for (int row = 0; row < count; row++)
            groupOfClass[row] = row;
    }

    /// <summary>Takes classes of rows and columns.</summary>
    /// <param name="rowClasses">Classes of rows.</param>
    /// <param name="startsGroup">Of each class of values but the first, whether it begins a group; at most 15 do, and one at
    /// least.</param>
    public void TakeClasses(int rowClasses, ReadOnlySpan<bool> startsGroup)
    {
        RowClasses = rowClasses;
        groupOfClass[0] = 0;
        for (int i = 0; i < startsGroup.Length; i++)
            groupOfClass[i + 1] = groupOfClass[i] + (startsGroup[i] ? 1 : 0);
        divided = groupOfClass[startsGroup.Length] + 1;
        IsOne = false;
    }

    /// <summary>Groups rows by their level, with as many groups as make the block smallest by estimate.</summary>
    public void Divide(ReadOnlySpan<Activity> rows)
    {
        Span<Activity> ofLevel = stackalloc Activity[MaxRowClasses];
        ofLevel.Clear();
        foreach (var row in rows)
            ofLevel[row.Level] += row;
        Divide(ofLevel, rows.Length, bitsOfRow: -1);
        var classes = ClassesOf(rows.Length);
        for (int row = 0; row < rows.Length; row++)
            classes[row] = (byte)groupOfClass[rows[row].Level];
        TakeRowClasses(divided);
    }

    /// <summary>Gives rows the classes of their levels.</summary>
    /// <returns>The bits that name them.</returns>
    public void ClassRows(ReadOnlySpan<Activity> rows)
    {
        int lowest = Activity.MaxLevel, highest = 0;
        foreach (var row in rows)
            (lowest, highest) = (Math.Min(lowest, row.Level), Math.Max(highest, row.Level));
        RowClasses = highest - lowest + 1;
        var classes = ClassesOf(rows.Length);
        for (int row = 0; row < rows.Length; row++)
            classes[row] = (byte)(rows[row].Level - lowest);
    }

    /// <summary>Groups values by their class, once rows have classes.</summary>
    /// <param name="ofClass">What the values of each class are like.</param>
    /// <param name="rows">Number of rows.</param>
    public void DivideClasses(ReadOnlySpan<Activity> ofClass, int rows) => Divide(ofClass, rows, BitsFor(RowClasses));

    void Divide(ReadOnlySpan<Activity> ofClass, int rows, int bitsOfRow)
    {
        all = default;
        foreach (var activity in ofClass)
            all += activity;
        divided = Merge(ofClass, rows, bitsOfRow);
        IsOne = divided == 1;
        Array.Clear(groups);
        for (int valueClass = 0; valueClass < ofClass.Length; valueClass++)
            groups[groupOfClass[valueClass]] += ofClass[valueClass];
    }

    // From one group for each class, the neighbours that lose least join until there is one; the cheapest state of all is taken.
    int Merge(ReadOnlySpan<Activity> ofLevel, int rows, int bitsOfRow)
    {
        Span<Activity> work = stackalloc Activity[MaxClasses];
        Span<int> last = stackalloc int[MaxClasses], leftWhenJoined = stackalloc int[MaxClasses];
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
            int rowBits = count == 1 ? 0 : bitsOfRow < 0 ? BitsFor(count) : bitsOfRow;
            long total = cost + ((long)(count * GroupBits + rows * rowBits) << Information.FractionBits);
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
            groupOfClass[level] = Math.Min(group, best - 1);
            if (ofLevel[level].Count > 0 && leftWhenJoined[level] < best)
                group++;
        }

        return best;
    }

    static int BitsFor(int count) => count <= 1 ? 0 : System.Numerics.BitOperations.Log2((uint)(count - 1)) + 1;
}

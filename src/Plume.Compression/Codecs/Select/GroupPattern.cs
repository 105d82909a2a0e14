using System.Globalization;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Lines;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Select;

/// <summary>
/// In every group of M values the N of largest magnitude: the sparsity that hardware multiplies fast, such as 2:4.
/// </summary>
/// <remarks>
/// Groups follow one another within blocks; a shorter last group keeps its share, rounded up. Of equals the first are kept.
/// Biased. Bytes: besides the values, the number of the pattern among the C(M, N) in ceil(log2 C(M, N)) bits a group, 3 for
/// 2:4 (0.75 bits a value; the bound is 0.65).
/// Source: Mishra et al., "Accelerating Sparse Deep Neural Networks", 2021, arXiv:2104.08378.
/// </remarks>
public sealed record GroupPattern : SelectStage, INotated<GroupPattern>
{
    const int LargestGroup = 16;

    /// <summary>Keeps N of every M values.</summary>
    /// <param name="kept">1 to below <paramref name="group"/>.</param>
    /// <param name="group">2 to 16.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public GroupPattern(int kept, int group)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(group, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(group, LargestGroup);
        ArgumentOutOfRangeException.ThrowIfLessThan(kept, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(kept, group);
        Kept = kept;
        Group = group;
    }

    /// <summary>N: values kept of a group.</summary>
    public int Kept { get; }

    /// <summary>M: values of a group.</summary>
    public int Group { get; }

    static string INotated<GroupPattern>.Word => "nm";

    /// <inheritdoc/>
    public override string Keyword => "nm";

    private protected override IEnumerable<string> Arguments => [$"{Kept}:{Group}"];

    internal override PositionCoding Positions => PositionCoding.Written;

    static GroupPattern INotated<GroupPattern>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("N:M") is not { } argument)
            throw arguments.Error("nm needs how many of how many values to keep, such as nm(2:4)");
        string[] parts = argument.Text.Split(':');
        return parts.Length == 2 && Number(parts[0], out int kept) && Number(parts[1], out int group) && group is >= 2
            and <= LargestGroup && kept >= 1 && kept < group
            ? new GroupPattern(kept, group)
            : throw arguments.Error(argument.Column,
                $"'{argument.Text}' must be N:M with M from 2 to {LargestGroup} and N from 1 to below M");

        static bool Number(string text, out int number) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    internal override BlockSelector CreateSelector(CodecPlan plan) => new GroupSelector(this);
}

sealed class GroupSelector(GroupPattern stage) : BlockSelector
{
    public override void Select(ReadOnlyMemory<float> values, Block[] blocks, SelectContext context) =>
        context.Loop.Run(blocks.Length, (this, values, blocks), static (state, index, _) =>
        {
            var block = state.blocks[index];
            state.Item1.Select(state.values.Span.Slice(block.Plan.Start, block.Plan.Length), block);
        });

    public override void Locate(Block[] blocks, SelectContext context) =>
        Array.ForEach(blocks, block => block.MakeSparse(CountOf(block.Plan.Length), codesGaps: false));

    public override void WritePositions(Block block, PayloadWriter output)
    {
        var bits = new BitWriter(output);
        int next = 0;
        for (int start = 0; start < block.Plan.Length; start += stage.Group)
        {
            int length = Math.Min(stage.Group, block.Plan.Length - start), kept = KeptOf(length);
            bits.Write((uint)Combinations.RankOf(block.Positions.Slice(next, kept), start), Combinations.BitsOf(length, kept));
            next += kept;
        }

        bits.Flush();
    }

    public override void ReadPositions(Block block, ref PayloadReader input)
    {
        var bits = new BitReader(input.Rest, "patterns");
        int next = 0;
        for (int start = 0; start < block.Plan.Length; start += stage.Group)
        {
            int length = Math.Min(stage.Group, block.Plan.Length - start), kept = KeptOf(length);
            int rank = (int)bits.Read(Combinations.BitsOf(length, kept));
            if (rank >= Combinations.Of(length, kept))
                throw InvalidPayloadException.Field("pattern", start, rank, $"must be below {Combinations.Of(length, kept)}");
            Combinations.Place(rank, start, length, block.Positions.Slice(next, kept));
            next += kept;
        }

        input.Bytes(bits.End(), "patterns");
    }

    void Select(ReadOnlySpan<float> values, Block block)
    {
        block.MakeSparse(CountOf(values.Length), codesGaps: false);
        var positions = block.Positions;
        var kept = block.Kept;
        int next = 0;
        for (int start = 0; start < values.Length; start += stage.Group)
        {
            var group = values.Slice(start, Math.Min(stage.Group, values.Length - start));
            uint chosen = LargestOf(group, KeptOf(group.Length));
            for (; chosen != 0; chosen &= chosen - 1, next++)
            {
                int place = start + System.Numerics.BitOperations.TrailingZeroCount(chosen);
                positions[next] = (ushort)place;
                kept[next] = values[place];
            }
        }
    }

    static uint LargestOf(ReadOnlySpan<float> group, int count)
    {
        uint chosen = 0;
        for (; count > 0; count--)
        {
            int best = -1;
            for (int i = 0; i < group.Length; i++)
            {
                if ((chosen >> i & 1) == 0 && (best < 0 || Magnitudes.BitsOf(group[i]) > Magnitudes.BitsOf(group[best])))
                    best = i;
            }

            chosen |= 1u << best;
        }

        return chosen;
    }

    int CountOf(int length) => length / stage.Group * stage.Kept + KeptOf(length % stage.Group);

    int KeptOf(int length) => (length * stage.Kept + stage.Group - 1) / stage.Group;
}

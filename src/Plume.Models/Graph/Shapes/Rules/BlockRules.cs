namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes behind operators that trade channels for positions, block by block.</summary>
static class BlockRules
{
    public static IReadOnlyList<Dimension> DepthToSpace(NodeInputs inputs)
    {
        var data = inputs.Shape(0, rank: 4);
        long block = Block(inputs);
        return [data[0], Divided(inputs, data[1], block * block), Multiplied(data[2], block), Multiplied(data[3], block)];
    }

    public static IReadOnlyList<Dimension> SpaceToDepth(NodeInputs inputs)
    {
        var data = inputs.Shape(0, rank: 4);
        long block = Block(inputs);
        return [data[0], Multiplied(data[1], block * block), Divided(inputs, data[2], block), Divided(inputs, data[3], block)];
    }

    // The bound keeps the products within 64 bits.
    static long Block(NodeInputs inputs) => inputs.Node.Int("blocksize", 0) is >= 1 and <= 1 << 15 and var block
        ? block
        : throw inputs.Fail($"blocksize must be 1 to {1 << 15}, but is {inputs.Node.Int("blocksize", 0)}");

    static Dimension Multiplied(Dimension length, long by) => length.IsFixed
        ? Dimension.Fixed(Math.Min(length.Length, int.MaxValue) * by) : Dimension.Symbol("");

    static Dimension Divided(NodeInputs inputs, Dimension length, long by) => !length.IsFixed ? Dimension.Symbol("")
        : length.Length % by == 0 ? Dimension.Fixed(length.Length / by)
        : throw inputs.Fail($"its blocks of {by} must divide {length}");
}

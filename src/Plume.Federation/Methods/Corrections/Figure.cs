using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Weights;

namespace Plume.Federation.Methods.Corrections;

/// <summary>
/// A number that each client sends beside its update, of which the server takes the mean. It travels in a unit that is published,
/// a power of two near the size of updates: what a client can say with it is then within the bound on norms as its update is.
/// </summary>
static class Figure
{

    /// <summary>The part of whole numbers that is published.</summary>
    public static MessagePart Published(string name, int values) => new(name, LayoutOf(name, values), WholeNumbers.Changes);

    /// <summary>The part of one number that a client sends.</summary>
    public static MessagePart Answered(string name) => new(name, LayoutOf(name, 1), Codec.Floats);

    /// <summary>The exponent of the unit beside updates of that size; the one before where there is no size.</summary>
    public static int UnitFor(double norm, float before) => norm > 0 && double.IsFinite(norm)
        ? Math.Clamp((int)Math.Ceiling(Math.Log2(norm)), -30, 30) : (int)before;

    /// <summary>The exponent of the unit before any update is known: beside the model's first weights.</summary>
    public static int FirstUnit(ReadOnlySpan<float> initial) => UnitFor(Math.Sqrt(Squares.Of(initial)), 0);

    /// <summary>What is sent of a number that is about one: so many units.</summary>
    public static float In(float unit, double number) => (float)Math.ScaleB(number, (int)unit);

    /// <summary>The number of which that was sent.</summary>
    public static double Of(float unit, float sent) => Math.ScaleB(sent, -(int)unit);

    /// <summary>
    /// The sum of the squares of what is learned. In one order, so that every instruction set gives the same bits.
    /// </summary>
    public static double SquaresOf(ModelLayout layout, ReadOnlySpan<float> values)
    {
        double squares = 0;
        foreach (var tensor in layout.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic))
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
                squares += (double)values[i] * values[i];
        }

        return squares;
    }

    static ModelLayout LayoutOf(string name, int values) => ModelLayout.Of([(name, [values], TensorRole.Weight)]);
}

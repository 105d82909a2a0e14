using Plume.Models.Graph;

namespace Plume.Learning.Inference;

/// <summary>How far an output of one model is from that of another on the same inputs.</summary>
/// <param name="name">The output.</param>
/// <param name="type">Its type: floats are compared by the square, others by equality.</param>
public sealed class OutputError(string name, ElementType type)
{
    // Less than rounding of numbers around 1 comes to.
    const double Negligible = 1e-14;

    double squares;
    double energy;
    long different;
    long count;

    /// <summary>The output.</summary>
    public string Name => name;

    /// <summary>Whether its values are floats.</summary>
    public bool IsFloat => type is ElementType.Float or ElementType.Double or ElementType.Float16;

    /// <summary>
    /// The squared error over the squares of what was expected (NMSE); for integers, the share of values that differ. Infinite
    /// where a value is not a number in one of them alone.
    /// </summary>
    public double Value => count == 0 ? 0 : !IsFloat ? (double)different / count : squares <= Negligible * count ? 0
        : squares / energy;

    /// <summary>Takes the output of one run; lengths that differ count as a whole tensor lost.</summary>
    public void Add(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        bool fits = expected.Length == actual.Length;
        count += expected.Length;
        if (!fits && expected.IsEmpty)
            squares = double.PositiveInfinity;
        for (int i = 0; i < expected.Length; i++)
        {
            float wanted = expected[i], found = fits ? actual[i] : 0;
            if (wanted.Equals(found))
            {
                energy += float.IsFinite(wanted) ? (double)wanted * wanted : 0;
                continue;
            }

            different++;
            double error = (double)wanted - found;
            squares += double.IsFinite(error) ? error * error : double.PositiveInfinity;
            energy += float.IsFinite(wanted) ? (double)wanted * wanted : 0;
        }
    }
}

using System.Globalization;

namespace Plume.Learning.Distill;

/// <summary>A number that goes in a straight line from the first training step to the last: <c>4</c>, or <c>8..1</c>.</summary>
/// <param name="Start">At the first step.</param>
/// <param name="End">At the last.</param>
public readonly record struct Ramp(double Start, double End)
{
    /// <summary>The number when that share of all steps is done.</summary>
    public double At(double progress) => Start + (End - Start) * progress;

    /// <summary>A number that stays.</summary>
    public static implicit operator Ramp(double value) => new(value, value);

    /// <summary>Reads <c>4</c> or <c>8..1</c>.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static Ramp Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] ends = text.Split("..");
        return ends.Length <= 2 && TryNumber(ends[0], out double start) && TryNumber(ends[^1], out double end)
            ? new Ramp(start, end)
            : throw new FormatException($"'{text}' is neither a number nor two as in 8..1.");
    }

    static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    /// <summary>What <see cref="Parse"/> reads.</summary>
    public override string ToString() => Start == End ? Text(Start) : $"{Text(Start)}..{Text(End)}";

    static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}

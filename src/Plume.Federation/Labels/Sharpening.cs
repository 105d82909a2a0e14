using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Lines;

namespace Plume.Federation.Labels;

/// <summary>How the mean of many predictions, which is flatter than each of them, becomes a label that says something.</summary>
public enum SharpeningRule
{
    /// <summary>The mean as it is.</summary>
    None,

    /// <summary>softmax(mean / T), entropy reduction averaging. Source: Itahara et al., DS-FL, 2020, arXiv:2008.06180.</summary>
    Era,

    /// <summary>mean^beta over the sum of these. Source: Azuma et al., SCARLET, 2025, arXiv:2504.19602.</summary>
    Power,
}

/// <summary>A rule with its number: <c>none</c>, <c>era(0.1)</c>, <c>power(2)</c>.</summary>
/// <remarks>
/// ERA sharpens only where T is well below the largest share: with three classes and T = 0.5 labels get flatter.
/// </remarks>
/// <param name="Rule">The rule.</param>
/// <param name="Value">T or beta, above 0; 0 for none.</param>
public readonly record struct Sharpening(SharpeningRule Rule, double Value)
{
    /// <summary>The mean as it is.</summary>
    public static Sharpening None { get; } = new(SharpeningRule.None, 0);

    /// <summary>Reads an argument; printing gives it back.</summary>
    /// <exception cref="FormatException">It is no rule; the message has the column.</exception>
    public static Sharpening Parse(LineArguments arguments, LineArgument argument)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        string text = argument.Text;
        if (text == "none")
            return None;
        var rule = text.StartsWith("era(", StringComparison.Ordinal) ? SharpeningRule.Era
            : text.StartsWith("power(", StringComparison.Ordinal) ? SharpeningRule.Power : SharpeningRule.None;
        return rule != SharpeningRule.None && text.EndsWith(')')
            && arguments.Number(argument, text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..^1]) is > 0 and var value
            ? new Sharpening(rule, value)
            : throw arguments.Error(argument.Column,
                $"'{text}' must be none, era(T) or power(beta) with a number above 0, such as era(0.1) or power(2)");
    }

    /// <summary>
    /// Sharpens one distribution in place. What the sum of messages made of hostile ones, negative shares say, counts as nothing.
    /// </summary>
    public void Apply(Span<float> shares)
    {
        double sum = 0;
        foreach (ref float share in shares)
            sum += share = share > 0 ? share : 0;
        if (sum == 0)
        {
            shares.Fill(1);
            sum = shares.Length;
        }

        double largest = TensorPrimitives.Max<float>(shares), after = 0;
        var weights = new double[shares.Length];
        for (int i = 0; i < shares.Length; i++)
            after += weights[i] = Weight(shares[i], largest, sum);
        for (int i = 0; i < shares.Length; i++)
            shares[i] = (float)(weights[i] / after);
    }

    // Beside the largest, whose weight is one, so that however sharp, there is always something to divide by.
    double Weight(double share, double largest, double sum) => Rule switch
    {
        SharpeningRule.Era => Math.Exp((share - largest) / (sum * Value)),
        SharpeningRule.Power => Math.Pow(share / largest, Value),
        _ => share,
    };

    /// <summary>The notation.</summary>
    public override string ToString() => Rule switch
    {
        SharpeningRule.Era => string.Create(CultureInfo.InvariantCulture, $"era({Value:R})"),
        SharpeningRule.Power => string.Create(CultureInfo.InvariantCulture, $"power({Value:R})"),
        _ => "none",
    };
}

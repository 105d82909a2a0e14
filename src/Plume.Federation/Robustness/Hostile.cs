using System.Globalization;
using Plume.Compression.Lines;

namespace Plume.Federation.Robustness;

/// <summary>How many of a round's messages a rule takes for hostile: a number, or a share of them, rounded down.</summary>
/// <param name="Value">The number, or the share, below a half.</param>
/// <param name="IsShare">Whether it is a share.</param>
public readonly record struct Hostile(double Value, bool IsShare)
{
    // 29 % of 100 as doubles is a little less than 29.
    const double Slack = 1e-9;

    /// <summary>How many of so many messages.</summary>
    public int Of(int messages) => IsShare ? (int)Math.Floor(Value * messages + Slack) : (int)Value;

    /// <inheritdoc/>
    public override string ToString() => IsShare ? Percentage.Print(Value) : Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads a share such as 20% or a number.</summary>
    /// <exception cref="FormatException">It is neither, or no minority.</exception>
    public static Hostile Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool isShare = text.EndsWith('%');
        bool isNumber = double.TryParse(isShare
            ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        return isNumber && value > 0 && (isShare ? value < 50 : value >= 1 && double.IsInteger(value))
            ? new Hostile(isShare ? value / 100 : value, isShare)
            : throw new FormatException($"'{text}' must be a share below 50%, such as 20%, or a number from 1.");
    }

    internal static Hostile Parse(LineArguments arguments)
    {
        var argument = arguments.Positional("the hostile messages that it withstands, a share such as 20% or a number")
            ?? throw arguments.Error("it needs the hostile messages that it withstands, a share such as 20% or a number");
        if (!argument.Text.EndsWith('%'))
            return new Hostile(arguments.Integer(argument, 1, 1_000_000), IsShare: false);
        double share = Percentage.Parse(arguments, argument);
        return share < 0.5 ? new Hostile(share, IsShare: true)
            : throw arguments.Error(argument.Column, $"'{argument.Text}' must be below 50%: no rule withstands a majority");
    }
}

using System.Globalization;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Allocate;

/// <summary>What a budget is counted in.</summary>
public enum BudgetUnit
{
    /// <summary>Bytes of a payload, its header included.</summary>
    Bytes,

    /// <summary>Bits of a payload for each value of the layout.</summary>
    BitsPerParameter,

    /// <summary>Squared error over the squared norm of what is encoded.</summary>
    Nmse,
}

/// <summary>
/// What a payload may cost, or may lose: the step of the <c>deadzone</c> to the right is the best that keeps to it.
/// </summary>
/// <remarks>
/// One step for all tensors: a dead zone's choice trades a bit for the same squared error, 0.1 step^2, wherever it stands, so
/// with one step all slopes of distortion over rate are equal, which no other allocation improves on. Found by encoding
/// again and again, about ten times, to within 1/128 of an octave of the step. A limit that 32-bit floats keep to is met by
/// those, without loss. One that no step keeps to, as when it is less than what headers take, counts as the least that a payload
/// takes; and what a rotation takes out of a float's range costs 32 bits a value. Written <c>budget(0.25bpp)</c>,
/// <c>budget(20kB)</c> or <c>budget(nmse=0.05)</c>. Bytes: 2 for the step.
/// Source: Shoham and Gersho, "Efficient bit allocation for an arbitrary set of quantizers", IEEE Trans. ASSP 1988.
/// </remarks>
public sealed record Budget : Stage, INotated<Budget>
{
    static readonly (string Suffix, BudgetUnit Unit, double Factor)[] Units =
        [("bpp", BudgetUnit.BitsPerParameter, 1), ("kB", BudgetUnit.Bytes, 1e3), ("MB", BudgetUnit.Bytes, 1e6),
            ("GB", BudgetUnit.Bytes, 1e9), ("B", BudgetUnit.Bytes, 1)];

    /// <summary>A limit.</summary>
    /// <param name="amount">Above 0; for an error, below 1.</param>
    /// <param name="unit">What it is counted in.</param>
    /// <exception cref="ArgumentOutOfRangeException">The amount is out of its range.</exception>
    public Budget(double amount, BudgetUnit unit)
    {
        if (!IsValid(amount, unit))
            throw new ArgumentOutOfRangeException(nameof(amount), amount, unit == BudgetUnit.Nmse
                ? "It must be above 0 and below 1." : "It must be finite and above 0.");
        Amount = amount;
        Unit = unit;
    }

    /// <summary>The limit.</summary>
    public double Amount { get; }

    /// <summary>What it is counted in.</summary>
    public BudgetUnit Unit { get; }

    static string INotated<Budget>.Word => "budget";

    /// <inheritdoc/>
    public override StageKind Kind => StageKind.Allocate;

    /// <inheritdoc/>
    public override string Keyword => "budget";

    internal StepTarget Target => new(Unit, Amount);

    private protected override IEnumerable<string> Arguments
    {
        get
        {
            if (Unit == BudgetUnit.Nmse)
            {
                yield return $"nmse={Amount.ToString(CultureInfo.InvariantCulture)}";
                yield break;
            }

            var (suffix, _, factor) = Units.Where(entry => entry.Unit == Unit && (Amount >= entry.Factor || entry.Factor == 1))
                .MaxBy(entry => entry.Factor);
            yield return $"{((decimal)Amount / (decimal)factor).ToString("0.############################", CultureInfo.InvariantCulture)}{suffix}";
        }
    }

    static Budget INotated<Budget>.Parse(LineArguments arguments)
    {
        if (arguments.Named("nmse") is { } error)
            return Checked(arguments, error, arguments.Number(error, error.Text), BudgetUnit.Nmse);
        if (arguments.Positional("bytes or bits per parameter") is not { } argument)
            throw arguments.Error("budget needs an amount, such as budget(0.25bpp), budget(20kB) or budget(nmse=0.05)");
        foreach (var (suffix, unit, factor) in Units)
        {
            if (!argument.Text.EndsWith(suffix, StringComparison.Ordinal))
                continue;
            double number = arguments.Number(argument, argument.Text[..^suffix.Length]);
            return Checked(arguments, argument, Math.Abs(number) < 1e12 ? (double)((decimal)number * (decimal)factor)
                : double.NaN, unit);
        }

        throw arguments.Error(argument.Column,
            $"'{argument.Text}' must end in {string.Join(", ", Units.Select(unit => unit.Suffix))}");
    }

    static Budget Checked(LineArguments arguments, LineArgument argument, double amount, BudgetUnit unit) => IsValid(amount, unit)
        ? new Budget(amount, unit)
        : throw arguments.Error(argument.Column,
            $"'{argument.Text}' must be above 0{(unit == BudgetUnit.Nmse ? " and below 1" : "")}");

    static bool IsValid(double amount, BudgetUnit unit) => amount > 0 && amount < (unit == BudgetUnit.Nmse ? 1 : 1e15);
}

using System.Globalization;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;

namespace Plume.Simulation;

/// <summary>
/// How fast links are, in Mbit/s: a distribution over clients. One draw makes a link's both directions, so that who downloads
/// slowly uploads slowly.
/// </summary>
public abstract record LinkSpeed
{
    const double LeastSpeed = 1e-6, MostSpeed = 1e6, MostSpread = 5;

    /// <summary>The words of all distributions.</summary>
    public static IEnumerable<string> Words => ["fixed", "lognormal", "uniform"];

    /// <summary>Draws a link.</summary>
    public abstract (double Down, double Up) Draw(ref RandomDraws draws);

    /// <summary>Reads a word; null where it is no distribution.</summary>
    internal static LinkSpeed? Parse(LineWord word) => word.Word switch
    {
        "fixed" => new FixedSpeed(Speed(word.Arguments, "down"), Speed(word.Arguments, "up")),
        "lognormal" => new LognormalSpeed(Speed(word.Arguments, "down"), Speed(word.Arguments, "up"), Spread(word.Arguments)),
        "uniform" => new UniformSpeed(Range(word.Arguments, "down"), Range(word.Arguments, "up")),
        _ => null,
    };

    /// <summary>A number as the notation writes it.</summary>
    private protected static string Print(double number) => number.ToString("0.############", CultureInfo.InvariantCulture);

    static double Speed(LineArguments arguments, string name) =>
        Named(arguments, name) is var argument && Links.NumberOf(argument.Text) is >= LeastSpeed and <= MostSpeed and var speed
        ? speed
        : throw arguments.Error(argument.Column,
            $"'{name}={argument.Text}' must be a speed in Mbit/s, from {LeastSpeed} to {MostSpeed}");

    static double Spread(LineArguments arguments) =>
        Named(arguments, "spread") is var argument && Links.NumberOf(argument.Text) is >= 0 and <= MostSpread and var spread
        ? spread
        : throw arguments.Error(argument.Column,
            $"'spread={argument.Text}' must be the deviation of the speed's logarithm, from 0 to {MostSpread}");

    static (double, double) Range(LineArguments arguments, string name)
    {
        var argument = Named(arguments, name);
        return argument.Text.Split("..") is [var low, var high] && Links.NumberOf(low) is >= LeastSpeed and var least
            && Links.NumberOf(high) is <= MostSpeed and var most && least <= most
            ? (least, most)
            : throw arguments.Error(argument.Column,
                $"'{name}={argument.Text}' must be two speeds in Mbit/s, the lesser first, such as {name}=5..50");
    }

    static LineArgument Named(LineArguments arguments, string name) =>
        arguments.Named(name) ?? throw arguments.Error($"the speeds of links are in Mbit/s, and '{name}=' is missing");
}

/// <summary>All links alike.</summary>
public sealed record FixedSpeed(double Down, double Up) : LinkSpeed
{
    /// <inheritdoc/>
    public override (double Down, double Up) Draw(ref RandomDraws draws) => (Down, Up);

    /// <summary>The notation.</summary>
    public override string ToString() => $"fixed(down={Print(Down)}, up={Print(Up)})";
}

/// <summary>
/// Speeds whose logarithm is normal: many of middling speed, few very slow or very fast, as measurements of access networks are.
/// </summary>
/// <param name="Down">Median of the downlink.</param>
/// <param name="Up">Median of the uplink.</param>
/// <param name="Spread">Deviation of the natural logarithm: at 0.5 one link in six is slower than 0.61 times the median.</param>
public sealed record LognormalSpeed(double Down, double Up, double Spread) : LinkSpeed
{
    /// <inheritdoc/>
    public override (double Down, double Up) Draw(ref RandomDraws draws)
    {
        double factor = Math.Exp(Spread * draws.NextNormal());
        return (Down * factor, Up * factor);
    }

    /// <summary>The notation.</summary>
    public override string ToString() => $"lognormal(down={Print(Down)}, up={Print(Up)}, spread={Print(Spread)})";
}

/// <summary>Speeds between two, all as likely.</summary>
public sealed record UniformSpeed((double Least, double Most) Down, (double Least, double Most) Up) : LinkSpeed
{
    /// <inheritdoc/>
    public override (double Down, double Up) Draw(ref RandomDraws draws)
    {
        double place = draws.NextDouble();
        return (Down.Least + (Down.Most - Down.Least) * place, Up.Least + (Up.Most - Up.Least) * place);
    }

    /// <summary>The notation.</summary>
    public override string ToString() =>
        $"uniform(down={Print(Down.Least)}..{Print(Down.Most)}, up={Print(Up.Least)}..{Print(Up.Most)})";
}

using System.Globalization;
using Plume.Compression.Lines;

namespace Plume.Federation.Privacy.Clipping;

/// <summary>
/// A clip that follows a quantile of the norms of updates: each client says in a bit whether its update was within the clip, and
/// by the noisy share of those that were the clip of the next round becomes smaller or larger. Nobody needs to know norms
/// beforehand.
/// </summary>
/// <remarks>
/// clip = clip e^(-rate (share - quantile)). Bits count as a half more or less than nothing, so that one client moves their sum
/// by a half. Noise z on both together is shared out: bits get a deviation b, updates (z^-2 - (2 b)^-2)^(-1/2) times the clip,
/// and the two are as one release of z. Bytes: one a message. Source: Andrew, Thakkar, McMahan and Ramaswamy, "Differentially
/// Private Learning with Adaptive Clipping", NeurIPS 2021, arXiv:1905.03871. Differs from it: updates that came divide the sum of
/// bits, since who takes part is not hidden.
/// </remarks>
/// <param name="Quantile">The share of updates that are to be within the clip, above 0 and below 1.</param>
/// <param name="Rate">How fast the clip follows, above 0.</param>
/// <param name="Bits">Deviation of the noise on the number of updates within the clip; null for a twentieth of a round's
/// participants.</param>
public sealed record AdaptiveClip(double Quantile = AdaptiveClip.Median, double Rate = AdaptiveClip.UsualRate,
    double? Bits = null)
{
    /// <summary>The word of a clip that stays what the uplink says.</summary>
    public const string Fixed = "fixed";

    /// <summary>The quantile of the paper's experiments.</summary>
    public const double Median = 0.5;

    /// <summary>The rate of the paper's experiments.</summary>
    public const double UsualRate = 0.2;

    // Below the least the grid of sums would drown an update; the most is beyond what it holds.
    const double Least = 1e-9, Most = 1e9;
    const double ParticipantsForEachBit = 20;
    const string Subject = "Clip", Word = "adaptive";

    /// <summary>Reads how a clip goes from round to round; printing it gives the line back.</summary>
    /// <returns>Null for <see cref="Fixed"/>.</returns>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static AdaptiveClip? Parse(string text)
    {
        var words = Line.Read(Subject, text);
        var (word, column, arguments) = words[0];
        if (words.Count > 1)
            throw Line.Error(Subject, text, words[1].Column, $"nothing can stand after '{word}'");
        var clip = word switch
        {
            Fixed => null,
            Word => Read(arguments),
            _ => throw Line.Error(Subject, text, column,
                $"{(word.Length == 0 ? "a word is missing here" : $"'{word}' is no way of a clip")}; known are {Fixed}, {Word}"),
        };
        arguments.End();
        return clip;
    }

    /// <summary>Deviation of the noise on the number of updates within the clip.</summary>
    /// <param name="participants">Those of a round.</param>
    public double BitNoise(int participants) => Bits ?? participants / ParticipantsForEachBit;

    /// <summary>The noise on updates, over the clip, that leaves bits theirs; null where it leaves none.</summary>
    /// <param name="noise">That on both together.</param>
    /// <param name="participants">Those of a round.</param>
    public double? UpdateNoise(double noise, int participants)
    {
        double ofBits = 2 * BitNoise(participants), left = 1 / (noise * noise) - 1 / (ofBits * ofBits);
        return left > 0 ? 1 / Math.Sqrt(left) : null;
    }

    /// <summary>The clip of the next round, within 1e-9 and 1e9.</summary>
    /// <param name="clip">That of the round.</param>
    /// <param name="share">Of updates that were within it, with noise.</param>
    public double Next(double clip, double share) => Math.Clamp(clip * Math.Exp(-Rate * (share - Quantile)), Least, Most);

    /// <summary>Every rule that is broken, in sentences.</summary>
    /// <param name="noise">That of the privacy.</param>
    /// <param name="participants">Those of a round.</param>
    public IEnumerable<string> Problems(double noise, int participants)
    {
        if (!(Quantile is > 0 and < 1 && Rate > 0 && double.IsFinite(Rate) && Bits is null or > 0))
            yield return $"In '{this}' the quantile must be above 0 % and below 100 %, the rate above 0, and the noise of bits, "
                + "too.";
        else if (noise > 0 && UpdateNoise(noise, participants) is null)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"In '{this}' the number of updates within the clip gets noise of {BitNoise(participants):0.###}, and so noise "
                    + $"of {noise} on all leaves none for the updates: take noise below {2 * BitNoise(participants):0.###}, or "
                    + $"let bits be above {noise / 2:0.###}, such as {Word}({Percentage.Print(Quantile)}, "
                    + $"bits={Math.Ceiling(noise)}).");
    }

    /// <summary>The notation.</summary>
    public override string ToString()
    {
        string rate = Rate == UsualRate ? "" : $", rate={Rate.ToString("R", CultureInfo.InvariantCulture)}";
        string bits = Bits is { } number ? $", bits={number.ToString("R", CultureInfo.InvariantCulture)}" : "";
        return $"{Word}({Percentage.Print(Quantile)}{rate}{bits})";
    }

    static AdaptiveClip Read(LineArguments arguments) => new(
        arguments.Positional("a quantile") is { } quantile ? Percentage.Parse(arguments, quantile) : Median,
        arguments.Named("rate") is { } rate ? Above(arguments, rate, arguments.Number(rate, rate.Text)) : UsualRate,
        arguments.Named("bits") is { } bits ? Above(arguments, bits, arguments.Number(bits, bits.Text)) : null);

    static double Above(LineArguments arguments, LineArgument argument, double value) =>
        value > 0 && double.IsFinite(value) ? value : throw arguments.Error(argument.Column, $"'{argument.Text}' must be above "
            + "0");
}

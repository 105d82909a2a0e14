using System.Globalization;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;

namespace Plume.Federation.Labels;

/// <summary>
/// What all know of the samples that predictions are exchanged on: enough to draw the same ones everywhere, and to find out that
/// somebody has others.
/// </summary>
/// <param name="Samples">How many there are.</param>
/// <param name="Classes">How many classes their labels tell apart.</param>
/// <param name="Hash">Of their values.</param>
public sealed record PublicSet(int Samples, int Classes, ulong Hash)
{
    internal const int MostSamples = 10_000_000;

    /// <summary>The set as arguments of a line; <see cref="Read"/> gives it back.</summary>
    internal string Notation =>
        string.Create(CultureInfo.InvariantCulture, $"samples={Samples}, classes={Classes}, hash={Hash:x16}");

    /// <summary>Where everything that concerns the set draws from.</summary>
    public RandomKey Key => RandomKey.FromSeed(Hash).Fold("public");

    /// <summary>
    /// The samples of a round: drawn by the set's hash, so that nobody need be told. Each is drawn once before any is drawn
    /// again, but for fewer than a batch.
    /// </summary>
    /// <param name="round">The round, from 1.</param>
    /// <param name="size">How many, at most all.</param>
    public int[] Batch(int round, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(round, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Samples);
        int batches = Samples / size, pass = (round - 1) / batches, place = (round - 1) % batches;
        int[] order = [.. Enumerable.Range(0, Samples)];
        new RandomDraws(Key.Fold((ulong)pass)).Shuffle(order.AsSpan());
        return order.AsSpan(place * size, size).ToArray();
    }

    /// <summary>What whoever loaded the samples found them to be; null where a line does not say.</summary>
    /// <exception cref="FormatException">An argument breaks its rule.</exception>
    internal static PublicSet? Read(LineArguments arguments)
    {
        if (arguments.Named("samples") is not { } samples || arguments.Named("classes") is not { } classes
            || arguments.Named("hash") is not { } hash)
            return null;
        return ulong.TryParse(hash.Text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? new PublicSet(arguments.Integer(samples, 1, MostSamples), arguments.Integer(classes, 2, MostSamples), value)
            : throw arguments.Error(hash.Column, $"'{hash.Text}' must be a hash of sixteen hexadecimal digits");
    }
}

using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Plume.Compression.Randomness;
using Plume.Compression.Weights.Formats;
using Plume.Learning.Data;
using Plume.Learning.Partition;

namespace Plume.Learning.Distill;

/// <summary>
/// Where the public set comes from that predictions are exchanged on: samples held out of the training set, which then no client
/// has, or a file of samples without labels.
/// </summary>
public static class PublicSource
{
    const string HoldOutWord = "holdout(";

    /// <summary>What may be written.</summary>
    public const string Kinds =
        "holdout(N), samples of the training set that no client has then, or FILE.npy, samples without labels";

    /// <summary>The samples, and who holds what beside them.</summary>
    /// <param name="source">As it is written in the experiment.</param>
    /// <param name="train">The training samples.</param>
    /// <param name="test">What is measured on.</param>
    /// <param name="dealt">Who holds what of the training samples, as if none were public.</param>
    /// <param name="key">Of the run.</param>
    /// <exception cref="ArgumentException">There is no such set, or it does not fit.</exception>
    public static (PublicSamples Public, Allotment Allotment) Take(string source, LabeledSet train, LabeledSet test,
        Allotment dealt, RandomKey key)
    {
        if (source == "test")
            throw new ArgumentException($"the test set measures the model, so it must not teach it; name {Kinds}");
        if (!source.StartsWith(HoldOutWord, StringComparison.Ordinal))
            return (OfFile(source, train, test), dealt);
        var (held, allotment) = HoldOut(source, train, dealt, key);
        return (new PublicSamples(train.Take($"{train.Name}, held out", held)), allotment);
    }

    /// <summary>Samples held out of the training set with their labels, and who holds what beside them.</summary>
    /// <param name="source">As it is written in the experiment: <c>holdout(N)</c>.</param>
    /// <param name="train">The training samples.</param>
    /// <param name="dealt">Who holds what of them, as if none were held out.</param>
    /// <param name="key">Of the run.</param>
    /// <exception cref="ArgumentException">It is nothing held out, or clients would have nothing left.</exception>
    public static (int[] Held, Allotment Allotment) HoldOut(string source, LabeledSet train, Allotment dealt, RandomKey key)
    {
        if (!source.StartsWith(HoldOutWord, StringComparison.Ordinal))
            throw new ArgumentException($"'{source}' has no labels to learn from; name holdout(N), samples of the training set "
                + $"that no client has then");
        int count = CountOf(source);
        if (count >= train.Count)
            throw new ArgumentException($"'{source}' must leave samples to the clients, but there are {train.Count} in all");
        int[] order = [.. Enumerable.Range(0, train.Count)];
        new RandomDraws(key.Fold("public")).Shuffle(order.AsSpan());
        int[] held = [.. order.Take(count).Order()];
        return (held, Without(dealt, held, source));
    }

    /// <summary>Samples of a file, of the shape that others have.</summary>
    /// <exception cref="ArgumentException">There is no such file, or what is in it does not fit.</exception>
    public static PublicSamples OfFile(string path, LabeledSet like, LabeledSet? test)
    {
        if (!path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"'{path}' is no public set; name {Kinds}");
        if (!File.Exists(path))
            throw new ArgumentException($"'{path}' does not exist");
        var array = NpyFile.Read(path);
        if (array.Shape.Count < 2 || array.Shape[0] == 0 || array.Values.Length / array.Shape[0] != like.SampleLength)
            throw new ArgumentException(
                $"'{path}' must hold samples of {like.SampleLength} values each, as {like.Name} has them, but is "
                    + $"[{string.Join(", ", array.Shape)}]");
        int strange = Array.FindIndex(array.Values, value => !float.IsFinite(value));
        if (strange >= 0)
            throw new ArgumentException($"'{path}' must be finite, but value {strange} is {array.Values[strange]}");
        var samples = new LabeledSet(Path.GetFileName(path), array.Values, like.SampleShape, new int[array.Shape[0]],
            like.Classes)
        { Schema = like.Schema };
        if (test is not null && Shared(samples, test) is { Count: > 0 } shared)
            throw new ArgumentException(
                $"{shared.Count} samples of '{path}' are test samples, the first at {shared[0]}: what measures the model must "
                    + $"not teach it; leave them out");
        return new PublicSamples(samples);
    }

    static int CountOf(string source) => source.EndsWith(')')
        && int.TryParse(source.AsSpan(HoldOutWord.Length..^1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        && count >= 1
            ? count
            : throw new ArgumentException($"'{source}' must be a whole number of samples from 1 up, such as holdout(5000)");

    // Dealt as it would be without a public set, so that experiments with one and without can be compared.
    static Allotment Without(Allotment dealt, int[] held, string source)
    {
        var isPublic = held.ToHashSet();
        int[][] clients = [.. dealt.Clients.Select(samples => samples.Where(sample => !isPublic.Contains(sample)).ToArray())];
        int empty = Array.FindIndex(clients, samples => samples.Length == 0);
        return empty < 0
            ? dealt with { Clients = clients }
            : throw new ArgumentException(
                $"'{source}' leaves client {empty} without a sample; hold fewer out, or have fewer clients");
    }

    /// <summary>The samples of one set that another has, too.</summary>
    public static IReadOnlyList<int> Shared(LabeledSet samples, LabeledSet test)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(test);
        var known = Enumerable.Range(0, test.Count).Select(sample => HashOf(test, sample)).ToHashSet();
        return [.. Enumerable.Range(0, samples.Count).Where(sample => known.Contains(HashOf(samples, sample)))];
    }

    static ulong HashOf(LabeledSet set, int sample) => XxHash64.HashToUInt64(MemoryMarshal.AsBytes(set[sample]));
}

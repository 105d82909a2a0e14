using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>
/// A rule by which samples are dealt to clients. It is one word of text everywhere: <c>iid</c>, <c>dirichlet(0.3)</c>,
/// <c>shards(2)</c>, <c>column(site)</c>, <c>file(split.json)</c>.
/// </summary>
public abstract record Partition
{
    private protected Partition()
    {
    }

    private protected abstract string Notation { get; }

    /// <summary>Reads the notation; printing a partition gives it back.</summary>
    /// <exception cref="FormatException">The text is no partition; the message has the column and the known words.</exception>
    public static Partition Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return PartitionNotation.Parse(text);
    }

    /// <summary>Deals the samples: none to two clients, and at least one to each. The same key gives the same deal.</summary>
    /// <param name="set">The samples.</param>
    /// <param name="clients">Number of clients, at most the number of samples.</param>
    /// <param name="key">Where the draws come from.</param>
    /// <exception cref="ArgumentException">There are fewer samples than clients, or the rule cannot be kept.</exception>
    public abstract Allotment Deal(LabeledSet set, int clients, RandomKey key);

    /// <summary>The notation.</summary>
    public sealed override string ToString() => Notation;

    private protected static void CheckClients(LabeledSet set, int clients)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentOutOfRangeException.ThrowIfLessThan(clients, 1);
        if (clients > set.Count)
            throw new ArgumentException(
                $"Every client needs a sample, but set '{set.Name}' has {set.Count} for {clients} clients.", nameof(clients));
    }

    private protected void CheckClasses(LabeledSet set)
    {
        if (set.Targets is not null)
            throw new ArgumentException($"'{this}' deals by class, but '{set.Name}' has a number to predict: use iid, column(NAME) or "
                + "file(PATH).", nameof(set));
    }

    // What the notation cannot carry must not be in the value: blanks at the ends of an argument are not read.
    private protected static string Valid(string argument, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(argument, name);
        return argument == argument.Trim() ? argument
            : throw new ArgumentException($"'{argument}' must have no blanks at its ends.", name);
    }
}

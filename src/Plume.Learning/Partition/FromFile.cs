using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>
/// A split that was made before and is kept in a JSON file, gzipped or not: <c>clients</c>, a list of index lists, and
/// perhaps <c>rounds</c>, for each round the list of the clients that take part. It may leave samples out. Other keys are
/// for its readers.
/// </summary>
/// <param name="Path">The file.</param>
public sealed record FromFile(string Path) : Partition
{
    // Enough for the indices of about eight million samples.
    const int LongestText = 1 << 26;

    /// <summary>The file.</summary>
    public string Path { get; } = Valid(Path, nameof(Path));

    private protected override string Notation => $"file({Path})";

    /// <inheritdoc/>
    /// <exception cref="InvalidPayloadException">The file breaks a rule; the message has the line and the column.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public override Allotment Deal(LabeledSet set, int clients, RandomKey key)
    {
        CheckClients(set, clients);
        var allotment = Read(set);
        return allotment.Clients.Count == clients
            ? allotment
            : throw new ArgumentException(
                $"File '{Path}' splits the data over {allotment.Clients.Count} clients, but {clients} were asked for.",
                nameof(clients));
    }

    /// <summary>Reads the split and checks it against the samples.</summary>
    /// <exception cref="InvalidPayloadException">The file breaks a rule; the message has the line and the column.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public Allotment Read(LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return AllotmentReader.Read(ReadText(), Path, set);
    }

    ReadOnlySpan<byte> ReadText()
    {
        using var file = new PackedFile(Path);
        byte[] text = new byte[Math.Min(1 << 16, file.Capacity + 1)];
        int length = 0;
        for (int read; (read = file.Read(text.AsSpan(length))) > 0;)
        {
            length += read;
            if (length > LongestText)
                throw new InvalidPayloadException($"File '{Path}' holds more than {LongestText} bytes of text.");
            if (length == text.Length)
                Array.Resize(ref text, 2 * length);
        }

        return text.AsSpan(0, length);
    }
}

namespace Plume.Server.Storage;

/// <summary>
/// Small records by key that several servers read and write: who is enrolled, which tokens are out. A key is a path of
/// lower-case letters, digits, dots, dashes and slashes.
/// </summary>
public interface IRecords
{
    /// <summary>The record of a key; null where there is none.</summary>
    Task<Record?> ReadAsync(string key, CancellationToken cancellation);

    /// <summary>Writes a record, durably, if nobody else did since it was read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">At most 64 KiB.</param>
    /// <param name="revision">The revision that was read; 0 where there was none.</param>
    /// <param name="cancellation">Stops waiting; it may or may not have been written.</param>
    /// <returns>Whether it was written; false where the revision is another by now.</returns>
    Task<bool> WriteAsync(string key, byte[] value, long revision, CancellationToken cancellation);

    /// <summary>The records whose keys begin with a prefix, in ordinal order of their keys.</summary>
    Task<IReadOnlyList<KeyValuePair<string, Record>>> ListAsync(string prefix, CancellationToken cancellation);
}

/// <summary>A record as it was read.</summary>
/// <param name="Value">Its bytes.</param>
/// <param name="Revision">From 1; goes up with every write.</param>
public sealed record Record(byte[] Value, long Revision);

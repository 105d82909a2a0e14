namespace Plume.Server.Storage;

/// <summary>
/// Named sequences of bytes that are too many for a message: uploads, payloads of models, checkpoints. A name is a path of
/// lower-case letters, digits, dots, dashes and slashes, such as <c>digits/uploads/3-1-17.part</c>.
/// </summary>
/// <remarks>Nothing is durable before <see cref="FlushAsync"/> or <see cref="MoveAsync"/> has returned.</remarks>
public interface IBlobs
{
    /// <summary>Bytes that a blob has; null where there is none.</summary>
    Task<long?> LengthAsync(string name, CancellationToken cancellation);

    /// <summary>Adds bytes to the end of a blob, which is made if there is none.</summary>
    /// <param name="name">The blob.</param>
    /// <param name="offset">The length that the blob must have; anything past it of an earlier, unfinished append is cut off
    /// first.</param>
    /// <param name="bytes">What is added.</param>
    /// <param name="cancellation">Stops the work; part of the bytes may have been added.</param>
    /// <exception cref="InvalidOperationException">The blob is shorter than the offset.</exception>
    /// <exception cref="IOException">The bytes could not be kept: no space left, say.</exception>
    Task AppendAsync(string name, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellation);

    /// <summary>Returns when what a blob has would survive the loss of power.</summary>
    Task FlushAsync(string name, CancellationToken cancellation);

    /// <summary>Gives a blob another name, all at once and durably; a blob that has that name is replaced.</summary>
    /// <exception cref="FileNotFoundException">There is no such blob.</exception>
    Task MoveAsync(string from, string to, CancellationToken cancellation);

    /// <summary>Reads from an offset on.</summary>
    /// <returns>Bytes read: fewer than the destination holds only at the end of the blob.</returns>
    /// <exception cref="FileNotFoundException">There is no such blob.</exception>
    Task<int> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellation);

    /// <summary>Deletes a blob; does nothing where there is none.</summary>
    Task DeleteAsync(string name, CancellationToken cancellation);

    /// <summary>The names that begin with a prefix, in ordinal order.</summary>
    Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellation);
}

using Plume.Compression.Wording;


namespace Plume.Compression.Wire;

/// <summary>
/// Bytes from outside broke a rule. The only exception that leaves a decoder or a file reader because of its input: a
/// host refuses the payload, names its sender, and goes on.
/// </summary>
public sealed class InvalidPayloadException : Exception
{
    /// <summary>An empty report; use the static methods, which say the field and the place.</summary>
    public InvalidPayloadException() : this("The payload is not valid.")
    {
    }

    /// <summary>A report in words.</summary>
    public InvalidPayloadException(string message) : base(message)
    {
    }

    /// <summary>A report in words, in which names of others are made printable.</summary>
    public InvalidPayloadException(MessageText message) : base(message.ToString())
    {
    }

    /// <summary>A report in words, in which names of others are made printable, with what caused it.</summary>
    public InvalidPayloadException(MessageText message, Exception innerException) : base(message.ToString(), innerException)
    {
    }

    /// <summary>A report in words, with what caused it.</summary>
    public InvalidPayloadException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>The payload ends too early.</summary>
    public static InvalidPayloadException Ends(string field, long offset, long need, long have) =>
        new($"The payload ends inside {field}: {need} bytes needed at offset {offset}, {have} left.");

    /// <summary>A field's value breaks its rule, e.g. <c>rule: "must be below 4"</c>.</summary>
    public static InvalidPayloadException Field(string field, long offset, object value, string rule) =>
        new($"Payload field '{field}' at offset {offset} is {value}, but it {rule}.");
}

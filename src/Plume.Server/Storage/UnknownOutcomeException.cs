namespace Plume.Server.Storage;

/// <summary>A write may or may not have been made: who goes on must first read what the storage holds.</summary>
public sealed class UnknownOutcomeException : IOException
{
    /// <summary>A doubt without a reason.</summary>
    public UnknownOutcomeException()
    {
    }

    /// <summary>A doubt.</summary>
    public UnknownOutcomeException(string message)
        : base(message)
    {
    }

    /// <summary>A doubt that another error caused.</summary>
    public UnknownOutcomeException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

namespace Plume.Federation.SecureSums;

/// <summary>
/// A secure sum cannot be had: too few clients are left, or what they sent does not fit. Another attempt begins with new keys.
/// </summary>
public sealed class SumLostException : Exception
{
    /// <summary>An empty report; give the reason.</summary>
    public SumLostException() : this("The secure sum is lost.")
    {
    }

    /// <summary>A report in words.</summary>
    public SumLostException(string message) : base(message)
    {
    }

    /// <summary>A report in words, with what caused it.</summary>
    public SumLostException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

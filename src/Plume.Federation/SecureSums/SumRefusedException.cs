namespace Plume.Federation.SecureSums;

/// <summary>
/// What the server asks of a client in a secure sum would tell more than the sum, or breaks the protocol: the client gives
/// nothing and says why.
/// </summary>
public sealed class SumRefusedException : Exception
{
    /// <summary>An empty refusal; give the reason.</summary>
    public SumRefusedException() : this("The secure sum is refused.")
    {
    }

    /// <summary>A refusal in words.</summary>
    public SumRefusedException(string message) : base(message)
    {
    }

    /// <summary>A refusal in words, with what caused it.</summary>
    public SumRefusedException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

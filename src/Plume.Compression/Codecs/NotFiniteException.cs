namespace Plume.Compression.Codecs;

/// <summary>An update cannot be encoded: it, or what the codec makes or keeps of it, is not finite. Training diverged.</summary>
public sealed class NotFiniteException : ArgumentException
{
    /// <summary>Without a place.</summary>
    public NotFiniteException() : this("An update must be finite.")
    {
    }

    /// <summary>With a message of one's own.</summary>
    public NotFiniteException(string message) : base(message)
    {
    }

    /// <summary>Because of another error.</summary>
    public NotFiniteException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>With the name of the parameter that held the update.</summary>
    public NotFiniteException(string message, string parameter) : base(message, parameter)
    {
    }
}

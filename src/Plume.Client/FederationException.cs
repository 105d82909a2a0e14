namespace Plume.Client;

/// <summary>
/// A client cannot take part, and trying again would not change it. The message says which rule was broken and what to do.
/// </summary>
public sealed class FederationException : Exception
{
    /// <summary>Without a reason.</summary>
    public FederationException()
        : this("The client cannot take part in the federation.")
    {
    }

    /// <summary>For a reason.</summary>
    public FederationException(string message)
        : base(message)
    {
    }

    /// <summary>For a reason that another error has.</summary>
    public FederationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

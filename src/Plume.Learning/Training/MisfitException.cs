using Plume.Compression.Wording;


namespace Plume.Learning.Training;

/// <summary>A model and the samples that it is to take do not fit each other.</summary>
public sealed class MisfitException : ArgumentException
{
    /// <summary>A report in words, in which names of others are made printable.</summary>
    public MisfitException(MessageText message) : base(message.ToString())
    {
    }

    /// <summary>A report in words.</summary>
    public MisfitException(string message) : base(message)
    {
    }

    /// <summary>A report in words, with what caused it.</summary>
    public MisfitException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>An empty report.</summary>
    public MisfitException() : this("The model does not fit the samples.")
    {
    }
}

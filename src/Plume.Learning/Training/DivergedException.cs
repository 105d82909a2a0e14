namespace Plume.Learning.Training;

/// <summary>The loss of a training run is no longer finite.</summary>
public sealed class DivergedException : Exception
{
    /// <summary>A report in words.</summary>
    public DivergedException(string message) : base(message)
    {
    }

    /// <summary>A report in words, with what caused it.</summary>
    public DivergedException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>An empty report.</summary>
    public DivergedException() : this("Training diverged.")
    {
    }
}

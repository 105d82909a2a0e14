namespace Plume.Simulation;

/// <summary>A round of a simulation did not get the updates that it needs, in none of its attempts.</summary>
public sealed class QuorumException : Exception
{
    /// <summary>A report in words.</summary>
    public QuorumException(string message) : base(message)
    {
    }

    /// <summary>A report in words, with what caused it.</summary>
    public QuorumException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>An empty report.</summary>
    public QuorumException() : this("A round did not find its quorum.")
    {
    }

    // What one client says is most often what all have.
    internal static QuorumException Of(string message, IReadOnlyList<string> refused) => new(refused.Count == 0
        ? $"{message} The other clients dropped out: let fewer drop out, invite more of them, or ask for a smaller quorum."
        : $"{message} {refused[0]} If it is so with all, training diverged: lower the learning rate.");
}

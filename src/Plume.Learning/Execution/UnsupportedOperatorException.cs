using Plume.Compression.Wording;
using Plume.Models.Graph;

namespace Plume.Learning.Execution;

/// <summary>A graph holds an operator, or a use of one, that cannot be run here.</summary>
public sealed class UnsupportedOperatorException : Exception
{
    /// <summary>A report in words.</summary>
    public UnsupportedOperatorException(string message) : base(message)
    {
    }

    /// <summary>A report in words, in which names of others are made printable.</summary>
    public UnsupportedOperatorException(MessageText message) : base(message.ToString())
    {
    }

    /// <summary>A report in words, in which names of others are made printable, with what caused it.</summary>
    public UnsupportedOperatorException(MessageText message, Exception innerException) : base(message.ToString(), innerException)
    {
    }

    /// <summary>A report in words, with what caused it.</summary>
    public UnsupportedOperatorException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>An empty report.</summary>
    public UnsupportedOperatorException() : this("An operator is not supported.")
    {
    }

    internal static UnsupportedOperatorException Unknown(Node node, IEnumerable<string> known) =>
        new($"Operator '{node.OpType}' of {node} is not supported. Training and pruning by structure know "
            + $"{string.Join(", ", known.Order(StringComparer.Ordinal))}; export the model with these.");

    internal static UnsupportedOperatorException Use(Node node, string problem) => new($"Of {node}, {problem}.");
}

using Plume.Compression.Lines;

namespace Plume.Federation.Methods;

/// <summary>How clients train, in one line: <c>prune(90%, rounds=5..20) | quantize(4, 8)</c>.</summary>
/// <param name="Method">How the federation learns: what travels, and what becomes of it.</param>
/// <param name="Precision">Of how few bits the model is while it is trained; null for floats.</param>
public sealed record TrainingLine(Method Method, Precision? Precision)
{
    const string Subject = "Training";

    /// <summary>Plain averaging of floats.</summary>
    public static TrainingLine Plain { get; } = new(new Averaging(), null);

    /// <summary>The words that may stand in a line.</summary>
    public static IEnumerable<string> Words => [.. MethodNotation.Words, Precision.Keyword];

    /// <summary>Reads a line; printing it gives it back.</summary>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static TrainingLine Parse(string text)
    {
        Method? method = null;
        Precision? precision = null;
        foreach (var word in Line.Read(Subject, text))
        {
            if (word.Word == Precision.Keyword)
                precision = precision is null ? Precision.Parse(word.Arguments) : throw Line.Error(Subject, text, word.Column, $"'{precision}' stands there already");
            else
                method = method is null ? MethodNotation.ReadTraining(Subject, text, word, Words) : throw Line.Error(Subject, text, word.Column, $"'{word.Word}' cannot stand beside '{method}': a federation learns by one method");
            word.Arguments.End();
        }

        return new TrainingLine(method ?? new Averaging(), precision);
    }

    /// <summary>The notation.</summary>
    public override string ToString() => Precision is null ? Method.ToString() : Method is Averaging ? Precision.ToString() : $"{Method} | {Precision}";
}

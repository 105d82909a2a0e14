using Plume.Compression.Lines;
using Plume.Federation.Learners;
using Plume.Federation.Methods;

namespace Plume.Federation.Notation;

/// <summary>How clients train, in one line: <c>prune(90%, rounds=5..20) | quantize(4, 8) | distill(teacher.onnx)</c>.</summary>
/// <param name="Method">How the federation learns: what travels, and what becomes of it.</param>
/// <param name="Precision">Of how few bits the model is while it is trained; null for floats.</param>
/// <param name="Teaching">Whom clients learn from beside their labels; null for nobody.</param>
public sealed record TrainingLine(Method Method, Precision? Precision, Teaching? Teaching)
{
    const string Subject = "Training";

    /// <summary>Plain averaging of floats.</summary>
    public static TrainingLine Plain { get; } = new(new Averaging(), null, null);

    /// <summary>The words that may stand in a line.</summary>
    public static IEnumerable<string> Words => [.. MethodNotation.Words, Precision.Keyword, .. Teaching.Words];

    /// <summary>Reads a line; printing it gives it back.</summary>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static TrainingLine Parse(string text)
    {
        Method? method = null;
        Precision? precision = null;
        Teaching? teaching = null;
        foreach (var word in Line.Read(Subject, text))
        {
            if (word.Word == Precision.Keyword)
                precision = precision is null ? Precision.Parse(word.Arguments)
                    : throw Line.Error(Subject, text, word.Column, $"'{precision}' stands there already");
            else if (Teaching.Read(word) is { } named)
                teaching = teaching is null ? Whole(named, word)
                    : throw Line.Error(Subject, text, word.Column,
                        $"'{word.Word}' cannot stand beside '{teaching}': clients learn from one model");
            else
                method = method is null ? MethodNotation.ReadTraining(Subject, text, word, Words)
                    : throw Line.Error(Subject, text, word.Column,
                        $"'{word.Word}' cannot stand beside '{method}': a federation learns by one method");
            word.Arguments.End();
        }

        return new TrainingLine(method ?? new Averaging(), precision, teaching);
    }

    /// <summary>The notation.</summary>
    public override string ToString()
    {
        object?[] words = [Method is Averaging ? null : Method, Precision, Teaching];
        string line = string.Join(" | ", words.Where(word => word is not null));
        return line.Length > 0 ? line : Method.ToString();
    }

    // A federation's terms may leave the model to its clients; an experiment says which it is.
    static Teaching Whole(Teaching teaching, LineWord word) => teaching.Model is not null
        ? teaching
        : throw word.Arguments.Error(
            $"'{word.Word}' needs the model that clients learn from, such as {word.Word}({teaching.Example})");
}

namespace Plume.Compression.Lines;

/// <summary>
/// The notation of everything that an experiment says in one line: words with arguments in brackets, <c>first | second(4,
/// name=5)</c>. What a line means is its reader's; where a word stands and what an error says is the same for all.
/// </summary>
public static class Line
{
    /// <summary>The words of a line, left to right; at least one, of which each may be empty.</summary>
    /// <param name="subject">What the line is, as errors call it: <c>Codec</c>, <c>Training</c>.</param>
    /// <param name="text">The line.</param>
    /// <exception cref="FormatException">A bracket is not closed, or an argument is missing.</exception>
    public static IReadOnlyList<LineWord> Read(string subject, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. Split(text, '|', 0, text.Length).Select(piece => ReadWord(subject, text, piece.Start, piece.Length))];
    }

    /// <summary>An error at a place of a line.</summary>
    /// <param name="subject">What the line is.</param>
    /// <param name="text">The line.</param>
    /// <param name="column">The place, from 1.</param>
    /// <param name="problem">What is wrong there.</param>
    public static FormatException Error(string subject, string text, int column, string problem) =>
        new($"{subject} '{text}', column {column}: {problem}.");

    static LineWord ReadWord(string subject, string text, int start, int length)
    {
        string piece = text.Substring(start, length);
        int open = piece.IndexOf('(', StringComparison.Ordinal);
        string word = (open < 0 ? piece : piece[..open]).TrimEnd();
        var arguments = new List<LineArgument>();
        if (open >= 0)
        {
            if (!piece.EndsWith(')'))
                throw Error(subject, text, start + length + 1, $"the arguments of '{word}' need a closing ')'");
            foreach (var (first, count) in Split(text, ',', start + open + 1, start + length - 1))
                arguments.Add(ReadArgument(subject, text, first, count));
        }

        return new LineWord(word, start + 1, new LineArguments(subject, text, word, start + 1, arguments));
    }

    static LineArgument ReadArgument(string subject, string text, int start, int length)
    {
        string piece = text.Substring(start, length);
        if (piece.Length == 0)
            throw Error(subject, text, start + 1, "an argument is missing here");
        int equals = piece.IndexOf('=', StringComparison.Ordinal);
        return equals < 0
            ? new LineArgument("", piece, start + 1)
            : new LineArgument(piece[..equals].Trim(), piece[(equals + 1)..].Trim(), start + 1);
    }

    // Pieces between separators, without the blanks around them.
    static IEnumerable<(int Start, int Length)> Split(string text, char separator, int start, int end)
    {
        while (true)
        {
            int next = text.IndexOf(separator, start, end - start);
            int stop = next < 0 ? end : next;
            int first = start;
            while (first < stop && char.IsWhiteSpace(text[first]))
                first++;
            int last = stop;
            while (last > first && char.IsWhiteSpace(text[last - 1]))
                last--;
            yield return (first, last - first);
            if (next < 0)
                yield break;
            start = next + 1;
        }
    }
}

/// <summary>One word of a line.</summary>
/// <param name="Word">The word; empty where one is missing.</param>
/// <param name="Column">Where it begins, from 1.</param>
/// <param name="Arguments">What stands in its brackets.</param>
public sealed record LineWord(string Word, int Column, LineArguments Arguments);

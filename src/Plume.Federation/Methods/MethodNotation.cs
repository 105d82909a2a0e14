using Plume.Compression.Lines;

namespace Plume.Federation.Methods;

/// <summary>The methods by the words that name them.</summary>
static class MethodNotation
{
    const string Subject = "Method";

    static readonly (string Word, Func<LineArguments, Method> Read)[] Catalogue =
    [
        Entry<Averaging>(),
        Entry<Scaffold>(),
        Entry<FedDyn>(),
        Entry<SparseTraining>(),
    ];

    /// <summary>The words of all methods.</summary>
    public static IEnumerable<string> Words => Catalogue.Select(entry => entry.Word);

    /// <summary>Reads a line of one method.</summary>
    public static Method Parse(string text)
    {
        var words = Line.Read(Subject, text);
        if (words.Count > 1)
            throw Line.Error(Subject, text, words[1].Column, $"'{words[1].Word}' cannot stand after '{words[0].Word}'; there may stand nothing");
        var method = Read(Subject, text, words[0], Words);
        words[0].Arguments.End();
        return method;
    }

    /// <summary>Reads a word of a line that may have others.</summary>
    public static Method Read(string subject, string text, LineWord word, IEnumerable<string> known)
    {
        var entry = Array.Find(Catalogue, candidate => candidate.Word == word.Word);
        return entry.Read is null
            ? throw Line.Error(subject, text, word.Column, $"{(word.Word.Length == 0 ? "a word is missing here" : $"'{word.Word}' is no way to train")}; known are {string.Join(", ", known)}")
            : entry.Read(word.Arguments);
    }

    static (string, Func<LineArguments, Method>) Entry<TMethod>() where TMethod : Method, INotatedMethod<TMethod> => (TMethod.Keyword, TMethod.Parse);
}

/// <summary>A method that the notation can name.</summary>
interface INotatedMethod<TSelf> where TSelf : Method, INotatedMethod<TSelf>
{
    /// <summary>The word that names it.</summary>
    static abstract string Keyword { get; }

    /// <summary>Reads its arguments.</summary>
    /// <exception cref="FormatException">An argument breaks its rule.</exception>
    static abstract TSelf Parse(LineArguments arguments);
}

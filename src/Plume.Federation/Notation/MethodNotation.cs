using Plume.Compression.Lines;
using Plume.Federation.Methods;
using Plume.Federation.Methods.Corrections;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Methods.Partial;

namespace Plume.Federation.Notation;

/// <summary>The methods by the words that name them.</summary>
public static class MethodNotation
{
    const string Subject = "Method";

    static readonly (string Word, Func<LineArguments, Method> Read)[] Catalogue =
    [
        Entry<Averaging>(),
        Entry<Scaffold>(),
        Entry<Scallion>(),
        Entry<FedDyn>(),
        Entry<FedNova>(),
        Entry<FedExp>(),
        Entry<FedCm>(),
        Entry<PersonalLayers>(),
        Entry<SparseTraining>(),
        Entry<ChannelTraining>(),
    ];

    // What travels instead of updates is a method, too, though not a way to train.
    static readonly (string Word, Func<LineArguments, Method> Read)[] Exchanges =
    [
        Entry<SubModels>(),
        Entry<Predictions>(),
        Entry<Adapters>(),
        Entry<Masks>(),
        Entry<PowerSgd>(),
    ];

    /// <summary>The words of all ways to train.</summary>
    public static IEnumerable<string> Words => Catalogue.Select(entry => entry.Word);

    /// <summary>The words of what may travel instead of updates.</summary>
    public static IEnumerable<string> ExchangeWords => Exchanges.Select(entry => entry.Word);

    /// <summary>
    /// Reads a line of one method, a way to train or what travels instead of updates; printing the method gives it back.
    /// </summary>
    /// <exception cref="FormatException">The line is no method; the message has the column and the known words.</exception>
    public static Method Parse(string text)
    {
        var word = ReadAlone(Subject, text);
        var method = Read(Subject, text, word, [.. Catalogue, .. Exchanges], "no method", [.. Words, .. ExchangeWords]);
        word.Arguments.End();
        return method;
    }

    /// <summary>The only word of a line.</summary>
    internal static LineWord ReadAlone(string subject, string text)
    {
        var words = Line.Read(subject, text);
        return words.Count == 1 ? words[0] : throw Line.Error(subject, text, words[1].Column,
            $"'{words[1].Word}' cannot stand after '{words[0].Word}'; there may stand nothing");
    }

    /// <summary>Reads a way to train, a word of a line that may have others.</summary>
    internal static Method ReadTraining(string subject, string text, LineWord word, IEnumerable<string> known) =>
        Read(subject, text, word, Catalogue, "no way to train", known);

    /// <summary>Reads what travels instead of updates.</summary>
    internal static Method ReadExchange(string subject, string text, LineWord word, IEnumerable<string> known) =>
        Read(subject, text, word, Exchanges, "nothing that clients exchange", known);

    static Method Read(string subject, string text, LineWord word, (string Word, Func<LineArguments, Method> Read)[] entries,
        string unknown, IEnumerable<string> known)
    {
        var entry = Array.Find(entries, candidate => candidate.Word == word.Word);
        return entry.Read is null
            ? throw Line.Error(subject, text, word.Column,
                $"{(word.Word.Length == 0 ? "a word is missing here" : $"'{word.Word}' is {unknown}")}; known are "
                    + $"{string.Join(", ", known)}")
            : entry.Read(word.Arguments);
    }

    static (string, Func<LineArguments, Method>) Entry<TMethod>() where TMethod : Method, INotatedMethod<TMethod> =>
        (TMethod.Keyword, TMethod.Parse);
}

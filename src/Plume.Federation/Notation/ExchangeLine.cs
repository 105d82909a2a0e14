using Plume.Federation.Methods;

namespace Plume.Federation.Notation;

/// <summary>What clients and server exchange: <c>updates</c> of weights, or what a method of its own makes of a round.</summary>
/// <param name="Method">The method by which something else travels; null for updates.</param>
public sealed record ExchangeLine(Method? Method)
{
    const string Subject = "Exchange";
    const string Keyword = "updates";

    /// <summary>Updates of weights.</summary>
    public static ExchangeLine Updates { get; } = new((Method?)null);

    /// <summary>The words that may stand in a line.</summary>
    public static IEnumerable<string> Words => [Keyword, .. MethodNotation.ExchangeWords];

    /// <summary>Reads a line; printing it gives it back.</summary>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static ExchangeLine Parse(string text)
    {
        var word = MethodNotation.ReadAlone(Subject, text);
        var method = word.Word == Keyword ? null : MethodNotation.ReadExchange(Subject, text, word, Words);
        word.Arguments.End();
        return new ExchangeLine(method);
    }

    /// <summary>The method of a federation that exchanges this and trains by that.</summary>
    public Method With(TrainingLine training)
    {
        ArgumentNullException.ThrowIfNull(training);
        return Method ?? training.Method;
    }

    /// <summary>Why a federation cannot exchange this and train by that; null where it can.</summary>
    public string? Misfit(TrainingLine training)
    {
        ArgumentNullException.ThrowIfNull(training);
        return Method is not null && training.Method is not Averaging
            ? $"'{this}' cannot be exchanged where clients train by '{training.Method}', which sends updates; train by "
                + $"'averaging', or exchange 'updates'."
            : null;
    }

    /// <summary>The notation.</summary>
    public override string ToString() => Method?.ToString() ?? Keyword;
}

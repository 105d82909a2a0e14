using System.Globalization;
using Plume.Compression.Lines;

namespace Plume.Federation.Budgets;

/// <summary>Whose bytes a budget bounds, and for how long.</summary>
public enum BudgetScope
{
    /// <summary>Those of all clients together, over the whole federation.</summary>
    Federation,

    /// <summary>Those of each client, over the whole federation.</summary>
    Client,

    /// <summary>Those of each client in any 30 days.</summary>
    ClientMonth,
}

/// <summary>
/// The bytes that a federation may cost, both ways together: <c>5MB</c> for all clients, <c>200kB a client</c>, or
/// <c>2MB a client a month</c>. A kB is 1000 bytes.
/// </summary>
/// <param name="Bytes">At least 1.</param>
/// <param name="Scope">Whose they are.</param>
public sealed record ByteBudget(long Bytes, BudgetScope Scope)
{
    /// <summary>Days of a month.</summary>
    public const int MonthDays = 30;

    const string Subject = "Budget";
    const long Most = 1_000_000_000_000_000;

    static readonly (string Word, long Bytes)[] Units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];

    static readonly (string Words, BudgetScope Scope)[] Scopes =
        [("", BudgetScope.Federation), ("a client", BudgetScope.Client), ("a client a month", BudgetScope.ClientMonth)];

    /// <summary>Reads a budget.</summary>
    /// <param name="text">Such as <c>5MB</c>, <c>200kB a client</c> or <c>2MB a client a month</c>.</param>
    /// <exception cref="FormatException">It is none; the message says where and what would be.</exception>
    public static ByteBudget Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        int start = text.Length - text.TrimStart().Length;
        int digits = trimmed.TakeWhile(letter => char.IsAsciiDigit(letter) || letter is '.').Count();
        string rest = trimmed[digits..].TrimStart();
        int unitColumn = start + trimmed.Length - rest.Length + 1;
        if (digits == 0)
            throw Error(text, start + 1, $"an amount is missing here, such as 5MB");
        var (word, unit) = Units.FirstOrDefault(entry => rest.StartsWith(entry.Word, StringComparison.Ordinal));
        if (word is null)
            throw Error(text, unitColumn, $"the amount needs a unit, {string.Join(", ", Units.Select(entry => entry.Word).Reverse())}, of 1000 each");
        string scope = string.Join(' ', rest[word.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        if (Array.FindIndex(Scopes, entry => entry.Words == scope) is not (>= 0 and var index)
            || (scope.Length > 0 && rest[word.Length] != ' '))
            throw Error(text, unitColumn + word.Length, $"'{scope}' is not known here; a budget is for all clients, such as {trimmed[..digits]}{word}, or "
                + $"ends in '{Scopes[1].Words}' or '{Scopes[2].Words}'");
        if (!decimal.TryParse(trimmed[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out decimal amount))
            throw Error(text, start + 1, $"'{trimmed[..digits]}' is no number");
        // A number of which nothing is left is as wrong as one that is too large.
        return amount <= Most / unit && amount * unit is var bytes && bytes >= 1 && bytes == decimal.Truncate(bytes)
            ? new ByteBudget((long)bytes, Scopes[index].Scope)
            : throw Error(text, start + 1, $"'{trimmed[..digits]}{word}' must be a whole number of bytes, from 1 to {Most / Units[0].Bytes} GB");
    }

    /// <summary>The text that reads as this budget.</summary>
    public override string ToString()
    {
        var (word, unit) = Units.FirstOrDefault(entry => Bytes >= entry.Bytes, Units[^1]);
        string words = Scopes.First(entry => entry.Scope == Scope).Words;
        return string.Create(CultureInfo.InvariantCulture, $"{(decimal)Bytes / unit:0.#########}{word}{(words.Length > 0 ? " " : "")}{words}");
    }

    static FormatException Error(string text, int column, string problem) => Line.Error(Subject, text, column, problem);
}

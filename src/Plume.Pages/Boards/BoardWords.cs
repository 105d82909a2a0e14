using System.Globalization;
using Plume.Pages.Charts;

namespace Plume.Pages.Boards;

/// <summary>A board in words.</summary>
static class BoardWords
{
    /// <summary>How it stands, in a sentence.</summary>
    public static string Sentence(Board board)
    {
        string what = board.Phase switch
        {
            "" => "",
            "Waiting" when board.IsPaused => $"Paused before round {board.Round}.",
            "Waiting" => $"Waits for clients before round {board.Round}"
                + $"{(board.Needed > 0 ? $", which needs {board.Needed}" : "")}.",
            "Collecting" => $"Round {board.Round}{(board.Attempt > 1 ? $", attempt {board.Attempt}" : "")}: {board.Added} of "
                + $"{board.Asked} updates{(board.Left is { } left ? $", {Time(left)} left" : "")}"
                + $"{(board.IsPaused ? ", then paused" : "")}.",
            "Applying" => $"Makes version {board.Round}.",
            var other => $"{other}.",
        };
        return board.Message.Length == 0 ? what : $"{what} {board.Message.TrimEnd('.')}.".TrimStart();
    }

    /// <summary>A word as a title begins with it.</summary>
    public static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    /// <summary>How long a client was not heard of.</summary>
    public static string Silence(TimeSpan? silence) => silence switch
    {
        null => "-",
        { TotalSeconds: < 15 } => "now",
        { } time => $"{Time(time)} ago",
    };

    /// <summary>A standing in one word.</summary>
    public static string Of(BoardStanding standing) => standing.ToString().ToLowerInvariant();

    /// <summary>How many participants stand where.</summary>
    public static IEnumerable<(BoardStanding Standing, int Count)> Count(Board board) => board.Participants
        .GroupBy(participant => participant.Standing).OrderBy(group => group.Key).Select(group => (group.Key, group.Count()));

    /// <summary>A time in whole seconds, minutes or hours.</summary>
    public static string Time(TimeSpan time) => time switch
    {
        { TotalSeconds: < 90 } => $"{Math.Ceiling(time.TotalSeconds):0} s",
        { TotalMinutes: < 90 } => $"{Math.Ceiling(time.TotalMinutes):0} min",
        _ => $"{time.TotalHours:0.#} h",
    };

    /// <summary>A count; a dash where it is not known.</summary>
    public static string Number(long? count) => count is { } value ? value.ToString("N0", CultureInfo.InvariantCulture) : "-";

    /// <summary>A share of all; a dash where there is nothing.</summary>
    public static string Share(int? part, int? rest) =>
        part + rest is { } all and > 0 ? Quantity.Percent((double)part! / all) : "-";
}

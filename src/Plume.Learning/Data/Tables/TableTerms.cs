namespace Plume.Learning.Data.Tables;

/// <summary>Which columns of a table are what. Those that are not named are features.</summary>
/// <param name="Label">
/// The column with the class: names, or whole numbers from 0 (<c>1</c>, <c>1.0</c>), or True and False. Names are classes in
/// their ordinal order, unless a model has another.
/// </param>
public sealed record TableTerms(string Label)
{
    /// <summary>What the column with the class is called where nothing is said.</summary>
    public const string UsualLabel = "label";

    /// <summary>Whether the label is a column of numbers to predict rather than of classes.</summary>
    public bool IsTarget { get; init; }

    /// <summary>The column that says whose row it is, or null.</summary>
    public string? Client { get; init; }

    /// <summary>Columns that are no features: names of people, numbers of rows.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Columns of numbers that are names: postal codes, kinds by number.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];
}

using Plume.Learning.Data.Tables;
using Plume.Learning.Partition;

namespace Plume.Cli.Experiments;

/// <summary>What the clients of an experiment learn from.</summary>
sealed class DataSettings(Settings settings)
{
    /// <summary>The name of the data set.</summary>
    public string Set => settings.Get<string>("data.set");

    /// <summary>Whether it is a table of the user's own.</summary>
    public bool IsTable => Set is "csv" or "table";

    /// <summary>Whether it is an archive of arrays with labels.</summary>
    public bool IsArrays => Set == "arrays";

    /// <summary>Folder of the IDX files; null for where Debian's package puts them.</summary>
    public string? Folder => settings.Get<string?>("data.folder");

    /// <summary>The table; null where none is written.</summary>
    public string? File => settings.Get<string?>("data.file");

    /// <summary>The table's column that holds the class.</summary>
    public string Label => settings.Get<string>("data.label");

    /// <summary>The table's column that holds a number to predict; null where classes are told apart.</summary>
    public string? Target => settings.Get<string?>("data.target");

    /// <summary>Whether each of the table's columns is normalized.</summary>
    public bool IsNormalized => settings.Get<bool>("data.normalize");

    /// <summary>The table's rows that are kept for measuring.</summary>
    public TestRows Test => settings.Get<TestRows>("data.test");

    /// <summary>Whether empty cells take their column's mean.</summary>
    public bool FillsEmpty => settings.Get<string>("data.missing") == "mean";

    /// <summary>Columns that are no features.</summary>
    public IReadOnlyList<string> LeftOut => settings.Get<List<string>?>("data.leaveOut") ?? [];

    /// <summary>Columns whose numbers are names.</summary>
    public IReadOnlyList<string> Categories => settings.Get<List<string>?>("data.categories") ?? [];

    /// <summary>The file of a summary of all clients' rows; null where it is learned of them here.</summary>
    public string? Columns => settings.Get<string?>("data.columns");

    /// <summary>The shape of a sample as text; null for a flat row.</summary>
    public string? Shape => settings.Get<string?>("data.shape");

    /// <summary>How samples are dealt to clients.</summary>
    public Partition Partition => settings.Get<Partition>("data.partition");
}

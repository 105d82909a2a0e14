using Plume.Learning.Partition;

namespace Plume.Cli.Experiments;

/// <summary>What the clients of an experiment learn from.</summary>
sealed class DataSettings(Settings settings)
{
    /// <summary>The name of the data set.</summary>
    public string Set => settings.Get<string>("data.set");

    /// <summary>Whether it is a table of the user's own.</summary>
    public bool IsTable => Set == "csv";

    /// <summary>Folder of the IDX files; null for where Debian's package puts them.</summary>
    public string? Folder => settings.Get<string?>("data.folder");

    /// <summary>The table; null where none is written.</summary>
    public string? File => settings.Get<string?>("data.file");

    /// <summary>The table's column that holds the class.</summary>
    public string Label => settings.Get<string>("data.label");

    /// <summary>Whether each of the table's columns is normalized.</summary>
    public bool IsNormalized => settings.Get<bool>("data.normalize");

    /// <summary>How samples are dealt to clients.</summary>
    public Partition Partition => settings.Get<Partition>("data.partition");
}

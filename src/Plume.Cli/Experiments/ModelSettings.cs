namespace Plume.Cli.Experiments;

/// <summary>What an experiment learns: a built-in model by name, or an ONNX file.</summary>
sealed class ModelSettings(Settings settings)
{
    /// <summary>The name of a built-in model; null where none is written.</summary>
    public string? Name => settings.Get<string?>("model.name");

    /// <summary>The ONNX file to start from; null where none is written.</summary>
    public string? File => settings.Get<string?>("model.file");

    /// <summary>The file of the initial weights; null where they are the file's own, or drawn.</summary>
    public string? Weights => settings.Get<string?>("model.weights");

    /// <summary>Models that clients have for themselves, by name or file; null where they have the federation's.</summary>
    public IReadOnlyList<string>? Local => settings.Get<List<string>?>("model.local");
}

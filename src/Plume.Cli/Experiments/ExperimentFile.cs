using Plume.Cli.Errors;

namespace Plume.Cli.Experiments;

/// <summary>Finds the text of an experiment: a file, or the digits federation that the program carries.</summary>
static class ExperimentFile
{
    /// <summary>The experiment of a file, or the built-in one when no path is given.</summary>
    /// <exception cref="CliException">The file cannot be read.</exception>
    /// <exception cref="ExperimentException">Something in it or in the overrides is wrong.</exception>
    public static Experiment Read(string? path, IEnumerable<string> overrides)
    {
        if (path is null)
            return new(SettingsReader.Read(BuiltIn(), "digits.json (built in)", Environment.CurrentDirectory, overrides));
        string full = Path.GetFullPath(path);
        return new(SettingsReader.Read(SettingsFile.ReadAll(path, "experiment file"), path, Path.GetDirectoryName(full)!, overrides));
    }

    static byte[] BuiltIn()
    {
        using var resource = typeof(ExperimentFile).Assembly.GetManifestResourceStream("digits.json")!;
        using var text = new MemoryStream();
        resource.CopyTo(text);
        return text.ToArray();
    }
}

using Plume.Cli.Errors;

namespace Plume.Cli.Runs;

/// <summary>A folder that a command writes to, found out to be writable before the work begins.</summary>
/// <param name="path">As the user named it.</param>
/// <param name="what">What it is, such as "run folder".</param>
/// <param name="option">The option that names another.</param>
sealed class OutputFolder(string path, string what, string option)
{
    readonly List<string> made = [];

    /// <summary>Makes the folder where there is none.</summary>
    /// <returns>Its full path.</returns>
    /// <exception cref="CliException">It cannot be made.</exception>
    public string Make() => Try(() =>
    {
        string full = Path.GetFullPath(path);
        for (string? folder = full; folder is not null && !Path.Exists(folder); folder = Path.GetDirectoryName(folder))
            made.Add(folder);
        return Directory.CreateDirectory(full).FullName;
    });

    /// <summary>Removes the folders that were made, where nothing lies in them.</summary>
    public void Unmake()
    {
        foreach (string folder in made)
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
                Directory.Delete(folder);
        }
    }

    /// <exception cref="CliException">No file can be made in the folder.</exception>
    public void CheckWritable() => Try(() =>
    {
        using var probe = new FileStream(Path.Combine(path, ".probe"), FileMode.Create, FileAccess.Write, FileShare.None, 1,
            FileOptions.DeleteOnClose);
        return probe.Name;
    });

    /// <summary>Does what the disk may refuse.</summary>
    /// <exception cref="CliException">It did.</exception>
    public T Try<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliException(ExitCode.Output,
                $"The {what} '{path}' cannot be written: {refused.Message.Split(" : '", 2)[0].TrimEnd('.')}. Name another with "
                    + $"{option}.", refused);
        }
    }
}

using Plume.Cli.Errors;

namespace Plume.Cli.Experiments;

/// <summary>Reads a file that people write.</summary>
static class SettingsFile
{
    const int MaximumBytes = 1 << 20;

    /// <summary>All bytes of the file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="what">What it is, to show: "experiment file".</param>
    /// <exception cref="CliException">It cannot be read, which is an input's fault as of any file, or is larger than anybody would
    /// write.</exception>
    public static byte[] ReadAll(string path, string what)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var text = new byte[MaximumBytes + 1];
            int length = stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            return length <= MaximumBytes
                ? text[..length]
                : throw new CliException(ExitCode.Usage,
                    $"The {what} '{path}' has more than {MaximumBytes} bytes; it may have at most so many.");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Input, $"The {what} '{path}' cannot be read: {refused.Message}", refused);
        }
    }
}

using Plume.Cli.Errors;

namespace Plume.Cli.Outputs;

/// <summary>
/// A file that a command writes. Whether it can be written is found out before the work; the bytes lie in a draft beside it, to
/// be measured, and only <see cref="Keep"/> gives them the file's name. A command that fails or is ended by a signal leaves
/// nothing.
/// </summary>
sealed class OutputFile : IDisposable
{
    readonly string what, option;
    // Where a link leads: the link stays, and what it points at is replaced.
    readonly string target;
    Draft? draft;

    OutputFile(string path, string what, string option)
    {
        (Path, this.what, this.option) = (path, what, option);
        target = Try(() => Resolve(path));
    }

    /// <summary>The file, as the user named it.</summary>
    public string Path { get; }

    /// <summary>Where the written bytes lie, with the file's ending.</summary>
    /// <exception cref="InvalidOperationException">Nothing was written yet.</exception>
    public string Draft => draft?.Path ?? throw new InvalidOperationException("Nothing was written yet.");

    /// <summary>The bytes that were written.</summary>
    public long Length => new FileInfo(Draft).Length;

    /// <summary>A file that can be written.</summary>
    /// <param name="path">As the user named it; a link is followed.</param>
    /// <param name="inputs">What the command reads, which must not be what it writes; null for an input that was not
    /// named.</param>
    /// <param name="what">What it is, such as "picture".</param>
    /// <param name="option">The option that names another.</param>
    /// <exception cref="CliException">It is no regular file, is an input, or cannot be written where it is to lie.</exception>
    public static OutputFile At(string path, IEnumerable<string?> inputs, string what = "file", string option = "--output")
    {
        if (path.Length == 0)
            throw new CliException(ExitCode.Usage, $"{option} must name a file, but is empty.");
        var output = new OutputFile(path, what, option);
        output.CheckKind(inputs);
        output.CheckPlace();
        return output;
    }

    /// <summary>Writes all bytes to the draft, and to the disk.</summary>
    /// <exception cref="CliException">The disk refused; nothing is left.</exception>
    public void Write(ReadOnlyMemory<byte> bytes) => Write(file => file.Write(bytes.Span));

    /// <summary>Writes the draft part by part, and to the disk.</summary>
    /// <exception cref="CliException">The disk refused; nothing is left.</exception>
    public void Write(Action<Stream> write)
    {
        try
        {
            draft ??= Outputs.Draft.Of(target);
            draft.Write(write);
        }
        catch (Exception refused) when (IsRefusal(refused))
        {
            Dispose();
            throw Refused(refused);
        }
    }

    /// <summary>
    /// Gives the draft the file's name and the permissions, owner and group of the file that it replaces, as far as this process
    /// may.
    /// </summary>
    /// <exception cref="CliException">The disk refused; what lay there before is untouched.</exception>
    public void Keep() => Try(() =>
    {
        draft!.Keep(target);
        return draft = null;
    });

    /// <summary>Removes a draft that was not kept.</summary>
    public void Dispose()
    {
        draft?.Dispose();
        draft = null;
    }

    void CheckKind(IEnumerable<string?> inputs)
    {
        var there = Try(() => FileNode.At(Path));
        string? what = there?.Kind switch
        {
            FileKind.Folder => "It is a folder",
            FileKind.Device => "It is a device",
            FileKind.Pipe => "It is a pipe",
            FileKind.Socket => "It is a socket",
            _ => null,
        };
        if (what is not null)
            throw Refused($"{what}, and a file takes the place of another file only.");
        foreach (string input in inputs.OfType<string>())
        {
            if (there is not null && Try(() => Input(input)) == there)
                throw Refused(input == Path ? "It is what is read." : $"It is what is read as '{input}'.");
        }
    }

    // An input that is no file, such as the name of a data set, is not what is written.
    static FileNode? Input(string name)
    {
        try
        {
            return FileNode.At(name);
        }
        catch (IOException)
        {
            return null;
        }
    }

    void CheckPlace() => Try(() =>
    {
        string folder = System.IO.Path.GetDirectoryName(target)!;
        if (!Directory.Exists(folder))
            throw Refused($"There is no folder "
                + $"'{(System.IO.Path.GetDirectoryName(Path) is { Length: > 0 } named && !Directory.Exists(named) ? named : folder)}'.", next: "Make it, or name");
        if (File.Exists(target))
            File.OpenHandle(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        using var probe = Outputs.Draft.Of(target);
        return probe;
    });

    static string Resolve(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        // /dev/stdout leads there: what a process has open is not replaced under its hands.
        if (full.StartsWith("/proc/", StringComparison.Ordinal)
            || new FileInfo(full).LinkTarget?.StartsWith("/proc/", StringComparison.Ordinal) == true)
            throw new IOException("It belongs to a process.");
        return new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
    }

    T Try<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception refused) when (IsRefusal(refused))
        {
            throw Refused(refused);
        }
    }

    static bool IsRefusal(Exception exception) => exception is IOException or UnauthorizedAccessException or ArgumentException;

    // The system's words end with the path that it was asked for, which may be the draft's.
    CliException Refused(Exception refused) => Refused(refused switch
    {
        UnauthorizedAccessException => "Permission denied.",
        FileNotFoundException => "The folder takes no files.",
        _ => $"{refused.Message.Split(" : '", 2)[0].TrimEnd('.')}.",
    }, refused);

    CliException Refused(string why, Exception? inner = null, string next = "Name") =>
        new(ExitCode.Output, $"The {what} '{Path}' cannot be written: {why} {next} another with {option}.", inner);
}

using Plume.Compression.Wording;


namespace Plume.Cli.Terminal;

/// <summary>One line for people, in which names of files, tensors and callers are made printable.</summary>
static class Tell
{
    /// <summary>A result, to standard output.</summary>
    public static void Result(MessageText line) => Console.Out.WriteLine(line.ToString());

    /// <summary>Something on the way to it, to standard error.</summary>
    public static void Note(MessageText line) => Console.Error.WriteLine(line.ToString());
}

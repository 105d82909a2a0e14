using Plume.Compression.Codecs;
using Plume.Compression.Wording;

namespace Plume.Cli.Bench;

/// <summary>One line on standard error that says what is being measured, where that is a terminal; gone at the end.</summary>
sealed class BenchProgress(int total) : IDisposable
{
    readonly bool shown = !Console.IsErrorRedirected;
    int begun;

    public void Begin(string file, Codec codec) => Write($"{++begun} of {total}: {Printable.Name(file)}, {codec}");

    public void Dispose() => Write("");

    void Write(string text)
    {
        if (!shown)
            return;
        int width = Math.Max(20, Console.WindowWidth) - 1;
        Console.Error.Write($"\r{(text.Length > width ? text[..width] : text.PadRight(width))}\r");
    }
}

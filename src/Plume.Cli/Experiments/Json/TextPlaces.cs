using System.Text;

namespace Plume.Cli.Experiments.Json;

/// <summary>Lines and columns of a text, asked for from its beginning to its end: each character is looked at once.</summary>
/// <param name="utf8">The text.</param>
/// <param name="source">The name to show in places.</param>
/// <param name="folder">What relative paths in the text are relative to.</param>
ref struct TextPlaces(ReadOnlySpan<byte> utf8, string source, string folder)
{
    readonly ReadOnlySpan<byte> text = utf8;
    int seen;
    int line = 1;
    int column = 1;

    /// <summary>The place of a byte, which is not before the one that was asked for last.</summary>
    public Place At(long offset)
    {
        var next = text[seen..(int)offset];
        int breaks = next.Count((byte)'\n');
        if (breaks > 0)
            (line, column) = (line + breaks, 1);
        column += Encoding.UTF8.GetCharCount(next[(next.LastIndexOf((byte)'\n') + 1)..]);
        seen = (int)offset;
        return new Place($"{source}:{line}:{column}", folder);
    }
}

using Plume.Cli.Bench.Picture;
using Plume.Cli.Errors;
using Plume.Cli.Outputs;
using Plume.Compression.Codecs;
using Plume.Compression.Wording;

namespace Plume.Cli.Bench;

/// <summary>Where a picture of figures goes. Whether it can be written is found out before anything is measured.</summary>
sealed class PlotFile : IDisposable
{
    readonly OutputFile file;

    PlotFile(OutputFile file) => this.file = file;

    bool IsSvg => file.Path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase);

    /// <summary>A file that can be written, for codecs of which one at least can have a point.</summary>
    /// <exception cref="CliException">The ending is of no picture, the place cannot be written, or every codec is
    /// lossless.</exception>
    public static PlotFile At(string path, IReadOnlyList<Codec> codecs, IReadOnlyList<string> inputs)
    {
        if (!path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase)
            && !path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            throw new CliException(ExitCode.Usage, $"--plot draws a .png or an .svg, but '{path}' is neither.");
        if (codecs.All(codec => codec.IsLossless))
            throw new CliException(ExitCode.Usage,
                $"--plot shows the error that codecs make, but '{codecs[0]}' "
                    + $"{(codecs.Count == 1 ? "makes none" : "and the others make none")}. Add a --codec that quantizes or "
                    + $"leaves values out.");
        return new PlotFile(OutputFile.At(path, inputs, "picture", "--plot"));
    }

    /// <summary>Draws the figures and writes the file, whole or not at all.</summary>
    /// <exception cref="CliException">No codec made an error, or the disk refused.</exception>
    public void Write(IReadOnlyList<CodecFigures> figures)
    {
        var points = RatePoint.Of(figures);
        if (points.Count == 0)
            throw new CliException(ExitCode.Input,
                $"No codec made an error on these values, so there is nothing to draw in '{file.Path}'.");
        int files = figures.Select(figure => figure.File).Distinct().Count();
        byte[] picture = RatePlot.Render(files == 1
            ? $"Rate and distortion of {Printable.Name(Path.GetFileName(figures[0].File))}"
            : $"Rate and distortion, mean of {files} files", points, IsSvg);
        file.Write(picture);
        file.Keep();
    }

    /// <summary>Removes what was not kept.</summary>
    public void Dispose() => file.Dispose();
}

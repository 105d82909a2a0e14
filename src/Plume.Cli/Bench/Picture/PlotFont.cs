using ScottPlot;
using SkiaSharp;

namespace Plume.Cli.Bench.Picture;

/// <summary>
/// The letters of the pictures, which come with the program: a machine without a screen often has no fonts at all, and
/// the same figures should give the same picture everywhere.
/// </summary>
sealed class PlotFont : IFontResolver
{
    static readonly SKTypeface Typeface = Load();

    static PlotFont() => Fonts.FontResolvers.Insert(0, new PlotFont());

    PlotFont()
    {
    }

    /// <summary>By which ScottPlot knows the font.</summary>
    public static string Name { get; } = "Plume";

    /// <summary>What an SVG file asks for: the font itself, or one with letters as wide.</summary>
    public static string SvgFamilies { get; } = $"{Typeface.FamilyName}, Verdana, sans-serif";

    /// <summary>What ScottPlot writes into an SVG file.</summary>
    public static string Family { get; } = Typeface.FamilyName;

    /// <summary>Width of a text in pixels.</summary>
    public static float Width(string text, float size)
    {
        using var font = new SKFont(Typeface, size);
        return font.MeasureText(text);
    }

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? Typeface : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Name ? Typeface : null;

    static SKTypeface Load()
    {
        using var stream = typeof(PlotFont).Assembly.GetManifestResourceStream("plot.ttf")!;
        return SKTypeface.FromStream(stream);
    }
}

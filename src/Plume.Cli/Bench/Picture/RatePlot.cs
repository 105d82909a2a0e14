using System.Text;
using ScottPlot;

namespace Plume.Cli.Bench.Picture;

/// <summary>
/// The picture of rate and distortion: bits per parameter to the right, NMSE in decibels upwards, and the bound that no
/// codec passes on independent normal values, D = 2^-2R.
/// </summary>
sealed class RatePlot : IDisposable
{
    const int Width = 960, Height = 620;
    const int PngScale = 2;
    const float LabelSize = 12, LabelHeight = 15, LabelMargin = 3, MarkerSize = 9;
    // By which the middle of small letters lies under that of the line.
    const float Baseline = 2;
    const double DecibelsPerBit = -6.020599913279624;
    const string Bound = "least for independent normal values: D = 2⁻²ᴿ";
    static readonly PixelPadding Padding = new(left: 76, right: 28, bottom: 62, top: 52);
    static readonly Box Area =
        new(Padding.Left, Padding.Top, Width - Padding.Left - Padding.Right, Height - Padding.Top - Padding.Bottom);
    static readonly Color Ink = Color.FromHex("#333333");
    static readonly Color Paper = Color.FromHex("#FFFFFF").WithOpacity(0.75);
    static readonly Color Thin = Color.FromHex("#8A8A8A");
    static readonly ScottPlot.Palettes.Category10 Palette = new();

    readonly Plot plot = new();
    readonly LabelPlaces labels = new(Area);
    readonly double right, low, high;

    RatePlot(string title, List<RatePoint> points)
    {
        // Single files may lie far from all of them together.
        var files = points.SelectMany(point => point.Files).ToList();
        double[] bits = [.. points.Select(point => point.Bits), .. files.Select(file => file.Bits)];
        var errors = points.Select(point => point.Nmse).Concat(files.Select(file => file.Nmse));
        double[] decibels = [.. errors.Select(Distortion.Decibels)];
        right = 1.2 * bits.Max();
        // The bound begins at no bits and 0 dB; with that out of sight there would be nothing to read the points by.
        low = 5 * Math.Floor(Math.Min(decibels.Min(), 0) / 5 - 0.5);
        high = Math.Max(2, 2 + decibels.Max());
        Frame(title);
        var families = points.GroupBy(point => point.Family)
            .Select((family, i) => (Points: family.OrderBy(point => point.Bits).ToList(), Color: Palette.GetColor(i))).ToList();
        DrawBound();
        foreach (var (codecs, color) in families)
            DrawFamily(codecs, color);
        foreach (var (codecs, color) in families)
            LabelFamily(codecs, color.Darken(0.2));
        LabelBound();
    }

    /// <summary>The bytes of the picture's file.</summary>
    /// <param name="title">Stands above.</param>
    /// <param name="points">One or more.</param>
    /// <param name="svg">SVG, whose text stays text; else PNG, with two pixels for one.</param>
    public static byte[] Render(string title, List<RatePoint> points, bool svg)
    {
        using var drawn = new RatePlot(title, points);
        var plot = drawn.plot;
        if (svg)
            return Encoding.UTF8.GetBytes(Portable(plot.GetSvgXml(Width, Height)));
        plot.ScaleFactor = PngScale;
        return plot.GetImageBytes(PngScale * Width, PngScale * Height, ImageFormat.Png);
    }

    // Where the font is missing another takes its place, and the picture can be shown in any size.
    static string Portable(string svg) => svg
        .Replace($"font-family=\"{PlotFont.Family}\"", $"font-family=\"{PlotFont.SvgFamilies}\"", StringComparison.Ordinal)
        .Replace($"width=\"{Width}\" height=\"{Height}\">",
            $"width=\"{Width}\" height=\"{Height}\" viewBox=\"0 0 {Width} {Height}\">", StringComparison.Ordinal);

    public void Dispose() => plot.Dispose();

    void Frame(string title)
    {
        plot.Title(title, 15);
        plot.XLabel("bits per parameter", 13);
        plot.YLabel("NMSE in dB", 13);
        plot.Axes.Title.Label.Bold = plot.Axes.Bottom.Label.Bold = plot.Axes.Left.Label.Bold = false;
        plot.Font.Set(PlotFont.Name);
        plot.Axes.Color(Ink);
        plot.Axes.Bottom.TickGenerator = Ticks();
        plot.Axes.Left.TickGenerator = Ticks();
        plot.Axes.Bottom.MinorTickStyle.Length = plot.Axes.Left.MinorTickStyle.Length = 0;
        plot.Axes.Right.FrameLineStyle.IsVisible = plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Layout.Fixed(Padding);
        plot.Axes.SetLimits(0, right, low, high);
    }

    static ScottPlot.TickGenerators.NumericAutomatic Ticks() => new() { TickDensity = 0.5 };

    void DrawBound()
    {
        double end = Math.Min(right, low / DecibelsPerBit);
        var line = plot.Add.Line(0, 0, end, DecibelsPerBit * end);
        (line.LineColor, line.LineWidth) = (Thin, 1);
        labels.KeepLine(X(0), Y(0), X(end), Y(DecibelsPerBit * end));
    }

    void DrawFamily(List<RatePoint> codecs, Color color)
    {
        foreach (var (bits, nmse) in codecs.SelectMany(codec => codec.Files))
            plot.Add.Marker(bits, Distortion.Decibels(nmse), MarkerShape.FilledCircle, MarkerSize / 3, color.WithOpacity(0.35));
        foreach (var (from, to) in codecs.Zip(codecs.Skip(1)))
        {
            double start = Distortion.Decibels(from.Nmse), end = Distortion.Decibels(to.Nmse);
            var line = plot.Add.Line(from.Bits, start, to.Bits, end);
            (line.LineColor, line.LineWidth) = (color.WithOpacity(0.6), 1.5f);
            labels.KeepLine(X(from.Bits), Y(start), X(to.Bits), Y(end));
        }

        foreach (var codec in codecs)
        {
            double decibels = Distortion.Decibels(codec.Nmse);
            plot.Add.Marker(codec.Bits, decibels, MarkerShape.FilledCircle, MarkerSize, color);
            labels.KeepMarker(X(codec.Bits), Y(decibels));
        }
    }

    void LabelFamily(List<RatePoint> codecs, Color color)
    {
        foreach (var codec in codecs)
            Label(codec.Codec, codec.Bits, Distortion.Decibels(codec.Nmse), color);
    }

    void LabelBound()
    {
        double bits = 0.6 * Math.Min(right, low / DecibelsPerBit);
        Label(Bound, bits, DecibelsPerBit * bits, Thin);
    }

    void Label(string text, double bits, double decibels, Color color)
    {
        var (x, y) = (X(bits), Y(decibels));
        var box = labels.Place(x, y, PlotFont.Width(text, LabelSize) + 2 * LabelMargin, LabelHeight);
        if (LabelPlaces.NeedsLeader(box, x, y))
        {
            var (nearX, nearY) = box.Nearest(x, y);
            var leader = plot.Add.Line(bits, decibels, Bits(nearX), Decibels(nearY));
            (leader.LineColor, leader.LineWidth) = (color.WithOpacity(0.5), 0.75f);
        }

        var label = plot.Add.Text(text, Bits(box.Left + LabelMargin), Decibels(box.Top + box.Height / 2 + Baseline));
        (label.LabelFontName, label.LabelFontSize, label.LabelFontColor, label.LabelAlignment) =
            (PlotFont.Name, LabelSize, color, Alignment.MiddleLeft);
        label.LabelBackgroundColor = Paper;
    }

    float X(double bits) => (float)(Area.Left + bits / right * Area.Width);

    float Y(double decibels) => (float)(Area.Bottom - (decibels - low) / (high - low) * Area.Height);

    double Bits(float x) => (x - Area.Left) / Area.Width * right;

    double Decibels(float y) => low + (Area.Bottom - y) / Area.Height * (high - low);
}

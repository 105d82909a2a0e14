using System.Buffers.Binary;
using System.Xml.Linq;
using Plume.Cli.Bench;
using Plume.Cli.Bench.Picture;

namespace Plume.Cli.Tests.Bench.Picture;

public class RatePlotTests
{
    static readonly CodecFigures[] Figures =
    [
        Point("a", "uniform(4) | rans", 1.5, 0.03), Point("b", "uniform(4) | rans", 1.7, 0.05),
        Point("a", "uniform(6) | rans", 3.5, 0.002), Point("b", "uniform(6) | rans", 3.1, 0.004),
        Point("a", "feedback | topk(1%) | uniform(4) | rans", 0.1, 1.2),
        Point("b", "feedback | topk(1%) | uniform(4) | rans", 0.1, 1.4),
        Point("a", "pack", 32, 0), Point("b", "pack", 32, 0),
    ];

    [Fact]
    public void A_codec_is_one_point_at_the_means_of_its_files_and_one_without_error_is_none()
    {
        var points = RatePoint.Of(Figures);
        Assert.Equal(["uniform(4) | rans", "uniform(6) | rans", "feedback | topk(1%) | uniform(4) | rans"],
            points.Select(point => point.Codec));
        Assert.Equal(["uniform | rans", "uniform | rans", "feedback | topk | uniform | rans"],
            points.Select(point => point.Family));
        Assert.Equal((1.6, 0.04), (Math.Round(points[0].Bits, 9), Math.Round(points[0].Nmse, 9)));
        Assert.Equal(2, points[0].Files.Count);
        Assert.All(RatePoint.Of(Figures[..1]), point => Assert.Empty(point.Files));
    }

    [Fact]
    public void An_svg_names_every_codec_and_the_bound_in_text()
    {
        var svg = XDocument.Load(new MemoryStream(RatePlot.Render("Two files <&>", RatePoint.Of(Figures), svg: true)));
        XNamespace space = "http://www.w3.org/2000/svg";
        var texts = svg.Descendants(space + "text").ToList();
        string[] words = [.. texts.Select(text => text.Value.Trim())];
        Assert.All(["Two files <&>", "bits per parameter", "NMSE in dB", "least for independent normal values: D = 2⁻²ᴿ", .. RatePoint.Of(Figures)
            .Select(point => point.Codec)], word => Assert.Contains(word, words));
        Assert.All(texts, text => Assert.EndsWith("sans-serif", text.Attribute("font-family")!.Value));
        Assert.Equal("0 0 960 620", svg.Root!.Attribute("viewBox")!.Value);
    }

    [Fact]
    public void A_png_has_two_pixels_for_one_and_the_same_figures_give_the_same_bytes()
    {
        byte[] png = RatePlot.Render("Two files", RatePoint.Of(Figures), svg: false);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], png[..4]);
        Assert.Equal((1920, 1240),
            (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20))));
        Assert.Equal(png, RatePlot.Render("Two files", RatePoint.Of(Figures), svg: false));
    }

    [Theory]
    [InlineData(1e-30)]
    [InlineData(1)]
    [InlineData(50)]
    public void One_point_alone_gives_a_picture_whatever_its_error(double nmse) =>
        Assert.NotEmpty(RatePlot.Render("one", RatePoint.Of([Point("a", "uniform(4) | rans", 1e-4, nmse)]), svg: false));

    static CodecFigures Point(string file, string codec, double bits, double nmse) =>
        new(file, codec, 1000, (long)(bits * 125), bits, nmse, 1, 1, 1);
}

using System.Xml.Linq;
using Plume.Cli.Report;

namespace Plume.Cli.Tests.Report;

public class ReportPageTests
{
    static readonly string Page = ReportPage.Render(Some.Report());

    [Fact]
    public void The_page_loads_nothing_and_runs_nothing()
    {
        foreach (string forbidden in (string[])["http:", "https:", "<script", "<link", "@import", "url(", "src=", "<iframe",
            "<object"])
            Assert.DoesNotContain(forbidden, Page, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("<h1>digits</h1>")]
    [InlineData("accuracy")]
    [InlineData("feedback | topk(10%) | uniform(4) | rans")]
    [InlineData("dense1.weight")]
    [InlineData("107x less than 14.5 MB")]
    [InlineData("client.learningRate")]
    [InlineData("10.0.12")]
    [InlineData("prefers-color-scheme: dark")]
    public void The_page_shows(string piece) => Assert.Contains(piece, Page, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void What_a_user_wrote_cannot_become_markup() =>
        Assert.Contains("&lt;b&gt;&amp;&quot;digits&quot;", Page, StringComparison.Ordinal);

    [Fact]
    public void Every_tag_is_closed_and_all_charts_have_a_point_a_round_for_both_runs()
    {
        var page = XDocument.Parse(Page[Page.IndexOf("<html", StringComparison.Ordinal)..]);
        var charts = page.Descendants("svg").ToList();
        Assert.Equal(3, charts.Count);
        Assert.All(charts, chart => Assert.Equal(30, chart.Descendants("circle").Count()));
    }

    [Fact]
    public void Without_a_baseline_nothing_is_compared()
    {
        string page = ReportPage.Render(Some.Report(baseline: false));
        Assert.DoesNotContain("fp32", page, StringComparison.Ordinal);
        Assert.DoesNotContain("less than", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_bring_a_chart_of_time_and_what_ships_stands_beside_what_was_trained()
    {
        var report = Some.Report();
        var timed = report with
        {
            Compressed = report.Compressed with
            { Rounds = [.. report.Compressed.Rounds.Select(round => round with { LinkSeconds = 4 })] },
            Result = new Plume.Cli.Runs.RunResult(0.93, 15, 1, 1, 1, 1, 0, 0, null)
            {
                WorstTenth = 0.61,
                Model = new(200_000, 50_000) { LatencyMicroseconds = 20 },
                Shipped = new(0.92, 60_000)
                {
                    PlumeBytes = 30_000,
                    LatencyMicroseconds = 9.5,
                    Line = "channels(50%) | quantize(8)"
                },
            },
        };
        string page = ReportPage.Render(timed);
        Assert.Equal(4, page.Split("<svg").Length - 1);
        Assert.All((string[])["Accuracy by time on the links", "1 min 00 s", "61.00 %", "channels(50%) | quantize(8)", "60.0 kB",
            "9.5 us"], piece => Assert.Contains(piece, page, StringComparison.Ordinal));
        Assert.DoesNotContain("What ships", Page, StringComparison.Ordinal);
    }

}

using Plume.Cli.Bench;

namespace Plume.Cli.Tests.Bench;

public class BenchTableTests
{
    static readonly CodecFigures[] Figures =
    [
        new("a.npy", "pack", 1_000_000, 4_000_020, 32.00016, 0, 20, 10, 5),
        new("a.npy", "delta | uniform(2) | rans", 1_000_000, 125_000, 1, 0.25, 1, 2, null),
        new("b.npy", "pack", 500_000, 2_000_020, 32.00032, 0, 10, 10, 1),
        new("b.npy", "delta | uniform(2) | rans", 500_000, 31_250, 0.5, 0.000125, 1, 2, null),
    ];

    [Fact]
    public void Every_file_has_a_paragraph_with_the_same_columns_and_the_last_one_has_the_means() => Assert.Equal(
        """
        a.npy: 1,000,000 values, 4.00 MB in 32-bit floats
        codec                          bytes  bits/param     NMSE  encode GB/s  decode GB/s  add GB/s
        pack                       4,000,020      32.000        0         20.0         10.0      5.00
        delta | uniform(2) | rans    125,000       1.000  0.25000         1.00         2.00         -

        b.npy: 500,000 values, 2.00 MB in 32-bit floats
        codec                          bytes  bits/param     NMSE  encode GB/s  decode GB/s  add GB/s
        pack                       2,000,020      32.000        0         10.0         10.0      1.00
        delta | uniform(2) | rans     31,250       0.500  1.25e-4         1.00         2.00         -

        mean of 2 files: 750,000 values, 3.00 MB in 32-bit floats
        codec                          bytes  bits/param     NMSE  encode GB/s  decode GB/s  add GB/s
        pack                       3,000,020      32.000        0         15.0         10.0      2.14
        delta | uniform(2) | rans     78,125       0.750  0.12506         1.00         2.00         -

        """,
        BenchTable.Print(Figures));

    [Fact]
    public void One_file_alone_has_no_mean()
    {
        Assert.Empty(BenchTable.Means(Figures[..2]));
        Assert.DoesNotContain("mean", BenchTable.Print(Figures[..2]));
    }
}

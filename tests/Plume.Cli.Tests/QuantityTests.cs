using Plume.Cli.Errors;
using Plume.Cli.Terminal;
using Plume.Pages.Charts;

namespace Plume.Cli.Tests;

public class QuantityTests
{
    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1, "1 byte")]
    [InlineData(999, "999 bytes")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(9994, "9.99 kB")]
    [InlineData(9996, "10.0 kB")]
    [InlineData(99_960, "100 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.00 MB")]
    [InlineData(96_242_400, "96.2 MB")]
    [InlineData(long.MaxValue, "9.22 EB")]
    public void Bytes_have_three_digits_and_a_unit(long bytes, string text) => Assert.Equal(text, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(500_000, "500 kB")]
    [InlineData(10_000_000, "10 MB")]
    public void Marks_of_an_axis_have_no_idle_zeros(long bytes, string text) => Assert.Equal(text, Quantity.RoundBytes(bytes));

    [Theory]
    [InlineData(10, 10, "1.00x")]
    [InlineData(96_242_400, 4_918_800, "19.6x")]
    [InlineData(1000, 3, "333x")]
    [InlineData(1, 0, "-")]
    public void A_ratio_says_how_many_times(double whole, double part, string text) =>
        Assert.Equal(text, Quantity.Ratio(whole, part));

    [Theory]
    [InlineData(0.2149, "0.21 s")]
    [InlineData(59.6, "59.6 s")]
    [InlineData(245, "4 min 05 s")]
    [InlineData(7620, "2 h 07 min")]
    public void Times_are_in_the_unit_people_use(double seconds, string text) => Assert.Equal(text, Quantity.Seconds(seconds));

    [Fact]
    public void What_was_not_measured_is_a_dash() =>
        Assert.Equal(("78.53 %", "-"), (Quantity.Percent(0.78531), Quantity.Percent(null)));

    [Theory]
    [InlineData("40kB", 40_000)]
    [InlineData("1.5 MB", 1_500_000)]
    [InlineData("999", 999)]
    [InlineData("12 bytes", 12)]
    public void A_number_of_bytes_is_read(string text, long bytes) => Assert.Equal(bytes, ByteCount.Parse("--size", text));

    [Theory]
    [InlineData("")]
    [InlineData("-1kB")]
    [InlineData("many")]
    [InlineData("NaN")]
    public void What_is_no_number_of_bytes_is_refused(string text) =>
        Assert.Equal($"--size is a number of bytes such as 40kB, but is '{text}'.",
            Assert.Throws<CliException>(() => ByteCount.Parse("--size", text)).Message);
}

using Plume.Cli.Terminal;

namespace Plume.Cli.Tests;

public class TextTableTests
{
    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell_and_numbers_stand_right() => Assert.Equal(
        "tensor   values\nfc.bias      10\nw        65,536\n",
        TextTable.Print(["tensor", ">values"], [["fc.bias", "10"], ["w", "65,536"]]));
}

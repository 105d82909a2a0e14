using Plume.Compression.Wire;
using Plume.Compression.Wording;

namespace Plume.Compression.Tests.Wording;

public class PrintableTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData(null, "")]
    [InlineData("conv1.weight", "conv1.weight")]
    [InlineData("Gewicht_ä/重み/вес 🙂", "Gewicht_ä/重み/вес 🙂")]
    [InlineData("C:\\new", "C:\\new")]
    [InlineData("\u001B[2J", "\\u001B[2J")]
    [InlineData("\u009B31m", "\\u009B31m")]
    [InlineData("a\0b\u007F\a", "a\\u0000b\\u007F\\u0007")]
    [InlineData("x\r\n\tplume: all is well", "x\\r\\n\\tplume: all is well")]
    [InlineData("x\u2028y\u2029z\u0085", "x\\u2028y\\u2029z\\u0085")]
    [InlineData("\u202Exnno.x\u2066\u200F", "\\u202Exnno.x\\u2066\\u200F")]
    [InlineData("ze\u200Bro\u200D\uFEFF\u2060\u00AD", "ze\\u200Bro\\u200D\\uFEFF\\u2060\\u00AD")]
    [InlineData("a\u3164b\u034F", "a\\u3164b\\u034F")]
    [InlineData("\U000E0041", "\\uDB40\\uDC41")]
    public void What_is_not_seen_is_shown_by_its_number(string? text, string shown)
    {
        Assert.Equal(shown, Printable.Name(text));
        Assert.Equal(shown, Printable.Line(text));
        Assert.Equal(shown, Printable.Line(Printable.Line(text)));
    }

    // An attribute cannot hold them.
    [Fact]
    public void Halves_of_a_pair_are_shown_by_their_numbers() =>
        Assert.Equal("\\uD83D and \\uDE00", Printable.Name("\uD83D and \uDE00"));

    [Fact]
    public void A_fit_text_is_not_copied()
    {
        string text = "conv1.weight".ToUpperInvariant();
        Assert.Same(text, Printable.Name(text));
    }

    [Theory]
    [InlineData(200, 200)]
    [InlineData(201, 250)]
    [InlineData(1 << 20, 250)]
    public void A_long_name_is_shown_by_its_beginning_and_its_end(int length, int most)
    {
        string shown = Printable.Name("begin" + new string('x', length - 8) + "end");
        Assert.True(shown.Length <= most, shown);
        Assert.StartsWith("begin", shown);
        Assert.EndsWith("end", shown);
        Assert.Equal(length > 200, shown.Contains($"... ({length - 200} more characters) ..."));
    }

    [Fact]
    public void Lines_of_the_program_stay_lines() => Assert.Equal("a\n  \\u001Bb\n", Printable.Lines("a\n  \u001Bb\n"));

    [Fact]
    public void A_message_cleans_what_stands_in_it_and_not_its_own_words()
    {
        string name = "w\n\u001B[31m", huge = new('n', 1 << 20);
        Assert.Equal("Tensor 'w\\n\\u001B[31m' has 3 values,\nand 0.50.",
            new InvalidPayloadException($"Tensor '{name}' has {3} values,\nand {0.5:0.00}.").Message);
        Assert.True(new InvalidPayloadException($"Tensor '{huge}'", new IOException()).Message.Length < 2100);
        Assert.Equal("[   7|7   |w\\n  ]", Text($"[{7,4}|{7,-4}|{"w\n",-5}]"));
    }

    static string Text(MessageText text) => text.ToString();
}

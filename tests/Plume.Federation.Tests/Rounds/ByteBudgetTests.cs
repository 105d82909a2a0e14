using System.Globalization;
using CsCheck;
using Plume.Federation.Budgets;

namespace Plume.Federation.Tests.Rounds;

public class ByteBudgetTests
{
    static readonly Gen<ByteBudget> Budgets = Gen.Select(Gen.Long[1, 1_000_000_000_000_000], Gen.Int[0, 14],
        Gen.Enum<BudgetScope>(),
        (bytes, tens, scope) => new ByteBudget(Math.Max(1, bytes / (long)Math.Pow(10, tens)), scope));

    [Fact]
    public void What_a_budget_prints_reads_as_the_same() =>
        Budgets.Sample(budget => Assert.Equal(budget, ByteBudget.Parse(budget.ToString())));

    [Fact]
    public void Blanks_are_of_no_account() =>
        Budgets.Sample(budget => Assert.Equal(budget,
            ByteBudget.Parse($"  {budget.ToString().Replace(" ", "   ", StringComparison.Ordinal)} ")));

    [Fact]
    public void Any_text_is_a_budget_or_an_error_that_says_where() => Gen.String[Gen.Char["0123456789.eE-+kMGB aclientmoh∞\t"], 0, 30].Sample(text =>
    {
        try
        {
            Assert.InRange(ByteBudget.Parse(text).Bytes, 1, long.MaxValue);
        }
        catch (FormatException error)
        {
            Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"Budget '{text}', column "), error.Message);
        }
    });

    [Theory]
    [InlineData("5MB", 5_000_000, BudgetScope.Federation)]
    [InlineData("0.5 GB", 500_000_000, BudgetScope.Federation)]
    [InlineData("200kB a client", 200_000, BudgetScope.Client)]
    [InlineData("2MB a client a month", 2_000_000, BudgetScope.ClientMonth)]
    [InlineData("0.001kB", 1, BudgetScope.Federation)]
    public void A_budget_is_a_number_a_unit_and_whose_it_is(string text, long bytes, BudgetScope scope) =>
        Assert.Equal(new ByteBudget(bytes, scope), ByteBudget.Parse(text));

    [Theory]
    [InlineData("", "column 1: an amount is missing here, such as 5MB.")]
    [InlineData("-5MB", "column 1: an amount is missing here, such as 5MB.")]
    [InlineData("NaN", "column 1: an amount is missing here, such as 5MB.")]
    [InlineData("5", "column 2: the amount needs a unit, kB, MB, GB, of 1000 each.")]
    [InlineData("5 MiB", "column 3: the amount needs a unit, kB, MB, GB, of 1000 each.")]
    [InlineData("5e3MB", "column 2: the amount needs a unit, kB, MB, GB, of 1000 each.")]
    [InlineData("0MB", "column 1: '0MB' must be a whole number of bytes, from 1 to 1000000 GB.")]
    [InlineData("0.0001kB", "column 1: '0.0001kB' must be a whole number of bytes, from 1 to 1000000 GB.")]
    [InlineData("1000001GB", "column 1: '1000001GB' must be a whole number of bytes, from 1 to 1000000 GB.")]
    [InlineData("1.2.3MB", "column 1: '1.2.3' is no number.")]
    [InlineData("5MB a year", "column 4: 'a year' is not known here; a budget is for all clients, such as 5MB, or ends in 'a client' or 'a client "
        + "a month'.")]
    [InlineData("5MBa client", "column 4: 'a client' is not known here;")]
    public void What_is_none_is_told_with_its_place_and_what_would_be_one(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => ByteBudget.Parse(text)).Message);
}

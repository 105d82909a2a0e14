using Plume.Federation.Budgets;
using Plume.Federation.Rounds;

namespace Plume.Server.Tests.Federations;

/// <summary>A federation with a budget of bytes, left in the middle and gone on with.</summary>
public sealed class BudgetedFederationTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-budget").FullName;

    [Theory]
    [InlineData("20kB")]
    [InlineData("10kB a client a month")]
    public async Task What_is_spent_outlives_the_owner_wherever_it_leaves(string budget)
    {
        string calm = (await PlayAsync("calm", budget)).Budget;
        Assert.Contains($" bytes of the budget of {budget}; ", calm);
        for (int updates = 0; updates < PlayedFederation.Rounds * PlayedFederation.Clients; updates++)
        {
            var before = await PlayAsync($"left-{updates}", budget, updates);
            Assert.Equal(before.Budget, (await PlayAsync($"left-{updates}", budget, 0)).Budget);
            Assert.Equal(calm, (await PlayAsync($"left-{updates}", budget)).Budget);
        }
    }

    [Fact]
    public async Task The_run_ends_before_the_budget_breaks_and_the_next_owner_knows_why()
    {
        var (_, phase, message) = await PlayAsync("spent", "4kB", updates: 2, version: 1);
        Assert.Equal(Phase.Finished, phase);
        Assert.StartsWith("The budget of 4kB is spent: ", message);
        Assert.Equal(message, (await PlayAsync("spent", "4kB", updates: 0, version: 1)).Message);
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => PlayAsync("spent", "5kB"));
        Assert.Contains("of other settings", refused.Message);
    }

    [Fact]
    public async Task One_that_pays_for_no_round_is_refused_at_the_start()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => PlayAsync("poor", "1kB"));
        Assert.Contains("'1kB' does not pay for one round: the model takes ", refused.Message);
    }

    async Task<(string Budget, Phase Phase, string Message)> PlayAsync(string name, string budget, int? updates = null,
        int version = 0)
    {
        await using var federation = new PlayedFederation(Path.Combine(folder, name), budget: ByteBudget.Parse(budget));
        await federation.OpenAsync();
        if (updates != 0)
            await federation.PlayAsync(updates);
        await federation.ReachAsync(updates is null ? PlayedFederation.Rounds : version);
        var overview = await federation.Coordinator.OverviewAsync(0, default);
        var numbers = overview.BudgetNumbers!;
        Assert.Equal((federation.Budget!.Scope, federation.Budget.Bytes), (numbers.Scope, numbers.Bytes));
        Assert.Contains($"pent {numbers.Spent} bytes of the budget of {budget}; ", overview.Budget);
        Assert.Contains($"; {numbers.Unused * 100:0.0} % of ", overview.Budget);
        return (overview.Budget, overview.Now.Phase, overview.Now.Message);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

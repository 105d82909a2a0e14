using Plume.Federation.SecureSums;
using Plume.Server.Federations.Secure;

namespace Plume.Server.Tests.Federations.Secure;

/// <summary>How clients that sign come to know that all were told the same, whoever vanishes and restarts meanwhile.</summary>
public class ConsistencyTests
{
    static readonly int[] All = [0, 1, 2, 3, 4, 5];

    static readonly Lazy<Task<string>> Unsigned = new(async () =>
    {
        await using var federation = await SecureFederation.BeginAsync();
        await federation.PlayAsync();
        return (await federation.CheckpointAsync(1))!;
    });

    [Theory]
    [InlineData(SumPhase.Done)]
    [InlineData(SumPhase.Consistency)]
    [InlineData(SumPhase.Unmasking)]
    public async Task A_sum_that_clients_sign_has_the_bits_of_one_that_they_do_not_whoever_vanishes_once_it_is_fixed(
        SumPhase before)
    {
        await using var federation = await SecureFederation.BeginAsync(isSigned: true);
        await federation.PlayAsync(5, before);
        Assert.Equal(await Unsigned.Value, await federation.CheckpointAsync(1));
    }

    [Fact]
    public async Task A_server_that_restarts_among_signatures_and_among_shares_asks_for_them_again()
    {
        await using var federation = await SecureFederation.BeginAsync(isSigned: true);
        await federation.MakeAsync(SumPhase.Keys, All);
        await federation.MakeAsync(SumPhase.Shares, All);
        await federation.MakeAsync(SumPhase.Masked, All);
        await federation.MakeAsync(SumPhase.Consistency, 0, 1, 2);
        Assert.Equal(SumAnswerKind.Open, (await federation.SendAsync(0, SumPhase.Consistency, null)).Kind);
        await RestartAsync();
        Assert.Equal(SumAnswerKind.Again, (await federation.SendAsync(0, SumPhase.Consistency, null)).Kind);
        foreach (int client in (int[])[0, 1, 2])
            await federation.SendAsync(client, SumPhase.Consistency, federation.Sent(SumPhase.Consistency, client));
        await federation.MakeAsync(SumPhase.Consistency, 3, 4);
        await federation.MakeAsync(SumPhase.Unmasking, 0, 1);
        await RestartAsync();

        // Two have seen signatures and bring their own with their shares; the others sign again.
        foreach (int client in (int[])[0, 1])
            await federation.SendAsync(client, SumPhase.Unmasking, federation.Sent(SumPhase.Unmasking, client));
        foreach (int client in (int[])[3, 4])
            await federation.SendAsync(client, SumPhase.Consistency, federation.Sent(SumPhase.Consistency, client));
        await federation.MakeAsync(SumPhase.Consistency, 5);
        await federation.MakeAsync(SumPhase.Unmasking, 3, 4, 5);
        await federation.ReachAsync(1);
        Assert.Equal(await Unsigned.Value, await federation.CheckpointAsync(1));

        async Task RestartAsync()
        {
            await federation.CloseAsync();
            await federation.OpenAsync();
            await federation.ToldAsync(5, SumPhase.Masked);
        }
    }

    [Fact]
    public async Task What_is_not_signed_by_the_caller_is_refused_and_too_few_signatures_leave_the_model_as_it_is()
    {
        await using var federation = await SecureFederation.BeginAsync(isSigned: true);
        await federation.MakeAsync(SumPhase.Keys, All);
        await federation.MakeAsync(SumPhase.Shares, All);
        await federation.MakeAsync(SumPhase.Masked, 0, 1, 2, 3, 4);
        await federation.PassAsync(0.1);
        await federation.MakeAsync(SumPhase.Consistency, 0, 1);
        var borrowed = await federation.SendAsync(2, SumPhase.Consistency, federation.Sent(SumPhase.Consistency, 1));
        Assert.Equal("Client 2 did not sign who is in the sum with its certificate's key.", borrowed.Message);
        Assert.Equal("Invalid", (await federation.SendAsync(5, SumPhase.Consistency, new byte[64])).Rule);
        string before = (await federation.CheckpointAsync(0))!;
        await federation.PassAsync(0.3);
        await federation.ReachAsync(1);
        Assert.Equal(before, await federation.CheckpointAsync(1));
        var round = Assert.Single((await federation.Coordinator.OverviewAsync(0, default)).History);
        Assert.Contains("Of the 5 clients in the sum 2 have signed who is in it in time, which are too few.", round.Refused[^1]);
    }
}

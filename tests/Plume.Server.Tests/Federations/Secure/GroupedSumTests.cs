using Plume.Federation.SecureSums;
using Plume.Server.Federations.Secure;

namespace Plume.Server.Tests.Federations.Secure;

/// <summary>How a server makes the secure sums of three groups, whose median is the next model.</summary>
public class GroupedSumTests
{
    static readonly int[] All = [.. Enumerable.Range(0, SecureFederation.InGroups)];

    static Task<SecureFederation> BeginAsync(bool isSigned = false) =>
        SecureFederation.BeginAsync(isSigned: isSigned, rule: "groups(3) | median");

    static float[] Median(params float[][] means) =>
        [.. Enumerable.Range(0, means[0].Length).Select(place => means.Select(mean => mean[place]).Order().ToArray())
            .Select(sorted => sorted.Length == 3 ? sorted[1] : (float)(((double)sorted[0] + sorted[1]) / 2))];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_model_is_the_median_of_the_means_of_groups_also_where_the_server_restarts_in_between(bool isSigned)
    {
        await using var federation = await BeginAsync(isSigned);
        for (var trip = SumPhase.Keys; trip <= SumPhase.Masked; trip++)
            await federation.MakeAsync(trip, All);
        await federation.ToldAsync(0, SumPhase.Masked);
        await federation.CloseAsync();
        await federation.OpenAsync();
        await federation.ToldAsync(0, SumPhase.Masked);
        if (isSigned)
            await federation.MakeAsync(SumPhase.Consistency, All);
        await federation.MakeAsync(SumPhase.Unmasking, All);
        await federation.ReachAsync(1);
        float[] median = Median([.. federation.Groups.Select(group => federation.Mean(group))]);
        Assert.Equal(median, await federation.ModelAsync(1));
        Assert.All(All, client => Assert.Equal(SumAnswerKind.Counted,
            federation.SendAsync(client, SumPhase.Done, null).GetAwaiter().GetResult().Kind));
    }

    [Fact]
    public async Task A_group_that_loses_a_client_is_left_out_and_its_clients_hear_it()
    {
        await using var federation = await BeginAsync();
        int[][] groups = [.. federation.Groups];
        await federation.MakeAsync(SumPhase.Keys, All);
        int[] others = [.. All.Except([groups[1][0]])];
        await federation.MakeAsync(SumPhase.Shares, others);
        await federation.PassAsync(0.1);
        var refused = await federation.SendAsync(groups[1][1], SumPhase.Shares, null);
        Assert.Equal((SumAnswerKind.Refused, "Stale"), (refused.Kind, refused.Rule));
        Assert.Contains("is left out: 2 clients shared their secrets, but a secure sum needs 3.", refused.Message);
        int[] left = [.. groups[0].Concat(groups[2]).Order()];
        await federation.MakeAsync(SumPhase.Masked, left);
        await federation.MakeAsync(SumPhase.Unmasking, left);
        await federation.ReachAsync(1);
        Assert.Equal(Median(federation.Mean(groups[0]), federation.Mean(groups[2])), await federation.ModelAsync(1));
        var overview = await federation.Coordinator.OverviewAsync(0, default);
        Assert.Equal(6, overview.History[0].Accepted);
        Assert.Contains(overview.History[0].Bounded, note =>
            note.StartsWith("The sum of group 2 (clients ", StringComparison.Ordinal));
        Assert.Equal([$"client-{groups[1][0]}"], overview.AskedLess.Select(member => member.Name));
        Assert.Equal(SumAnswerKind.Refused, (await federation.SendAsync(groups[1][1], SumPhase.Done, null)).Kind);
    }

    [Fact]
    public async Task A_group_that_does_not_unmask_is_left_out_of_a_sum_that_was_fixed_and_its_clients_do_not_count()
    {
        await using var federation = await BeginAsync(isSigned: true);
        int[][] groups = [.. federation.Groups];
        for (var trip = SumPhase.Keys; trip <= SumPhase.Masked; trip++)
            await federation.MakeAsync(trip, All);
        // Of the last group one has not signed, and the others go on.
        await federation.MakeAsync(SumPhase.Consistency, [.. All.Except([groups[2][0]])]);
        await federation.MakeAsync(SumPhase.Unmasking, groups[0]);
        await federation.PassAsync(0.3);
        Assert.Equal(SumAnswerKind.Open, (await federation.SendAsync(groups[2][1], SumPhase.Consistency, null)).Kind);
        await federation.MakeAsync(SumPhase.Unmasking, groups[1]);
        await federation.ReachAsync(1);
        Assert.Equal(Median(federation.Mean(groups[0]), federation.Mean(groups[1])), await federation.ModelAsync(1));
        Assert.Equal(SumAnswerKind.Counted, (await federation.SendAsync(groups[0][0], SumPhase.Done, null)).Kind);
        Assert.Equal(SumAnswerKind.Refused, (await federation.SendAsync(groups[2][1], SumPhase.Done, null)).Kind);
        var round = Assert.Single((await federation.Coordinator.OverviewAsync(0, default)).History);
        Assert.Equal(6, round.Accepted);
        Assert.Contains("Of its 3 clients 2 have signed who is in it in time, which are too few.", round.Bounded[0]);
    }

    [Fact]
    public async Task With_half_of_the_groups_the_round_is_tried_again_in_others()
    {
        await using var federation = await BeginAsync();
        int[][] groups = [.. federation.Groups];
        await federation.MakeAsync(SumPhase.Keys, [.. All.Except([groups[0][0], groups[1][0]])]);
        await federation.PassAsync(0.7);
        Assert.Equal(2, federation.Coordinator.Snapshot.Attempt);
    }
}

using Plume.Federation.Privacy;
using Plume.Federation.SecureSums;
using Plume.Server.Federations.Secure;

namespace Plume.Server.Tests.Federations.Secure;

/// <summary>Secure sums to which clients add noise that nobody can draw again.</summary>
public class NoisySumTests
{
    static readonly int[] All = [0, 1, 2, 3, 4, 5];

    static readonly DifferentialPrivacy Privacy = new(Noise: 2, Delta: 1e-5, Epsilon: 10);

    [Fact]
    public async Task The_model_is_what_the_noisy_sum_says_and_the_server_adds_nothing()
    {
        await using var federation = await SecureFederation.BeginAsync(Privacy);
        await federation.PlayAsync(5, SumPhase.Masked);
        float[] mean = federation.Mean(0, 1, 2, 3, 4), model = await federation.ModelAsync(1);
        for (int i = 0; i < model.Length; i++)
            Assert.Equal(mean[i], model[i], 1e-6f);
        // Noise of 2 * 0.1 * sqrt(5 / 3) in the sum of five.
        Assert.Equal(0.0516, Math.Sqrt(model.Average(value => (double)value * value)), 0.0516 / 4);
        var overview = await federation.Coordinator.OverviewAsync(0, default);
        Assert.Equal((5, 0.0), (overview.History[0].Accepted, overview.History[0].TrainingLoss));
        Assert.Equal(1, overview.MostParticipations);
    }

    [Fact]
    public async Task A_sum_that_is_begun_again_has_the_noise_that_its_updates_had_and_is_paid_for_once()
    {
        await using var federation = await SecureFederation.BeginAsync(Privacy);
        await federation.MakeAsync(SumPhase.Keys, All);
        await federation.MakeAsync(SumPhase.Shares, All);
        await federation.MakeAsync(SumPhase.Masked, 0, 1, 2);
        float[] mean = federation.Mean(All);
        await federation.CloseAsync();
        await federation.OpenAsync();
        Assert.Equal(0, (await federation.Coordinator.OverviewAsync(0, default)).MostParticipations);
        federation.EnterSession();
        for (var trip = SumPhase.Keys; trip <= SumPhase.Masked; trip++)
            await federation.MakeAsync(trip, All);
        // Nobody is asked to unmask before it is paid for, and who restarts then pays no more.
        await federation.ToldAsync(0, SumPhase.Masked);
        Assert.Equal(1, (await federation.Coordinator.OverviewAsync(0, default)).MostParticipations);
        await federation.CloseAsync();
        await federation.OpenAsync();
        await federation.MakeAsync(SumPhase.Unmasking, All);
        await federation.ReachAsync(1);
        Assert.Equal(1, (await federation.Coordinator.OverviewAsync(0, default)).MostParticipations);
        float[] model = await federation.ModelAsync(1);
        for (int i = 0; i < model.Length; i++)
            Assert.Equal(mean[i], model[i], 1e-6f);
    }

    [Fact]
    public async Task A_sum_that_is_lost_when_it_might_be_had_stays_paid_for()
    {
        await using var federation = await SecureFederation.BeginAsync(Privacy);
        for (var trip = SumPhase.Keys; trip <= SumPhase.Masked; trip++)
            await federation.MakeAsync(trip, All);
        await federation.MakeAsync(SumPhase.Unmasking, 0, 1);
        await federation.PassAsync(0.3);
        await federation.ReachAsync(1);
        Assert.Equal(new float[200], await federation.ModelAsync(1));
        var overview = await federation.Coordinator.OverviewAsync(0, default);
        Assert.Equal((0, 1), (overview.History[0].Accepted, overview.MostParticipations));
        Assert.Equal(SumAnswerKind.Refused, (await federation.SendAsync(0, SumPhase.Unmasking, null)).Kind);
    }
}

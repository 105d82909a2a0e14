using Plume.Client.Tests.Fakes;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Rounds;

/// <summary>What a client asks of a federation's noise before it learns anything for it.</summary>
public sealed class NoiseTests : IDisposable
{
    readonly Folder folder = new();
    readonly Stepper learner = new(FakeFederation.Layout);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1.5, "it asks for 1.5")]
    [InlineData(0, "it asks for none")]
    public async Task Where_clients_add_less_noise_than_a_client_wants_it_learns_nothing(double noise, string said)
    {
        await using var server = await FakeServer.StartAsync(Adding(noise));
        var refusal = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder) with { LeastNoise = 2 }, learner));
        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(learner.Tasks);
    }

    [Fact]
    public async Task Where_they_add_as_much_it_learns_and_goes_on_to_the_sum()
    {
        await using var server = await FakeServer.StartAsync(Adding(noise: 2));
        using var leaving = new CancellationTokenSource();
        var heard = new Heard
        {
            At = step =>
            {
                if (step.Stage == ClientStage.Uploading)
                    leaving.Cancel();
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FederatedClient.JoinAsync(
            server.Client(folder) with { LeastNoise = 2, Progress = heard }, learner, leaving.Token));
        Assert.Single(learner.Tasks);
    }

    [Fact]
    public async Task Where_updates_are_sent_in_clear_a_client_that_wants_noise_does_not_join()
    {
        await using var server = await FakeServer.StartAsync();
        var refusal = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder) with { LeastNoise = 1 }, learner));
        Assert.Contains("adds up nothing in secret", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(server.Federation.All<DownloadRequest>());
    }

    static FakeFederation Adding(double noise) => new()
    {
        Uplink = "clip(1) | rotate | uniform(8, shared) | secure",
        Secure = new SecureTask
        {
            Session = 1,
            SharedKey = 2,
            Step = 0.01f,
            Participants = { 0, 1, 2 },
            Quorum = 3,
            Noise = noise,
        },
    };
}

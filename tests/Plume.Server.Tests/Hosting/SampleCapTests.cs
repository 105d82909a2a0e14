using System.Collections.Concurrent;
using Plume.Client;
using Plume.Protocol.V1;

namespace Plume.Server.Tests.Hosting;

public class SampleCapTests
{
    const int Cap = 10;

    [Theory]
    [InlineData(11, 40)]
    [InlineData(Cap, 1_000_000)]
    [InlineData(int.MaxValue, 3)]
    public async Task A_site_with_more_samples_than_the_cap_counts_as_the_cap_and_hears_so(int first, int second)
    {
        var (capped, said, status) = await RunAsync(first, second);
        var (calm, nothing, _) = await RunAsync(Math.Min(first, Cap), Math.Min(second, Cap));
        Assert.Equal(calm, capped);
        Assert.Empty(nothing);
        string[] expected = [.. new[] { first, second }.Where(samples => samples > Cap)
            .Select(samples => $"The update weighs as one of 10 samples, the most that one can, and was made from {samples}.")];
        // Each in each of two rounds.
        Assert.Equal([.. expected.Concat(expected).Order()], said.Order());
        Assert.All(status.History, round => Assert.Equal(expected.Length, round.Bounded.Count));
    }

    static async Task<(float[] Model, IReadOnlyList<string> Said, FederationStatus Status)> RunAsync(int first, int second)
    {
        await using var toy = new ServedToy();
        await toy.StartAsync(startWith: 2, participants: 2, sampleCap: Cap);
        var said = new ConcurrentQueue<string>();
        var results = await Task.WhenAll(toy.JoinAsync("one", Hear, adds: 1, first, number: 0),
            toy.JoinAsync("two", Hear, adds: 0.5f, second, number: 1));
        Assert.All(results, result => Assert.True(result.IsFinished, result.Message));
        return (results[0].Model.ToArray(), [.. said],
            await toy.Operation.StatusAsync(new StatusRequest { Federation = ServedToy.Federation }, ServedToy.Operator));

        void Hear(ClientProgress step)
        {
            Assert.NotEqual(ClientStage.Refused, step.Stage);
            if (step is { Stage: ClientStage.Counted, Message.Length: > 0 })
                said.Enqueue(step.Message);
        }
    }
}

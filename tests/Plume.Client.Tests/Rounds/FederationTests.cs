using Plume.Client.Tests.Fakes;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Rounds;

public class FederationTests
{
    [Fact]
    public async Task A_client_does_its_part_of_every_round_and_ends_with_the_last_model()
    {
        await using var server = await FakeServer.StartAsync();
        using var folder = new Folder();
        var learner = new Stepper(FakeFederation.Layout);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal((true, "done", 3, 3), (result.IsFinished, result.Message, result.LastVersion, result.Version));
        Assert.Equal(server.Federation.Broadcast.Published.ToArray(), result.Model.ToArray());
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
        Assert.Equal([1u, 2u, 3u], server.Federation.Counted.Keys);
        Assert.Single(server.Federation.All<JoinRequest>());
    }
}

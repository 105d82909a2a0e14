using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;

namespace Plume.EndToEnd.Tests;

/// <summary>Updates that are added up in secret, by real processes.</summary>
public class SecureSumTests
{
    const int Killed = 128 + 9;

    static readonly ToyPlan Plan = new(Clients: 5, Rounds: 8, Participants: 3, Values: 20_000)
    {
        Uplink = "feedback | randk(50%) | rotate | uniform(6, shared) | secure",
    };

    [Fact]
    public async Task Wherever_the_server_dies_a_secure_sum_has_the_bits_of_a_simulation()
    {
        await using var trial = new Trial(Plan);
        var clients = trial.StartAllClients();
        foreach (string place in (string[])["event:2", "sum-stored:1", "sum-closed:1", "sum-closed:2", "revealed-stored:1",
            "sum-revealed:1", "version-stored:1", "committed:1"])
        {
            var dying = await trial.ServeAsync(place);
            Assert.Equal(Killed, await dying.EndAsync());
        }

        var ended = await trial.EndAsync(await trial.ServeAsync(), clients);
        Assert.Equal(Simulated.Model(Plan), ended.Model);
    }
}

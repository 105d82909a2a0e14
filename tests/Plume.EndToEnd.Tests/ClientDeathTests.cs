using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests;

public class ClientDeathTests
{
    static readonly ToyPlan Plan = new(Clients: 5, Rounds: 12, Participants: 3, Values: 20_000);

    // Of more chunks than one, so that half an update is something that the server has.
    static readonly ToyPlan Large = new(Clients: 2, Rounds: 5, Participants: 2, Values: 400_000)
    {
        Uplink = "feedback | uniform(8) | pack",
    };

    public static TheoryData<string> Methods => [.. Trainings.Killed.Take(2)];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task A_client_that_dies_before_it_sends_or_before_it_knows_the_answer_is_counted_once(string training)
    {
        var plan = Trainings.Of(Plan, training);
        await using var trial = new Trial(plan);
        var server = await trial.ServeAsync();
        var others = trial.StartClients([1, 3, 4]);
        foreach (string place in (string[])["sent:2", "counted:5", "counted:7", "sent:10"])
            Assert.Equal(HostProcess.Killed, await trial.StartClients([0, 2], place).EndAsync());
        var ended = await trial.EndAsync(server, others, trial.StartClients([0, 2]));
        Assert.Equal(await CalmRuns.CheckpointAsync(plan), ended.Checkpoint);
        // Whoever died with an answer asked again; one that died once more before it was written down, a third time.
        var told = trial.ReadHistory().Where(line => line.What == HistoryLine.Counted).GroupBy(line => (line.Client, line.Round))
            .Where(answers => answers.Count() > 1).Select(answers => answers.Key.Round).ToHashSet();
        Assert.Superset(new HashSet<int> { 5, 7 }, told);
    }

    [Fact]
    public async Task A_client_killed_in_the_middle_of_an_upload_goes_on_with_it()
    {
        await using var trial = new Trial(Large);
        var server = await trial.ServeAsync();
        var other = trial.StartClients([1]);
        (trial.Network.LargestPiece, trial.Network.Delay) = (4 << 10, TimeSpan.FromMilliseconds(1));
        foreach (double share in (double[])[0.1, 0.5, 0.9])
        {
            var client = trial.StartClients([0]);
            await trial.Network.PassedAsync(Way.Up, (long)(share * Large.Values));
            await client.KillAsync();
        }

        trial.Network.Delay = TimeSpan.Zero;
        var ended = await trial.EndAsync(server, other, trial.StartClients([0]));
        Assert.Equal(await CalmRuns.CheckpointAsync(Large), ended.Checkpoint);
    }
}

using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;

namespace Plume.Federation.Tests.Rounds.Buffering;

/// <summary>A host that does nothing but keep the books of buffered rounds, and checks the rules' promises after every
/// event.</summary>
sealed class BufferedHost(FederationPlan plan, ulong seed = 1)
{
    readonly RoundBooks books = new(plan, RandomKey.FromSeed(seed), Host.ModelNorm, NoteLimit.None);
    readonly Dictionary<int, double> summed = [];
    readonly Dictionary<int, int> atWork = [];
    readonly Dictionary<int, int> told = [];
    DateTimeOffset now = DateTimeOffset.UnixEpoch;

    public FederationState State => books.State;

    public List<RoundPart> Asked { get; } = [];

    public List<RefuseUpdate> Refused { get; } = [];

    public List<ApplyMean> Applied { get; } = [];

    public List<RoundMetrics> Figures { get; } = [];

    public bool Finished { get; private set; }

    public string? Abandoned { get; private set; }

    public static FederationPlan Plan(int clients, int atWork, int updates, int rounds, int stale = Buffered.UsualMostStale) =>
        Host.Plan(clients, atWork, rounds, attempts: 50) with { Buffered = new Buffered(updates, stale), SampleCap = null };

    public void Tell(FederationEvent happened, bool valid = true)
    {
        if (happened is UpdateArrived arrived)
            told[arrived.Client] = arrived.ModelVersion;
        foreach (var command in books.Happen(happened, now))
            CarryOut(command, valid);
        Assert.True(State.Standings.Count(entry => entry.Value == Standing.Asked) <= plan.Participants);
        Assert.Equal(State.Standings.Keys, State.Tasks.Keys);
        if (State.Phase == Phase.Collecting)
            Assert.Equal(State.Standings.Where(entry => entry.Value is Standing.Asked or Standing.Decoding)
                .Select(entry => entry.Key), State.Current.Participants);
    }

    /// <summary>A client answers what it was asked last, from the version of that moment.</summary>
    public void Answer(int client, bool valid = true, int samples = 5)
    {
        if (State.Tasks.TryGetValue(client, out var task))
            Tell(new UpdateArrived(client, task.Part.Round, task.Part.Attempt, atWork[client], samples) { Loss = 1 }, valid);
    }

    public void PassTime(TimeSpan time) => now += time;

    public void PassDeadlineOf(int client)
    {
        now = State.Tasks[client].Deadline;
        Tell(new TimePassed());
    }

    void CarryOut(FederationCommand command, bool valid)
    {
        switch (command)
        {
            case PublishRound publish:
                Assert.Equal((Applied.Count + 1, 1, Applied.Count), (publish.Plan.Round, publish.Plan.Attempt,
                    publish.Plan.ModelVersion));
                summed.Clear();
                break;
            case AskClient { Task: var task }:
                Assert.Contains(task.Part.Client, State.Members);
                Assert.DoesNotContain(task.Part.Client, summed.Keys);
                Assert.DoesNotContain(task.Part, Asked);
                Assert.Equal(State.Current.Round, task.Part.Round);
                Assert.False(State.IsPaused);
                Asked.Add(task.Part);
                atWork[task.Part.Client] = State.Current.ModelVersion;
                break;
            case AddUpdate add when valid:
                int staleness = State.Current.ModelVersion - told[add.Client];
                Assert.InRange(staleness, 0, plan.Buffered!.MostStale);
                Assert.Equal(1 / Math.Sqrt(1 + staleness), add.Weight, 1e-12);
                Assert.True(summed.TryAdd(add.Client, add.Weight), $"Client {add.Client} was to be added twice.");
                Tell(new UpdateAdded(add.Client, 1));
                break;
            case AddUpdate add:
                Tell(new UpdateInvalid(add.Client, "not finite"));
                break;
            case RefuseUpdate refuse:
                Assert.Contains($"client {refuse.Client} ", refuse.Message);
                Refused.Add(refuse);
                break;
            case ApplyMean apply:
                Assert.InRange(apply.Contributors.Count, Math.Min(plan.Quorum, plan.Buffered!.Updates), plan.Buffered.Updates);
                if (apply.Contributors.Count < plan.Buffered.Updates)
                    Assert.Empty(State.Current.Participants);
                Assert.Equal(summed.Keys.Order(), apply.Contributors);
                Assert.Equal(summed.Values.Sum(), apply.TotalWeight, 1e-9);
                Assert.Equal(Applied.Count + 1, apply.Round);
                Applied.Add(apply);
                Figures.Add(books.Figures(null, 0, 0));
                Tell(new ModelApplied());
                break;
            case Finish:
                Finished = true;
                break;
            case Abandon abandon:
                Abandoned = abandon.Message;
                break;
        }
    }
}

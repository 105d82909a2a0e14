using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.Federation.Tests.Rounds;

/// <summary>A host that does nothing but keep the books, and checks the machine's promises after every event.</summary>
sealed class Host(FederationPlan plan, ulong seed = 1)
{
    public const double ModelNorm = 2;

    static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    readonly RoundBooks books = new(plan, RandomKey.FromSeed(seed), ModelNorm, NoteLimit.None);
    readonly HashSet<int> summed = [];
    DateTimeOffset now = Start;

    public FederationState State => books.State;

    public List<int> RoundsApplied { get; } = [];

    public List<int[]> Contributors { get; } = [];

    public List<RefuseUpdate> Refused { get; } = [];

    public List<ReportBounded> Bounded { get; } = [];

    /// <summary>The norm that a client's decoded update has.</summary>
    public Func<int, double> NormOf { get; init; } = _ => 1;

    public List<RoundPlan> Published { get; } = [];

    public bool Finished { get; private set; }

    public string? Abandoned { get; private set; }

    public static FederationPlan Plan(int clients, int participants, int rounds, int quorum = 1, double overSelection = 1,
        int attempts = 3) =>
        new(clients, rounds, participants, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
        {
            Quorum = quorum,
            OverSelection = overSelection,
            Attempts = attempts,
            SampleCap = 10,
            Deadline = TimeSpan.FromMinutes(1),
        };

    public void Tell(FederationEvent happened, bool valid = true)
    {
        foreach (var command in books.Happen(happened, now))
            CarryOut(command, valid);
    }

    public string? WhyNotExtended(int rounds) => books.WhyNotExtended(rounds, now);

    public void Arrive(int client, int samples = 5, bool valid = true) =>
        Tell(new UpdateArrived(client, State.Current.Round, State.Current.Attempt, State.Current.ModelVersion, samples), valid);

    public void PassDeadline()
    {
        now = State.Current.Deadline;
        Tell(new TimePassed());
    }

    void CarryOut(FederationCommand command, bool valid)
    {
        switch (command)
        {
            case PublishRound publish:
                Assert.Equal(RoundsApplied.Count + 1, publish.Plan.Round);
                Assert.Equal(RoundsApplied.Count, publish.Plan.ModelVersion);
                Assert.Equal(publish.Plan.Participants.Order().Distinct(), publish.Plan.Participants);
                Published.Add(publish.Plan);
                summed.Clear();
                break;
            case AddUpdate add when valid:
                Assert.True(summed.Add(add.Client), $"Client {add.Client} was to be added twice.");
                Assert.Contains(add.Client, State.Current.Participants);
                Assert.InRange(add.Weight, 1e-9, 1);
                Tell(new UpdateAdded(add.Client, NormOf(add.Client)));
                break;
            case AddUpdate add:
                Tell(new UpdateInvalid(add.Client, "not finite"));
                break;
            case RefuseUpdate refuse:
                Assert.Contains($"client {refuse.Client} ", refuse.Message);
                Refused.Add(refuse);
                break;
            case ReportBounded bounded:
                Bounded.Add(bounded);
                break;
            case ApplyMean apply:
                Assert.Equal(summed.Order(), apply.Contributors);
                Assert.True(apply.Contributors.Count >= plan.Quorum);
                Assert.Equal(apply.Contributors.Count * plan.WeightOf(5), apply.TotalWeight, 1e-9);
                Assert.Equal(RoundsApplied.Count + 1, apply.Round);
                RoundsApplied.Add(apply.Round);
                Contributors.Add([.. apply.Contributors]);
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

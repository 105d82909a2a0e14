using System.Numerics.Tensors;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>Participants that are added up in groups, whose means a rule compares.</summary>
public class GroupSumsTests
{
    const float Step = 1f / 64;

    static readonly ModelLayout Layout = ModelLayout.Of([("w", [30, 4], TensorRole.Weight), ("b", [30], TensorRole.Bias)]);

    static readonly CapacityModel Half = HalfOf([.. Enumerable.Range(0, 15)]);

    static CapacityModel HalfOf(int[] rows)
    {
        var slice = LayoutSlice.Of(Layout, [("w", 0, rows), ("b", 0, rows)]);
        return new CapacityModel(slice.Part, _ => slice);
    }

    static readonly RoundPlan Round = new(2, 1, 1, [1, 2, 4, 5, 7, 8, 9, 12, 13, 15, 17, 19], default);

    static FederationPlan Plan(string rule, int quorum = 9) => new(20, 5, 12, new LocalObjective(1, 1, 0.1),
        Codec.Parse("uniform(6, shared) | secure"), Codec.Floats)
    { SampleCap = 100, Quorum = quorum, Rule = RobustNotation.Parse(rule) };

    [Theory]
    [InlineData("groups(3) | median")]
    [InlineData("groups(3) | mean")]
    [InlineData("groups(3) | geomedian")]
    [InlineData("groups(4) | trimmed(1)")]
    [InlineData("groups(3) | nearest(1) | centered")]
    public void A_rule_on_secure_sums_of_groups_has_the_bits_of_the_rule_on_plain_means_of_the_same_messages(string rule)
    {
        var plan = Plan(rule);
        var round = Round with { UsualNorm = 1 };
        var session = new Groups(plan, round);
        session.Make(SumPhase.Keys);
        session.Make(SumPhase.Shares, lost: plan.Rule!.Groups == 3 ? [session.Members[1][0]] : []);
        session.Make(SumPhase.Masked);
        session.Make(SumPhase.Unmasking);
        var revealed = session.Sums.Finish();

        float[][] plain = [.. session.Members.Select((_, group) => session.PlainMean(group))];
        var expected = RobustMean.Of(plan.Rule, new Rows(plain),
            norm => norm > NormBound.DefaultFactor ? 1 / norm : 1).Mean;
        Assert.Equal(plain, revealed.Groups.Select(group => group.Sum.Mean()));
        Assert.Equal(expected, session.Applied(revealed, round));
        Assert.Equal(session.Sums.Contributing, revealed.Clients.Order());
    }

    [Fact]
    public void A_group_of_which_too_few_are_left_is_left_out_and_the_others_go_on_while_they_are_enough()
    {
        var session = new Groups(Plan("groups(3) | median", quorum: 6), Round);
        int[] second = session.Members[1];
        session.Make(SumPhase.Keys);
        session.Make(SumPhase.Shares, lost: second[..2]);
        Assert.Equal(Round.Participants.Except(second), session.There);
        Assert.Contains("The sum of group 2 (clients ", Assert.Single(session.Sums.Notes), StringComparison.Ordinal);
        Assert.Contains("is left out", Assert.Throws<InvalidPayloadException>(() => session.Sums.Of(second[3])).Message);
        session.Make(SumPhase.Masked);
        Assert.Equal(Round.Participants.Except(second), session.Sums.Contributing);

        // Whoever goes on from what is kept does without it, too.
        session.Restart();
        session.Make(SumPhase.Unmasking);
        var revealed = session.Sums.Finish();
        Assert.Equal([0, 2], revealed.Groups.Select(group => group.Number));
        Assert.Equal([session.PlainMean(0), session.PlainMean(2)], revealed.Groups.Select(group => group.Sum.Mean()));
        Assert.Empty(session.Sums.LeftOut);
    }

    [Fact]
    public void With_half_of_the_groups_or_fewer_clients_than_the_quorum_the_sum_is_lost()
    {
        var session = new Groups(Plan("groups(4) | median"), Round);
        session.Make(SumPhase.Keys);
        // Of a group of three nobody may vanish.
        string message = Assert.Throws<SumLostException>(() =>
            session.Make(SumPhase.Shares, lost: [session.Members[0][0], session.Members[3][1]])).Message;
        Assert.StartsWith("2 of 4 groups have a sum, but the round needs 3. The sum of group 1 (clients ", message);

        session = new Groups(Plan("groups(3) | median"), Round);
        session.Make(SumPhase.Keys);
        session.Make(SumPhase.Shares, lost: session.Members[1][..2]);
        Assert.StartsWith("8 clients are in the sums of groups, but the round needs 9.",
            Assert.Throws<SumLostException>(() => session.Make(SumPhase.Masked)).Message);
    }

    [Fact]
    public void A_group_whose_sum_nobody_unmasks_in_time_is_left_out_after_it_was_fixed()
    {
        var session = new Groups(Plan("groups(3) | median", quorum: 6), Round);
        foreach (var trip in (SumPhase[])[SumPhase.Keys, SumPhase.Shares, SumPhase.Masked])
            session.Make(trip);
        Assert.False(session.Sums.LeaveLateOut());
        session.Make(SumPhase.Unmasking, lost: session.Members[2][..2]);
        Assert.False(session.Sums.HasEnough);
        Assert.True(session.Sums.LeaveLateOut());
        Assert.True(session.Sums.HasEnough);
        Assert.Equal(session.Members[2], session.Sums.LeftOut);
        Assert.Equal([0, 1], session.Sums.Finish().Groups.Select(group => group.Number));
        Assert.EndsWith("Of its 4 clients 2 have sent shares in time, which are too few.", session.Sums.Notes.Single());
    }

    // Of clients of half the capacity all or none are in the sum.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sub_models_add_up_each_in_a_sum_of_its_capacity_to_the_model_of_plain_sums(bool isHalfLost)
    {
        var plan = Plan("mean", quorum: 4) with { Method = MethodNotation.Parse("submodels(1, 1/2)"), Smaller = [Half] };
        var session = new Groups(plan, Round);
        Assert.Equal([[2, 4, 8, 12], [1, 5, 7, 9, 13, 15, 17, 19]], session.Members);
        session.Make(SumPhase.Keys);
        session.Make(SumPhase.Shares, lost: isHalfLost ? session.Members[1][..6] : []);
        session.Make(SumPhase.Masked);
        session.Make(SumPhase.Unmasking);

        var sum = new ExactSum(Layout.Length + Half.Layout.Length, plan.MostContributors);
        double[] weights = [session.AddPlain(0, sum.Slice(0, Layout.Length)),
            isHalfLost ? 0 : session.AddPlain(1, sum.Slice(Layout.Length, Half.Layout.Length))];
        var expected = new GlobalModel(plan, Layout, new float[Layout.Length], new FedAvg(), RandomKey.FromSeed(1), 1, 0);
        expected.Apply(sum, weights, session.Sums.Contributing.Count);
        Assert.Equal(expected.Exact.ToArray(), session.Applied(session.Sums.Finish(), Round));
        if (isHalfLost)
            Assert.StartsWith("The sum of capacity 1/2 (clients 1, 5, ", session.Sums.Notes.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_capacity_of_which_a_round_asks_fewer_than_three_is_left_out_of_it()
    {
        var plan = Plan("mean", quorum: 3) with { Method = MethodNotation.Parse("submodels(1, 1/2)"), Smaller = [Half] };
        var session = new Groups(plan, Round with { Participants = [2, 4, 5, 7, 8] });
        Assert.Equal([2, 4, 8], session.There);
        Assert.Contains("must ask as many clients as it needs, 3, but asks 2.", session.Sums.WhyLeftOut(5),
            StringComparison.Ordinal);
        var none = new Groups(plan, Round with { Participants = [2, 4, 5, 7] });
        Assert.Contains("0 of 2 groups have a sum", Assert.Throws<SumLostException>(none.Sums.Close).Message);
    }

    [Fact]
    public void Groups_are_dealt_anew_in_each_attempt_and_differ_by_one_client_at_most()
    {
        var key = RandomKey.FromSeed(1);
        var groups = SumGroups.Of(Plan("groups(5) | median"), key, Round with { Participants = [.. Enumerable.Range(0, 17)] });
        Assert.Equal([4, 4, 3, 3, 3], groups.Select(group => group.Count));
        Assert.Equal(Enumerable.Range(0, 17), groups.SelectMany(group => group).Order());
        Assert.All(groups, group => Assert.Equal(group.Order(), group));
        var plan = Plan("groups(3) | median");
        Assert.Equal(SumGroups.Of(plan, key, Round), SumGroups.Of(plan, key, Round));
        Assert.NotEqual(SumGroups.Of(plan, key, Round), SumGroups.Of(plan, key, Round with { Attempt = 2 }));
        // A round that asks few has fewer groups.
        Assert.Equal(2, SumGroups.Of(plan, key, Round with { Participants = [3, 5, 6, 7, 8, 9, 11, 12] }).Count);
    }

    [Theory]
    [InlineData("median", 9, "let it compare the sums of groups, 'groups(3) | median', or take 'secure' out")]
    [InlineData("krum(1)", 9, "nobody sees one: take 'secure' out of the uplink.")]
    [InlineData("groups(5) | median", 9, "12 participants have 2: let a round ask 15, or write 'groups(3) | median'.")]
    [InlineData("groups(4) | krum(1)", 9, "'groups(4) | krum(1)' needs 5 messages or more")]
    [InlineData("groups(4) | median", 8, "needs 3 of its 4 groups, each of 3 clients or more, but a round may have 8 clients")]
    public void A_rule_without_groups_or_with_groups_that_are_too_small_is_refused_with_what_can_be(string rule, int quorum,
        string problem) =>
        Assert.Contains(problem, Assert.Single(Plan(rule, quorum).Problems()), StringComparison.Ordinal);

    [Fact]
    public void Groups_are_for_updates_that_nobody_sees() =>
        Assert.Contains("leave groups(3) out",
            Assert.Single((Plan("groups(3) | median") with { Uplink = Codec.Floats }).Problems()), StringComparison.Ordinal);

    [Theory]
    [InlineData("groups(5) | median", 3)]
    [InlineData("groups(5) | mean", 3)]
    [InlineData("groups(6) | trimmed(2)", 5)]
    [InlineData("groups(7) | nearest(1) | krum(1)", 5)]
    [InlineData("groups(4) | krum(1)", null)]
    public void Of_groups_more_than_half_must_be_left_and_as_many_as_the_rule_needs(string line, int? fewest)
    {
        var rule = RobustNotation.Parse(line)!;
        Assert.Equal((line, fewest), (rule.ToString(), rule.FewestGroups));
    }

    /// <summary>Clients of one round in their groups, each with an update of its own.</summary>
    sealed class Groups
    {
        readonly FederationPlan plan;
        readonly SecureRound[] rounds;
        readonly Dictionary<int, SumClient> clients = [];

        public Groups(FederationPlan plan, RoundPlan round)
        {
            Assert.Empty(plan.Problems());
            this.plan = plan;
            rounds = [.. SecureRound.AllOf(SecureTask.AllOf(plan, RandomKey.FromSeed(1), round, Step), plan, Layout,
                capacity => new float[plan.ModelsOf(Layout)[capacity].Layout.Length])];
            Sums = new GroupSums(rounds, plan);
            foreach (int client in round.Participants.Where(client => Sums.WhyLeftOut(client) is null))
                clients[client] = new SumClient(Sums.RoundOf(client).Terms, client, new SeededSecrets((ulong)client),
                    KnownKeys.Of(client));
        }

        public GroupSums Sums { get; private set; }

        public int[][] Members => [.. rounds.Select(round => round.Task.Participants.ToArray())];

        public IEnumerable<int> There => clients.Keys.Order().Where(client => Sums.PhaseOf(client) < SumPhase.Done);

        public void Make(SumPhase trip, params int[] lost)
        {
            foreach (int client in lost)
                clients.Remove(client);
            foreach (int client in There.ToList())
            {
                var (own, server) = (clients[client], Sums.Of(client));
                Sums.Take(trip, client, trip switch
                {
                    SumPhase.Keys => own.AnnounceKeys(),
                    SumPhase.Shares => own.Share(server.RosterFor(client)),
                    SumPhase.Masked => own.Mask(server.SharesFor(client),
                        Sums.RoundOf(client).WordsOf(Payload(client), WeightOf(client), loss: 1)),
                    _ => own.Unmask(server.ContributorsMessage()),
                });
            }

            if (trip < SumPhase.Unmasking)
                Sums.Close();
        }

        public void Restart() => Sums = GroupSums.Restore(rounds, plan, Sums.Keep());

        /// <summary>The mean of what a group's messages say one by one.</summary>
        public float[] PlainMean(int group)
        {
            float[] sum = new float[Layout.Length];
            double weight = Decode(group, decoded => TensorPrimitives.Add(sum, decoded, sum));
            return [.. sum.Select(value => (float)(value / weight))];
        }

        /// <summary>Adds what a group's messages say one by one.</summary>
        /// <returns>Their weights.</returns>
        public double AddPlain(int group, ExactSum sum) => Decode(group, decoded => sum.Add(0, decoded, 1));

        double Decode(int group, Action<float[]> add)
        {
            var shape = ShapeOf(rounds[group]);
            var decoder = new MessageDecoder(shape);
            float[] decoded = new float[shape.Length];
            double weight = 0;
            foreach (int client in rounds[group].Task.Participants.Where(Sums.Contributing.Contains))
            {
                decoder.Decode(Payload(client), decoded, rounds[group].Shared);
                add(decoded);
                weight += WeightOf(client);
            }

            return weight;
        }

        MessageShape ShapeOf(SecureRound round) => plan.Method.Answer(
            plan.ModelsOf(Layout)[plan.Method.CapacityOf(round.Task.Participants[0])].Layout, round.Uplink);

        /// <summary>The model that it becomes, which was zeros.</summary>
        public float[] Applied(RevealedSums revealed, RoundPlan round)
        {
            var model = new GlobalModel(plan, Layout, new float[Layout.Length], new FedAvg(), RandomKey.FromSeed(1), 1, 0);
            SumOutcome.Of(revealed, plan, Layout, round,
                new ExactSum(RoundSum.LengthOf(plan, Layout), plan.MostContributors)).Apply(model, null);
            return model.Exact.ToArray();
        }

        static double WeightOf(int client) => SecureRound.WeightOf(1.0 / (1 + client % 4));

        // Of one client in twelve the opposite, and large.
        ReadOnlyMemory<byte> Encoded(int client)
        {
            var shape = ShapeOf(Sums.RoundOf(client));
            var encoder = new MessageEncoder(shape);
            float scale = (float)WeightOf(client) * (client == 9 ? -9 : 0.3f);
            float[] update = [.. Enumerable.Range(0, shape.Length).Select(i => MathF.Sin(i + client * 0.1f) * scale)];
            return encoder.Encode(update, Sums.RoundOf(client).Shared, rounding: RandomKey.FromSeed((ulong)client));
        }

        byte[] Payload(int client) => Encoded(client).ToArray();
    }

    sealed class Rows(float[][] rows) : IMessageRows
    {
        public int Count => rows.Length;

        public int Length => rows[0].Length;

        public void Read(int first, RowBlock block)
        {
            for (int row = 0; row < rows.Length; row++)
                rows[row].AsSpan(first, block.Columns).CopyTo(block[row]);
        }
    }
}

using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Clipping;
using Plume.Federation.Privacy.Matrix;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;
using Plume.Federation.Tests.Rounds;

namespace Plume.Federation.Tests.Privacy;

public class AdaptiveClipTests
{
    const int Values = 20_000;

    static readonly ModelLayout Layout = ModelLayout.Of([("w", [Values], TensorRole.Weight)]);

    static FederationPlan Plan(AdaptiveClip? clip = null, double noise = 2) =>
        Host.Plan(clients: 200, participants: 100, rounds: 20, quorum: 2) with
        {
            Privacy = new DifferentialPrivacy(noise, Delta: 1e-5, Epsilon: 100) { Clip = clip ?? new AdaptiveClip() },
            SampleCap = null,
            Uplink = Codec.Parse("clip(0.5) | pack"),
        };

    static RoundPlan Round(double clip) => new(1, 1, 0, [0, 1, 2], default) { UsualNorm = clip };

    [Fact]
    public void A_clip_follows_the_share_within_it_as_the_reference_says()
    {
        var adaptive = new AdaptiveClip();
        double clip = 0.1;
        (double, double)[] rounds = [(.3, .104081077), (.8, .098019867), (.5, .098019867), (.45, .099004984)];
        foreach (var (share, next) in rounds)
            Assert.Equal(next, clip = adaptive.Next(clip, share), 1e-9);
    }

    [Theory]
    [InlineData(1, 100, 5, 1.005037815)]
    [InlineData(4, 100, 5, 4.364357805)]
    [InlineData(0.5, 10, 0.5, 0.577350269)]
    public void Noise_is_shared_out_so_that_bits_and_updates_are_one_release_of_it(double noise, int participants, double ofBits,
        double ofUpdates)
    {
        var adaptive = new AdaptiveClip();
        Assert.Equal(ofBits, adaptive.BitNoise(participants));
        double left = adaptive.UpdateNoise(noise, participants)!.Value;
        Assert.Equal(ofUpdates, left, 1e-9);
        Assert.Equal(1 / (noise * noise), 1 / (left * left) + 0.5 * 0.5 / (ofBits * ofBits), 1e-12);
    }

    [Fact]
    public void A_message_says_in_a_byte_whether_its_update_was_within_the_rounds_clip()
    {
        var plan = Plan();
        var sum = new RoundSum(plan, Layout, default, plan.MostContributors);
        Assert.Equal(Values + 1, sum.Sum.Length);
        sum.Begin(Round(clip: 2), _ => default);
        byte[] within = Sent(norm: 1.9, clip: 2), beyond = Sent(norm: 2.1, clip: 2);
        Assert.Equal((1, 0), (within[^1], beyond[^1]));
        Assert.Equal(1.9, sum.Add(new RoundPart(1, 1, 0), 1, within), 1e-4);
        Assert.Equal(0.5, sum.Sum.Values[^1] / sum.Sum.Scale);
        Assert.Equal(2, sum.Add(new RoundPart(1, 1, 1), 1, beyond), 1e-4);
        sum.Add(new RoundPart(1, 1, 2), 1, beyond);
        Assert.Equal(-0.5, sum.Sum.Values[^1] / sum.Sum.Scale);
        // Floats are not clipped, so it is plain to see.
        var floats = new MessageEncoder(ReceivedModel.AsFloats(plan.Answer(Layout))).Encode(Update(1.9), default);
        sum.Add(new RoundPart(1, 1, 2), 1, floats, isFloats: true);
        Assert.Equal(0, sum.Sum.Values[^1]);
        byte[] hostile = [.. within[..^1], 2];
        foreach (byte[] bad in (byte[][])[hostile, [], within[..^1], Sent(norm: 1, clip: 3)])
            Assert.Throws<InvalidPayloadException>(() => sum.Add(new RoundPart(1, 1, 2), 1, bad));
        Assert.Equal(0, sum.Sum.Values[^1]);
        // The next round's is another codec.
        sum.Begin(Round(clip: 3), _ => default);
        sum.Add(new RoundPart(1, 1, 0), 1, Sent(norm: 1, clip: 3));
    }

    [Fact]
    public void What_feedback_adds_counts_for_the_bit()
    {
        var participant = new Participant(new Same(1), new Averaging(), Codec.Parse("feedback | clip(1) | uniform(8) | pack"));
        float[] memory = new float[Values];
        var task = new LocalTask(1, 0, new float[Values], new LocalObjective(1, 1, 0.1), RandomKey.FromSeed(1)) { Clip = 1.5 };
        Assert.Equal(1, participant.Run(task, memory, default).Payload[^1]);
        // As much again is left from before.
        Array.Fill(memory, (float)(1 / Math.Sqrt(Values)));
        Assert.Equal(0, participant.Run(task, memory, default).Payload[^1]);
        Assert.Equal(1, participant.Run(task with { Clip = 2.5 }, new float[Values], default).Payload[^1]);
    }

    [Fact]
    public void The_clip_of_a_round_is_that_which_the_one_before_made()
    {
        var plan = Plan();
        var books = new RoundBooks(plan, default, modelNorm: 9, NoteLimit.None);
        books.Happen(new Started(), default);
        Assert.Equal((0.5, 0.5), (books.State.Current.UsualNorm, plan.ClipIn(books.State.Current)));
        Assert.Equal("clip(0.5) | pack", plan.UplinkIn(books.State.Current).ToString());
        foreach (int client in books.State.Current.Participants.ToList())
        {
            books.Happen(new UpdateArrived(client, 1, 1, 0, 5), default);
            books.Happen(new UpdateAdded(client, 0.4), default);
        }

        books.Happen(new ModelApplied { NextClip = 0.625 }, default);
        Assert.Equal((2, 0.625), (books.State.Current.Round, books.State.Current.UsualNorm));
        Assert.Equal("clip(0.625) | pack", plan.UplinkIn(books.State.Current).ToString());
        var again = new RoundBooks(plan, default, 9, NoteLimit.None);
        again.RestoreAfter([1], default, new CarriedOver { Clip = 0.625 });
        Assert.Equal(0.625, again.State.Current.UsualNorm);
    }

    [Fact]
    public void Mean_and_share_have_the_noise_that_was_shared_out()
    {
        var plan = Plan();
        // Of a hundred updates that change nothing eighty were within.
        var sum = new ExactSum(Values + 1, plan.MostContributors);
        sum.Values[^1] = (long)(30 * sum.Scale);
        double[] clips = [.. Enumerable.Range(0, 60).Select(seed => Made(sum, (ulong)seed).Model.NextClip!.Value)];
        double[] shares = [.. clips.Select(clip => 0.5 - Math.Log(clip / 2) / 0.2)];
        Assert.Equal(0.8, shares.Average(), 4 * 0.05 / Math.Sqrt(60));
        Assert.InRange(Math.Sqrt(shares.Average(share => Math.Pow(share - 0.8, 2))), 0.05 * 0.65, 0.05 * 1.35);
        var (model, mean) = Made(sum, 7);
        double noise = new AdaptiveClip().UpdateNoise(2, 100)!.Value;
        Assert.Equal(1, Math.Sqrt(mean.Average(value => value * value)) / (noise * 2 / 100), 4 / Math.Sqrt(2 * Values));
        Assert.Equal(model.NextClip, Made(sum, 7).Model.NextClip);
        Assert.Throws<InvalidOperationException>(() => model.Apply(sum, [100], 100, NoiseSecret.FromSeed(1)));

        (GlobalModel Model, double[] Mean) Made(ExactSum made, ulong seed)
        {
            var fresh = new GlobalModel(plan, Layout, new float[Values], new FedAvg(), default, 1, 0);
            fresh.Apply(made, [100], 100, NoiseSecret.FromSeed(seed), clip: 2);
            return (fresh, [.. fresh.Exact.ToArray().Select(value => (double)value)]);
        }
    }

    public static TheoryData<FederationPlan, string> BadPlans => new()
    {
        { Plan(noise: 10), "take noise below 10, or let bits be above 5, such as adaptive(50%, bits=10)." },
        { Plan(new AdaptiveClip(Quantile: 1)), "the quantile must be above 0 % and below 100 %" },
        { Plan(new AdaptiveClip(Rate: 0)), "the rate above 0" },
        { Plan() with { Uplink = Codec.Parse("clip(1) | rotate | uniform(8, shared) | secure") },
            "let the clip be 'fixed', or take 'secure' out of the uplink." },
        { Plan() with { Privacy = Plan().Privacy! with { Matrix = new MatrixMechanism(2) } },
            "let the clip be 'fixed', or the mechanism gaussian." },
    };

    [Theory]
    [MemberData(nameof(BadPlans), DisableDiscoveryEnumeration = true)]
    public void A_clip_that_cannot_follow_is_refused(FederationPlan plan, string problem) =>
        Assert.Contains(plan.Problems(), found => found.Contains(problem, StringComparison.Ordinal));

    [Theory]
    [InlineData("adaptive", "adaptive(50%)")]
    [InlineData("adaptive(70%, rate=0.2)", "adaptive(70%)")]
    [InlineData("adaptive(70%, rate=0.1, bits=5)", "adaptive(70%, rate=0.1, bits=5)")]
    public void A_way_of_the_clip_is_read_and_printed(string text, string printed)
    {
        var clip = AdaptiveClip.Parse(text)!;
        Assert.Equal(printed, clip.ToString());
        Assert.Equal(clip, AdaptiveClip.Parse(printed));
        Assert.Null(AdaptiveClip.Parse("fixed"));
        Assert.Empty(Plan(clip).Problems());
    }

    [Theory]
    [InlineData("median", "'median' is no way of a clip; known are fixed, adaptive")]
    [InlineData("adaptive(0.5)", "must be a percentage")]
    [InlineData("adaptive(50%, bits=0)", "'0' must be above 0")]
    public void What_is_none_is_refused(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => AdaptiveClip.Parse(text)).Message);

    static float[] Update(double norm)
    {
        float[] update = new float[Values];
        Array.Fill(update, (float)(norm / Math.Sqrt(Values)));
        return update;
    }

    static byte[] Sent(double norm, double clip) =>
        new Participant(new Same(norm), new Averaging(), Codec.Parse("clip(0.5) | pack")).Run(
            new LocalTask(1, 0, new float[Values], new LocalObjective(1, 1, 0.1), default) { Clip = clip }, [], default).Payload;

    /// <summary>Trains to the same weights always.</summary>
    sealed class Same(double norm) : ILearner
    {
        public ModelLayout Layout => AdaptiveClipTests.Layout;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            Update(norm).CopyTo(trained);
            return new LocalOutcome(1, 0.5);
        }
    }
}

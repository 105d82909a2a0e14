using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.Federation.Tests.Rounds;

/// <summary>How a round goes whose updates are added up in secret.</summary>
public class SecureStepsTests
{
    static readonly FederationPlan Plan = new(6, 3, 6, new LocalObjective(1, 1, 0.1), Codec.Parse("uniform(4, shared) | secure"),
        Codec.Floats)
    { Quorum = 3, Attempts = 2 };

    static readonly FederationMachine Machine = new(Plan, RandomKey.FromSeed(1), modelNorm: 1);

    static FederationState Began => Step(FederationState.Initial, new Started()).State;

    static (FederationState State, FederationCommand[] Commands) Step(FederationState state, FederationEvent happened)
    {
        var (next, commands) = Machine.Step(state, happened, DateTimeOffset.UnixEpoch);
        return (next, [.. commands]);
    }

    [Fact]
    public void A_sum_closes_its_round_with_all_who_are_in_it_and_its_norm_stands_for_theirs()
    {
        var (closed, commands) = Step(Began, new SumClosed([0, 2, 3, 5], [4]));
        var apply = Assert.IsType<ApplyMean>(Assert.Single(commands));
        Assert.Equal([0, 2, 3, 5], apply.Contributors);
        Assert.Equal(4, closed.Added);
        Assert.Equal([4], closed.Absences.Keys);
        var (revealed, _) = Step(closed, new SumRevealed(0.5, 0.25f));
        Assert.Equal((0.5, 0.25f), (revealed.MedianNorm, revealed.SharedStep));
        var (next, opened) = Step(revealed, new ModelApplied());
        var plan = Assert.IsType<PublishRound>(Assert.Single(opened)).Plan;
        Assert.Equal((2, 0.25f, 0.5), (plan.Round, plan.SharedStep, plan.UsualNorm));
        Assert.Equal(2, next.Current.Round);
    }

    [Fact]
    public void A_sum_that_is_lost_before_it_closes_is_another_attempt_and_after_the_last_the_end()
    {
        var (again, _) = Step(Began, new SumLost("Too few.") { Missing = [1] });
        Assert.Equal((1, 2, Phase.Collecting), (again.Current.Round, again.Current.Attempt, again.Phase));
        Assert.Equal([1], again.Absences.Keys);
        var (ended, commands) = Step(again, new SumLost("Too few."));
        Assert.Equal(Phase.Abandoned, ended.Phase);
        Assert.Contains("lost in the last of 2 attempts: Too few.", Assert.IsType<Abandon>(Assert.Single(commands)).Message);
    }

    [Fact]
    public void A_sum_that_is_lost_after_it_closed_is_a_round_of_nobody()
    {
        var (passed, commands) = Step(Step(Began, new SumClosed([0, 1, 2], [])).State, new SumLost("Too few."));
        Assert.Empty(Assert.IsType<ApplyMean>(Assert.Single(commands)).Contributors);
        Assert.Equal((Phase.Applying, 0), (passed.Phase, passed.Weights.Count));
        Assert.Equal(2, Step(passed, new ModelApplied()).State.Current.Round);
    }

    [Fact]
    public void What_was_not_asked_is_too_few_or_comes_out_of_turn_is_a_mistake_of_the_host()
    {
        Assert.Throws<InvalidOperationException>(() => Step(Began, new SumClosed([0, 1], [])));
        Assert.Throws<InvalidOperationException>(() => Step(Began, new SumClosed([0, 1, 7], [])));
        Assert.Throws<InvalidOperationException>(() => Step(Began, new SumRevealed(1, 1)));
        Assert.Throws<InvalidOperationException>(() => Step(FederationState.Initial, new SumLost("Too few.")));
    }
}

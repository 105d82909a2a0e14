using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Participation;

namespace Plume.Federation.Tests.Rounds;

public class ParticipantTests
{
    const int Length = 600;
    const string Line = "feedback | uniform(1, stochastic) | pack";

    static readonly ModelLayout Layout = ModelLayout.Of([("w", [Length], TensorRole.Weight)]);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(3e38f)]
    public void An_update_that_cannot_be_encoded_is_a_problem_of_the_training(float value)
    {
        var update = Run(place => place % 2 == 0 ? value : -value * 2 / 3, new float[Length]);
        Assert.Empty(update.Payload.ToArray());
        Assert.Contains("Local training diverged", update.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", update.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Length - 1)]
    [InlineData(Length + 1)]
    public void A_memory_of_another_codec_is_no_divergence(int length) =>
        Assert.Contains($"the client's memory {Length}, but they have {Length} and {length}",
            Assert.Throws<ArgumentException>(() => Run(_ => 0.5f, new float[length])).Message, StringComparison.Ordinal);

    static EncodedUpdate Run(Func<int, float> values, float[] residual)
    {
        var task = new LocalTask(1, 0, new float[Length], new LocalObjective(1, 1, 0.1), RandomKey.FromSeed(1));
        return new Participant(new Fixed(values), new Averaging(), Codec.Parse(Line)).Run(task, residual, CancellationToken.None);
    }

    sealed class Fixed(Func<int, float> values) : ILearner
    {
        public ModelLayout Layout => ParticipantTests.Layout;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            for (int place = 0; place < trained.Length; place++)
                trained[place] = values(place);
            return new LocalOutcome(1, 0.5);
        }
    }
}

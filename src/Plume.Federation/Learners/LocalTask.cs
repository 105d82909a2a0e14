using Plume.Compression.Randomness;

namespace Plume.Federation.Learners;

/// <summary>One client's work in one round.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Client">The client's number in the federation, from 0.</param>
/// <param name="Received">What to start from: all that was published for a method's work, the model's weights in the order of its
/// layout for a learner.</param>
/// <param name="Objective">What to minimize.</param>
/// <param name="Key">Where every random draw of this work comes from, so that it can be repeated to the bit.</param>
public sealed record LocalTask(int Round, int Client, ReadOnlyMemory<float> Received, LocalObjective Objective, RandomKey Key)
{
    /// <summary>
    /// What is added to the gradient of every step before the optimizer sees it, one value for each of the layout; those of
    /// values that are not learned have no effect. Empty for none, as always where <see cref="ILearner.TakesCorrections"/> is
    /// false.
    /// </summary>
    public ReadOnlyMemory<float> Correction { get; init; }

    /// <summary>
    /// 1 for values that live, 0 for those that are zero and stay so while it trains, one for each of the layout. Empty where all
    /// live. Of a learner that does not look at it, what it makes of the others is not sent.
    /// </summary>
    public ReadOnlyMemory<float> Live { get; init; }

    /// <summary>
    /// 1 for values that are trained, 0 for those that stay as they were received, one for each of the layout. Empty where all
    /// are trained, as always where <see cref="ILearner.KeepsUntrained"/> is false.
    /// </summary>
    public ReadOnlyMemory<float> Trained { get; init; }

    /// <summary>
    /// Frozen weights of which a mask is learned, one for each value of the layout; those of other roles than weights have no
    /// meaning. Then what is received and trained are scores in their places: a weight lives with the chance sigmoid(score).
    /// Empty where weights are learned, as always where <see cref="ILearner.LearnsMasks"/> is false.
    /// </summary>
    public ReadOnlyMemory<float> Masked { get; init; }

    /// <summary>
    /// Whether classes that the client has no sample of are left out of its loss, so that nothing pushes their scores down. Of a
    /// learner that does not look at it, they are not.
    /// </summary>
    public bool LeavesAbsentOut { get; init; }

    /// <summary>
    /// The norm that the message is clipped to in this round, in place of that in the uplink, and of which it then says in a byte
    /// whether it was within; null where the uplink says it for all rounds. No learner looks at it.
    /// </summary>
    public double? Clip { get; init; }

    /// <summary>
    /// The step of an uplink with <c>auto</c> in this round; null where the participant finds one. No learner looks at it.
    /// </summary>
    public float? Step { get; init; }

    /// <summary>
    /// Bytes that the message may take, since a budget pays for no more: an uplink with <c>auto</c> takes a coarser step where it
    /// would take more, and a message that still does is not sent. Null where no budget bounds it. No learner looks at it.
    /// </summary>
    public long? MostBytes { get; init; }

    /// <summary>
    /// What the learner itself keeps of this client from round to round, <see cref="ILearner.MemoryLength"/> floats, zeros at
    /// first: a model that does not travel, say. It may write them; what it leaves counts once the server has acknowledged the
    /// message.
    /// </summary>
    public Memory<float> Memory { get; init; }
}

/// <summary>What training gave besides the weights.</summary>
/// <param name="Samples">Training samples the client holds: its weight in the mean.</param>
/// <param name="Loss">Mean training loss over the steps of the last epoch; not finite where training diverged, and then nothing
/// is sent.</param>
public sealed record LocalOutcome(int Samples, double Loss)
{
    /// <summary>Steps that the optimizer took; 0 where the learner does not say.</summary>
    public int Steps { get; init; }
}

/// <summary>How good a model is on a data set.</summary>
/// <param name="Accuracy">
/// Share of samples whose most likely class is the label, 0 to 1. Of a model that predicts a number R2: 1 less the squared error
/// over that of the numbers' mean; below 0 where it is worse than that.
/// </param>
/// <param name="Loss">Mean cross-entropy, or mean squared error of a normalized number.</param>
/// <param name="Samples">Number of samples measured.</param>
public sealed record Evaluation(double Accuracy, double Loss, int Samples)
{
    /// <summary>
    /// The mean of the classes' F1, of those that samples have or are told to have: each counts alike, however few samples it
    /// has. Null where nobody counted them, as of a model that predicts a number.
    /// </summary>
    public double? MacroF1 { get; init; }
}

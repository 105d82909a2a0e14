using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods;

/// <summary>
/// How a federation learns: what is published, what a participant makes of it and sends, and what the sum of a round's messages
/// turns the server's state into. A value with a notation, and pure functions: whoever hosts a round asks the method and knows
/// none.
/// </summary>
/// <remarks>
/// A method of one part that clients remember nothing for costs what averaging costs. What a client remembers is committed with
/// the acknowledgement of its message, as residuals are, and changes by what the server decoded, so that both ends agree.
/// </remarks>
public abstract record Method
{
    static readonly Capacity[] All = [new(1, 1)];

    /// <summary>The part of what is published that every method has, and the first: the model's weights.</summary>
    public const string Weights = "weights";

    /// <summary>The part of a message that every method of weights has, and the first: trained minus received weights.</summary>
    public const string Update = "update";

    /// <summary>
    /// The method for a model of which it knows the channels, where it asks for them: a server's and a simulation's, not a
    /// client's.
    /// </summary>
    /// <param name="channels">Finds the model's channels.</param>
    public virtual Method Of(Func<IModelChannels> channels) => this;

    /// <summary>What is published: the weights first.</summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="downlink">The codec of what is published.</param>
    public virtual MessageShape Published(ModelLayout layout, Codec downlink) => new(new MessagePart(Weights, layout, downlink));

    /// <summary>What a participant sends.</summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="uplink">The codec of what participants send.</param>
    public virtual MessageShape Answer(ModelLayout layout, Codec uplink) => new(new MessagePart(Update, layout, uplink));

    /// <summary>Makes version 0 of what is published.</summary>
    /// <param name="initial">The model's first weights.</param>
    /// <param name="published">Zeros, which become version 0.</param>
    public virtual void Begin(ReadOnlySpan<float> initial, Span<float> published) => initial.CopyTo(published);

    /// <summary>The same for a method that must know the tensors, or the rest of the plan.</summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="initial">The model's first weights.</param>
    /// <param name="published">Zeros, which become version 0.</param>
    public virtual void Begin(LearningPlan plan, ModelLayout layout, ReadOnlySpan<float> initial, Span<float> published) =>
        Begin(initial, published);

    /// <summary>Makes what the server remembers at first.</summary>
    /// <param name="initial">The model's first weights.</param>
    /// <param name="memory">Zeros, of <see cref="ServerMemoryLength"/>.</param>
    public virtual void BeginMemory(ReadOnlySpan<float> initial, Span<float> memory)
    {
    }

    /// <summary>The model that what is published means: what is measured, shipped and trained from.</summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="published">All that was published.</param>
    public virtual ReadOnlyMemory<float> Model(ModelLayout layout, ReadOnlyMemory<float> published)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return published[..layout.Length];
    }

    /// <summary>
    /// Whether clients keep a part of the model at home, so that each has one of its own and the server none that is trained
    /// whole.
    /// </summary>
    public virtual bool IsPersonal => false;

    /// <summary>The model as a client has it.</summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="published">All that was published.</param>
    /// <param name="memory">What the client remembers by the method: <see cref="ClientMemoryLength"/> floats.</param>
    public virtual ReadOnlyMemory<float> ModelOf(ModelLayout layout, ReadOnlyMemory<float> published,
        ReadOnlySpan<float> memory) => Model(layout, published);

    /// <summary>The update of the model's weights that a message holds, zeros where it holds none.</summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="message">What a participant sends, before its codecs.</param>
    public virtual float[] UpdateIn(ModelLayout layout, ReadOnlySpan<float> message)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return message[..layout.Length].ToArray();
    }

    /// <summary>Whether what participants send are updates of the model's weights.</summary>
    public virtual bool SendsUpdates => true;

    /// <summary>Whether the server's optimizer may be any: a round's mean comes to a change of the weights.</summary>
    public virtual bool TakesOptimizers => SendsUpdates;

    /// <summary>
    /// Bits of the levels that a secure sum counts as they are, where participants send whole numbers: of 1 they are 0 and 1.
    /// Null where they send values of any size.
    /// </summary>
    public virtual int? CountedBits => null;

    /// <summary>Whether the model is the server's own, among what it remembers, instead of what is published.</summary>
    public virtual bool KeepsModel => false;

    /// <summary>The model as the server has it: what is measured and shipped.</summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="published">All that was published.</param>
    /// <param name="memory">What the method remembers on the server.</param>
    public virtual ReadOnlyMemory<float> ServerModel(ModelLayout layout, ReadOnlyMemory<float> published,
        ReadOnlyMemory<float> memory) => Model(layout, published);

    /// <summary>The Euclidean norm that counts as usual before a message is known.</summary>
    public virtual double UsualNorm(ModelLayout layout, ReadOnlySpan<float> initial)
    {
        ArgumentNullException.ThrowIfNull(layout);
        // Weights drawn with a variance of one over a row's length have squares that add up to the number of rows.
        double drawn = layout.Tensors.Where(tensor => tensor.Role == TensorRole.Weight && tensor.Length > 0)
            .Sum(tensor => (double)tensor.Shape.FirstOrDefault(1));
        return Math.Sqrt(Math.Max(Squares.Of(initial), Math.Max(drawn, 1)));
    }

    /// <summary>
    /// What codecs of messages refer to, a value for each of a message: the model of which nothing is subtracted, and whose zeros
    /// <c>mask</c> leaves out.
    /// </summary>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="published">All that was published.</param>
    public virtual ReadOnlyMemory<float> Reference(ModelLayout layout, ReadOnlyMemory<float> published) =>
        Model(layout, published);

    /// <summary>The method with draws of its own from this seed, where it has some and no seed is named.</summary>
    public virtual Method Seeded(ulong seed) => this;

    /// <summary>Whether a message counts by the samples that it was made from; where not, all count the same.</summary>
    public virtual bool WeighsSamples => true;

    /// <summary>
    /// Whether a rule may make one of a round's messages in place of their mean: each is an update, and no more than that.
    /// </summary>
    public virtual bool TakesRules => false;

    /// <summary>
    /// Whether the noise of differential privacy on the mean of messages protects all that comes of a client: what is published,
    /// shown and shipped is made of that mean alone, and is worth something with noise on it.
    /// </summary>
    public virtual bool TakesNoise => false;

    /// <summary>
    /// Whether noise of a round may take back that of earlier ones: a value of a message is of the same thing in all rounds.
    /// </summary>
    public virtual bool TakesCorrelatedNoise => TakesNoise;

    /// <summary>
    /// Whether messages of clients that were given different versions may be added up: each is an update from the model that its
    /// client had, and is read without anything else that was published then.
    /// </summary>
    public virtual bool TakesStale => false;

    /// <summary>
    /// Capacities that clients may have, the largest first: those of each train a model of their own, which is a part of the
    /// server's (<see cref="CapacityModels"/>). What a method of several publishes and takes in are weights alone.
    /// </summary>
    public virtual IReadOnlyList<Capacity> Capacities => All;

    /// <summary>Which of them a client has, from 0.</summary>
    public virtual int CapacityOf(int client) => 0;

    /// <summary>
    /// Floats that the server keeps beside what is published, zeros at first unless <see cref="BeginMemory"/> says otherwise.
    /// </summary>
    public virtual int ServerMemoryLength(ModelLayout layout) => 0;

    /// <summary>Floats that each client keeps from round to round, zeros at first.</summary>
    public virtual int ClientMemoryLength(ModelLayout layout) => 0;

    /// <summary>A participant's half: trains, and makes the message.</summary>
    /// <param name="learner">Trains.</param>
    /// <param name="task">What to do; <see cref="LocalTask.Received"/> is all that was published.</param>
    /// <param name="memory">What the client remembers, which it may write: what it leaves counts once the server has acknowledged
    /// the message.</param>
    /// <param name="message">Receives the message's values.</param>
    /// <param name="cancellation">Stops the training.</param>
    public virtual LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        var outcome = learner.Train(task, message, cancellation);
        if (double.IsFinite(outcome.Loss))
            TensorPrimitives.Subtract(message, task.Received.Span, message);
        return outcome;
    }

    /// <summary>
    /// What the client remembers once the server has counted its message. Called where <see cref="ClientMemoryLength"/> is above
    /// 0.
    /// </summary>
    /// <param name="message">The message as the server decodes it.</param>
    /// <param name="memory">Before; becomes after.</param>
    public virtual void Remember(ReadOnlySpan<float> message, Span<float> memory)
    {
    }

    /// <summary>The server's half: makes the next state of the mean of a round's messages.</summary>
    /// <param name="state">Becomes the next.</param>
    /// <param name="round">What the round brought.</param>
    public virtual void Next(ServerState state, RoundMean round) => state.Step(round.Values);

    /// <summary>Why a learner cannot do the method's work; null where it can.</summary>
    public virtual string? Misfit(ILearner learner) => null;

    /// <summary>Every rule between the method and the rest of the plan that is broken, in sentences.</summary>
    public virtual IEnumerable<string> Problems(LearningPlan plan) => [];

    /// <summary>The notation.</summary>
    public sealed override string ToString()
    {
        string arguments = string.Join(", ", Arguments);
        return arguments.Length == 0 ? Word : $"{Word}({arguments})";
    }

    /// <summary>What is said of a learner that does not correct its steps.</summary>
    private protected static string? CorrectionsMissing(ILearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        return learner.TakesCorrections ? null
            : "The learner must correct the gradient of every step, which this one does not: use one that takes corrections, "
                + "or train by 'averaging'.";
    }

    /// <summary>
    /// What is said of clients whose steps are not those of plain SGD, from which a method takes their gradients.
    /// </summary>
    private protected IEnumerable<string> PlainStepsMissing(LocalObjective objective)
    {
        if (objective.Optimizer != LocalOptimizer.Sgd || objective.Momentum > 0)
            yield return $"'{this}' takes a client's gradient from how far plain SGD moved, so the clients' optimizer must be "
                + $"sgd without momentum; put momentum at the server (fedavgm) instead.";
        if (objective.Proximal > 0)
            yield return $"'{this}' corrects drift by itself; leave the proximal term of {objective.Proximal} out.";
    }

    /// <summary>Multiplies what is learned; running statistics stay.</summary>
    private protected static void ScaleLearned(ModelLayout layout, Span<float> values, float factor)
    {
        foreach (var tensor in layout.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic))
        {
            var own = values.Slice(tensor.Offset, tensor.Length);
            TensorPrimitives.Multiply(own, factor, own);
        }
    }

    /// <summary>The word that names the method.</summary>
    private protected abstract string Word { get; }

    /// <summary>Its arguments as the notation writes them, defaults left out.</summary>
    private protected virtual IEnumerable<string> Arguments => [];
}

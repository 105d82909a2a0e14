using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Labels;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Exchanges;

/// <summary>
/// Predictions travel instead of weights: clients, whose models may all differ, say in a few bits what they take a drawn batch of
/// public samples to be; the mean of it, sharpened, teaches a student on the server, which is what ships, and clients what others
/// know.
/// </summary>
/// <remarks>
/// Round t: a client learns the public samples whose labels were published, then its own, and sends labels of batch t.
/// Server: mean, sharpened; the student learns all labels so far, of each sample the latest; published are the
/// ensemble's labels of batch t, or the student's. Bytes: in both directions a batch of labels, whatever the models' size. Hard
/// labels (one bit) of ten classes take about 3.6 bits each, enumerative coding of all as likely log2(10) = 3.32. A batch is
/// drawn by the public set's hash, and its labels need nothing from before: who joins late, or missed rounds, takes the newest.
/// Remembered: by the server the student and a float for each public sample and class; by a client its model. Settings:
/// <c>bits=8, sharpen=none</c> is nearest to FedMD (Li and Wang, 2019, arXiv:1910.03581), whose order of learning this is, and
/// which averages logits and has no student; <c>sharpen=era(0.1)</c> to DS-FL (Itahara et al., 2020, arXiv:2008.06180);
/// <c>bits=1, labels=student</c> to CFD (Sattler et al., 2020, arXiv:2012.00632); <c>sharpen=power(2)</c> to SCARLET (Azuma et
/// al., 2025, arXiv:2504.19602), without its cache. FedDF (Lin et al., 2020, arXiv:2006.07242) is
/// <c>sharpen=none</c> without the weights that it averages by architecture.
/// </remarks>
public sealed record Predictions : Method, INotatedMethod<Predictions>
{
    /// <summary>
    /// The part of a message: a row for each class but the last, whose level is what is missing, and a column for each sample of
    /// the batch.
    /// </summary>
    public const string Labels = "labels";

    const int DefaultBatch = 1000, DefaultBits = 3, MostBits = 8, MostEpochs = 1000;
    const string AlikeFlag = "alike";

    static readonly Sharpening DefaultSharpening = new(SharpeningRule.Power, 2);

    /// <summary>Predictions on a public set.</summary>
    /// <param name="source">Where the public samples come from, in words for whoever loads them: <c>holdout(5000)</c>, or a
    /// file.</param>
    /// <param name="batch">Public samples of a round.</param>
    /// <param name="bits">Bits of a label, 1 to 8.</param>
    public Predictions(string source, int batch = DefaultBatch, int bits = DefaultBits)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, MostBits);
        (Source, Batch, Grid) = (source, batch, new SimplexGrid(bits));
    }

    /// <summary>Where the public samples come from.</summary>
    public string Source { get; init; }

    /// <summary>Public samples of a round.</summary>
    public int Batch { get; }

    /// <summary>The labels that can be said.</summary>
    public SimplexGrid Grid { get; }

    /// <summary>What becomes of the mean.</summary>
    public Sharpening Sharpening { get; init; } = DefaultSharpening;

    /// <summary>What is published.</summary>
    public LabelSource From { get; init; }

    /// <summary>
    /// Whether labels count alike, whatever samples their clients have: then they are whole numbers, which a secure sum counts.
    /// </summary>
    public bool Alike { get; init; }

    /// <summary>Passes of the student over all labels that there are, in each round.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>The public set; null until whoever has the samples says what they are.</summary>
    public PublicSet? Public { get; init; }

    static string INotatedMethod<Predictions>.Keyword => "predictions";

    private protected override string Word => "predictions";

    private protected override IEnumerable<string> Arguments
    {
        get
        {
            yield return $"public={Source}";
            yield return string.Create(CultureInfo.InvariantCulture, $"batch={Batch}");
            yield return string.Create(CultureInfo.InvariantCulture, $"bits={Grid.Bits}");
            if (Sharpening != DefaultSharpening)
                yield return $"sharpen={Sharpening}";
            if (From == LabelSource.Student)
                yield return "labels=student";
            if (Alike)
                yield return AlikeFlag;
            if (Epochs != 1)
                yield return string.Create(CultureInfo.InvariantCulture, $"epochs={Epochs}");
            if (Public is not null)
                yield return Public.Notation;
        }
    }

    static Predictions INotatedMethod<Predictions>.Parse(LineArguments arguments)
    {
        if (arguments.Named("public") is not { } source)
            throw arguments.Error("predictions needs samples that all have, such as public=holdout(5000) or public=FILE.npy");
        int batch = arguments.Named("batch") is { } size ? arguments.Integer(size, 1, PublicSet.MostSamples) : DefaultBatch;
        int bits = arguments.Named("bits") is { } width ? arguments.Integer(width, 1, MostBits) : DefaultBits;
        var sharpening = arguments.Named("sharpen") is { } rule ? Sharpening.Parse(arguments, rule) : DefaultSharpening;
        var from = arguments.Named("labels") is { } labels ? FromOf(arguments, labels) : LabelSource.Ensemble;
        int epochs = arguments.Named("epochs") is { } passes ? arguments.Integer(passes, 1, MostEpochs) : 1;
        return new Predictions(source.Text, batch, bits)
        {
            Sharpening = sharpening,
            From = from,
            Epochs = epochs,
            Alike = arguments.Flag(AlikeFlag),
            Public = PublicSet.Read(arguments),
        };
    }

    static LabelSource FromOf(LineArguments arguments, LineArgument labels) => labels.Text switch
    {
        "ensemble" => LabelSource.Ensemble,
        "student" => LabelSource.Student,
        _ => throw arguments.Error(labels.Column, $"'{labels.Text}' must be ensemble or student"),
    };

    /// <inheritdoc/>
    public override bool SendsUpdates => false;

    /// <inheritdoc/>
    public override bool KeepsModel => true;

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) => Shape;

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink)
    {
        ArgumentNullException.ThrowIfNull(uplink);
        return uplink.IsSecure ? ShapeBy(uplink) : Shape;
    }

    /// <inheritdoc/>
    public override bool WeighsSamples => !Alike;

    /// <summary>Levels from none to all; of what differs from the student, to both sides.</summary>
    public override int? CountedBits => From == LabelSource.Ensemble && Grid.Bits == 1 ? 1 : Grid.Bits + 1;

    MessageShape Shape => ShapeBy(WholeNumbers.Alone);

    MessageShape ShapeBy(Codec codec) =>
        new(new MessagePart(Labels, ModelLayout.Of([(Labels, [Bound.Classes - 1, Batch], TensorRole.Weight)]), codec));


    PublicSet Bound => Public
        ?? throw new InvalidOperationException(
            $"'{this}' does not know its public set yet: load the samples, and say what they are with {nameof(Public)}.");

    /// <inheritdoc/>
    public override double UsualNorm(ModelLayout layout, ReadOnlySpan<float> initial) => Grid.Levels * Math.Sqrt(Batch);

    /// <summary>Nothing: no label was given yet.</summary>
    public override void Begin(ReadOnlySpan<float> initial, Span<float> published) => published.Clear();

    /// <inheritdoc/>
    public override void BeginMemory(ReadOnlySpan<float> initial, Span<float> memory) => initial.CopyTo(memory);

    /// <summary>The student, which only the server has; empty for a client.</summary>
    public override ReadOnlyMemory<float> Model(ModelLayout layout, ReadOnlyMemory<float> published) => default;

    /// <summary>The student.</summary>
    public override ReadOnlyMemory<float> ServerModel(ModelLayout layout, ReadOnlyMemory<float> published,
        ReadOnlyMemory<float> memory)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return memory[..layout.Length];
    }

    /// <summary>The student, and after it a label for each public sample: zeros where there is none yet.</summary>
    public override int ServerMemoryLength(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return checked(layout.Length + Bound.Samples * Bound.Classes);
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        var rows = new LabelRows(Grid, Bound.Classes);
        var shares = new float[Batch * Bound.Classes];
        var taught = default(PublicLabels);
        if (task.Round > 1)
        {
            rows.Read(task.Received.Span, shares);
            taught = new PublicLabels(PublishedBatch(task.Round - 1), shares);
        }

        var said = new float[shares.Length];
        var outcome = learner.Predictor!.Predict(task with { Received = default }, taught, Bound.Batch(task.Round, Batch), said,
            cancellation);
        if (!double.IsFinite(outcome.Loss))
            return outcome;
        rows.Write(said, message);
        // Of samples of which something was received, what differs: where both agree, nothing.
        if (From == LabelSource.Student)
            TensorPrimitives.Subtract(message, task.Received.Span, message);
        return outcome;
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        int classes = Bound.Classes, length = state.Layout.Length;
        int[] batch = Bound.Batch(round.Round, Batch);
        var rows = new LabelRows(Grid, classes);
        Span<float> weights = state.Memory[..length], labels = state.Memory[length..];
        float[] shares = new float[Batch * classes], mean = round.Values.ToArray();
        if (From == LabelSource.Student)
            TensorPrimitives.Add(mean, state.Published, mean);
        rows.Read(mean, shares);
        for (int i = 0; i < batch.Length; i++)
        {
            var label = shares.AsSpan(i * classes, classes);
            Sharpening.Apply(label);
            label.CopyTo(labels.Slice(batch[i] * classes, classes));
        }

        state.Student.Learn(weights, PublicLabels.In(labels, classes), state.Objective with { Epochs = Epochs },
            Bound.Key.Fold("student").Fold((ulong)round.Round));
        if (From == LabelSource.Student)
            state.Student.Predict(weights, PublishedBatch(round.Round), shares);
        rows.Write(shares, state.Published);
    }

    // A student can say something of samples before clients are asked of them.
    int[] PublishedBatch(int round) => Bound.Batch(From == LabelSource.Student ? round + 1 : round, Batch);

    /// <inheritdoc/>
    public override string? Misfit(ILearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        if (learner.Predictor is not { } predictor)
            return "The learner must have a model for each client and predict with it, which this one does not; use one that "
                + "does, or exchange 'updates'.";
        return predictor.Public == Bound
            ? null
            : $"Its public set has {Bound.Samples} samples of {Bound.Classes} classes with the hash {Bound.Hash:x16}, but the "
                + $"one at hand has {predictor.Public.Samples} of {predictor.Public.Classes} with {predictor.Public.Hash:x16}: "
                + $"every client must have the very same samples.";
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (Public is { Samples: var samples } && Batch > samples)
            yield return $"A batch of {Batch} cannot be drawn from {samples} public samples; take a smaller batch, or more "
                + $"samples.";
        if (plan.Uplink.IsSecure)
        {
            string counted = $"uniform({CountedBits}, shared) | secure";
            if (plan.Uplink.Stages is not [Uniform { Stochastic: false } levels, Secure] || levels.Bits != CountedBits)
                yield return $"A secure sum counts levels of {Grid.Bits} bits as they are, and '{plan.Uplink}' has others; write "
                    + $"'{counted}'.";
            if (!Alike)
                yield return $"A secure sum counts labels, and weighed by samples they would be no whole numbers: write "
                    + $"'{this with { Alike = true, Public = null }}'.";
        }
        else if (plan.Uplink != Codec.Floats)
            yield return $"Predictions are coded by their bits; leave the uplink '{plan.Uplink}' out, or write "
                + $"'uniform({CountedBits}, shared) | secure' for a secure sum.";
        if (plan.Downlink != Codec.Floats)
            yield return $"Predictions are coded by their bits; leave the downlink '{plan.Downlink}' out.";
        if (plan.Objective.Teaching is { } teaching)
            yield return $"Clients learn from one another's predictions, and '{teaching}' would be another teacher; leave it "
                + $"out of the training.";
        if (plan.Objective.Proximal > 0)
            yield return $"A proximal term of {plan.Objective.Proximal} pulls to received weights, and none are received; "
                + $"leave it out.";
    }
}

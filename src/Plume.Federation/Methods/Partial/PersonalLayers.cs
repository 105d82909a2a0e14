using System.IO.Enumeration;
using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Partial;

/// <summary>
/// Averaging in which some layers stay at home: each client trains and keeps its own, and only the others travel. Clients whose
/// data look different keep their normalization, say, or their last layer.
/// </summary>
/// <remarks>
/// Which: <c>normalization</c> for scales, shifts and running statistics, or patterns of tensors' names, in which * stands for
/// anything. A client begins with the layers of version 0, which are published and never change, and remembers its own
/// afterwards: a float a value. Bytes: those of averaging for what travels; down a few bytes more a tensor that stays.
/// There is no one model of all: a simulation measures the mean over a round's clients, each with its own layers; a server, which
/// has none of them, measures nothing; what a client ends with has its own layers, and what leaves the server has those of
/// version 0. Source: Li et al., "FedBN: Federated Learning on Non-IID Features via Local Batch Normalization", ICLR 2021,
/// arXiv:2102.07623; of last layers Arivazhagan et al., "Federated Learning with Personalization Layers", 2019, arXiv:1912.00818.
/// </remarks>
public sealed record PersonalLayers : Method, INotatedMethod<PersonalLayers>
{
    const string Normalization = "normalization";
    const string AtFirst = "personal";
    const int MostNamed = 8;

    // Version 0, and nothing since.
    static readonly Codec Constant = Codec.Parse("delta | deadzone(abs=0.00000095367431640625) | range");

    readonly string[] layers;

    /// <summary>Layers that stay at home.</summary>
    /// <param name="layers"><c>normalization</c>, or patterns of tensors' names; one or more.</param>
    /// <exception cref="ArgumentException">There is none, or one is empty.</exception>
    public PersonalLayers(params IReadOnlyList<string> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (layers.Count == 0 || layers.Any(string.IsNullOrWhiteSpace))
            throw new ArgumentException($"It takes layers, such as {Normalization} or a pattern of tensors' names.",
                nameof(layers));
        this.layers = [.. layers];
    }

    /// <summary>Which layers stay at home.</summary>
    public IReadOnlyList<string> Layers => layers;

    static string INotatedMethod<PersonalLayers>.Keyword => AtFirst;

    private protected override string Word => AtFirst;

    private protected override IEnumerable<string> Arguments => layers;

    static PersonalLayers INotatedMethod<PersonalLayers>.Parse(LineArguments arguments)
    {
        var layers = new List<string>();
        while (arguments.Positional("layers") is { } argument)
            layers.Add(argument.Text);
        return layers.Count > 0 ? new PersonalLayers(layers)
            : throw arguments.Error(
                $"personal needs the layers that stay at home, such as personal({Normalization}) or personal(fc2.*)");
    }

    /// <inheritdoc/>
    public override bool IsPersonal => true;

    /// <inheritdoc/>
    public override bool TakesStale => true;

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) =>
        new(new MessagePart(Weights, Travelling(layout), downlink), new MessagePart(AtFirst, Staying(layout), Constant));

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink) =>
        new(new MessagePart(Update, Travelling(layout), uplink));

    /// <summary>The layers' values, and a 1 once there are any.</summary>
    public override int ClientMemoryLength(ModelLayout layout) => Staying(layout).Length + 1;

    /// <inheritdoc/>
    public override void Begin(LearningPlan plan, ModelLayout layout, ReadOnlySpan<float> initial, Span<float> published)
    {
        int travelling = Travelling(layout).Length;
        Split(layout, initial, published[..travelling], published[travelling..]);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<float> Model(ModelLayout layout, ReadOnlyMemory<float> published)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return Joined(layout, published.Span, published.Span[Travelling(layout).Length..]);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<float> ModelOf(ModelLayout layout, ReadOnlyMemory<float> published, ReadOnlySpan<float> memory)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return memory[^1] == 0 ? Model(layout, published) : Joined(layout, published.Span, memory);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<float> Reference(ModelLayout layout, ReadOnlyMemory<float> published) =>
        published[..Travelling(layout).Length];

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        var layout = learner.Layout;
        var trained = new float[layout.Length];
        var outcome = learner.Train(task with { Received = ModelOf(layout, task.Received, memory) }, trained, cancellation);
        if (!double.IsFinite(outcome.Loss))
            return outcome;
        Split(layout, trained, message, memory);
        TensorPrimitives.Subtract(message, task.Received.Span[..message.Length], message);
        memory[^1] = 1;
        return outcome;
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round) => state.Step(Travelling(state.Layout), round.Values);

    /// <inheritdoc/>
    public override float[] UpdateIn(ModelLayout layout, ReadOnlySpan<float> message)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return Joined(layout, message, new float[layout.Length]);
    }

    ModelLayout Travelling(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var travelling = layout.Tensors.Where(tensor => !Stays(tensor)).ToList();
        return travelling.Count > 0
            ? ModelLayout.Of(travelling.Select(tensor => (tensor.Name, tensor.Shape.ToArray(), tensor.Role, tensor.Axis)))
            : throw new ArgumentException(
                $"'{this}' leaves no layer to train together: all {layout.Tensors.Count} tensors of the model would stay at "
                    + $"home. Name fewer.", nameof(layout));
    }

    // Weights whatever they are, so that none of them is sent again and again because of its role.
    ModelLayout Staying(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var staying = layout.Tensors.Where(Stays).ToList();
        return staying.Count > 0
            ? ModelLayout.Of(staying.Select(tensor => (tensor.Name, tensor.Shape.ToArray(), TensorRole.Weight, tensor.Axis)))
            : throw new ArgumentException(
                $"'{this}' finds no layer that could stay at home. The model has "
                    + $"{string.Join(", ", layout.Tensors.Take(MostNamed).Select(tensor => tensor.Name))}{(layout.Tensors.Count > MostNamed ? ", ..." : "")}: name some of them, or train by 'averaging'.", nameof(layout));
    }

    bool Stays(TensorSpec tensor) => Array.Exists(layers, layer => layer == Normalization
        ? tensor.Role is TensorRole.Normalization or TensorRole.Statistic
        : FileSystemName.MatchesSimpleExpression(layer, tensor.Name, ignoreCase: false));

    void Split(ModelLayout layout, ReadOnlySpan<float> model, Span<float> travelling, Span<float> staying)
    {
        int away = 0, home = 0;
        foreach (var tensor in layout.Tensors)
        {
            bool stays = Stays(tensor);
            model.Slice(tensor.Offset, tensor.Length).CopyTo(stays ? staying[home..] : travelling[away..]);
            (home, away) = stays ? (home + tensor.Length, away) : (home, away + tensor.Length);
        }
    }

    float[] Joined(ModelLayout layout, ReadOnlySpan<float> travelling, ReadOnlySpan<float> staying)
    {
        var model = new float[layout.Length];
        int away = 0, home = 0;
        foreach (var tensor in layout.Tensors)
        {
            bool stays = Stays(tensor);
            (stays ? staying.Slice(home, tensor.Length) : travelling.Slice(away, tensor.Length))
                .CopyTo(model.AsSpan(tensor.Offset));
            (home, away) = stays ? (home + tensor.Length, away) : (home, away + tensor.Length);
        }

        return model;
    }

    /// <summary>Whether two keep the same layers at home.</summary>
    public bool Equals(PersonalLayers? other) => other is not null && layers.SequenceEqual(other.layers);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);
}

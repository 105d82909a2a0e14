using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.Building;

/// <summary>
/// Writes a network down layer by layer, in the order in which the data walks. Shapes are inferred at once, so a layer
/// that does not fit fails where it stands. Weights start as PyTorch starts them: uniform within 1 / sqrt(fan-in) for
/// kernels, matrices and biases (He et al., "Delving Deep into Rectifiers", 2015, arXiv:1502.01852, with a = sqrt(5)).
/// </summary>
/// <remarks>Each tensor draws from its own key, folded by its name: adding a layer leaves the others' values alone.</remarks>
public sealed class GraphBuilder
{
    const string InputName = "input", OutputName = "output";

    readonly RandomKey key;
    readonly KnownValues known = new();
    readonly List<ValueInfo> inputs = [];
    readonly List<Node> nodes = [];
    readonly List<Initializer> initializers = [];
    readonly Dictionary<string, int> unnamed = new(StringComparer.Ordinal);
    readonly HashSet<string> names = new([InputName, OutputName], StringComparer.Ordinal);
    string current = InputName;

    /// <summary>Starts at an input named "input" of shape [N, sample shape], where N is the batch.</summary>
    /// <param name="sampleShape">Shape of one sample, e.g. [1, 28, 28]: channels first.</param>
    /// <param name="key">The key from which the initial weights are drawn.</param>
    /// <exception cref="ArgumentException">A length is not positive, or a sample has over 2^31 - 1 values.</exception>
    public GraphBuilder(IReadOnlyList<int> sampleShape, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(sampleShape);
        if (sampleShape.Count == 0 || sampleShape.Any(length => length < 1))
            throw new ArgumentException($"A sample's shape has positive lengths; [{string.Join(", ", sampleShape)}] has not.",
                nameof(sampleShape));
        this.key = key;
        inputs.Add(new ValueInfo(InputName, ElementType.Float, ["N", .. sampleShape.Select(length => (Dimension)length)]));
        Checked(() => known.Add(inputs[0]));
    }

    /// <summary>The shape at the end of what is written so far; the first dimension is the batch.</summary>
    public IReadOnlyList<Dimension> Shape => known.Shapes[current];

    /// <summary>A convolution with a square kernel, over [N, channels, height, width].</summary>
    /// <exception cref="ArgumentException">The name is taken, a number is out of range, or the kernel does not fit.</exception>
    public GraphBuilder Conv(string name, int channels, int kernel, int stride = 1, int padding = 0, bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        int depth = Channels(name, rank: 4);
        int fanIn = checked(depth * kernel * kernel);
        string weight = Draw($"{name}.weight", [channels, depth, kernel, kernel], fanIn);
        string[] parameters = bias ? [weight, Draw($"{name}.bias", [channels], fanIn)] : [weight];
        return Append(name, "Conv", parameters, new()
        {
            ["kernel_shape"] = new long[] { kernel, kernel },
            ["pads"] = new long[] { padding, padding, padding, padding },
            ["strides"] = new long[] { stride, stride },
        });
    }

    /// <summary>A fully connected layer over [N, features], as Gemm with the weight [units, features].</summary>
    /// <exception cref="ArgumentException">The name is taken, a number is out of range, or the input is not flat.</exception>
    public GraphBuilder Dense(string name, int units, bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        int features = Channels(name, rank: 2);
        string weight = Draw($"{name}.weight", [units, features], features);
        string[] parameters = bias ? [weight, Draw($"{name}.bias", [units], features)] : [weight];
        return Append(name, "Gemm", parameters, new() { ["transB"] = 1L });
    }

    /// <summary>Batch normalization with scale 1, shift 0, mean 0 and variance 1 at the start.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the input has no channels.</exception>
    public GraphBuilder BatchNorm(string name, float epsilon = 1e-5f)
    {
        int channels = Channels(name, rank: null);
        return Append(
            name,
            "BatchNormalization",
            [
                Fill($"{name}.weight", channels, 1), Fill($"{name}.bias", channels, 0),
                Fill($"{name}.running_mean", channels, 0), Fill($"{name}.running_var", channels, 1),
            ],
            new() { ["epsilon"] = epsilon });
    }

    /// <summary>max(x, 0).</summary>
    public GraphBuilder Relu() => Append(Unnamed("relu"), "Relu", [], []);

    /// <summary>The hyperbolic tangent.</summary>
    public GraphBuilder Tanh() => Append(Unnamed("tanh"), "Tanh", [], []);

    /// <summary>Probabilities over the last dimension.</summary>
    public GraphBuilder Softmax() => Append(Unnamed("softmax"), "Softmax", [], new() { ["axis"] = -1L });

    /// <summary>The largest value of each square window; windows do not overlap unless a stride says so.</summary>
    /// <exception cref="ArgumentException">The window does not fit.</exception>
    public GraphBuilder MaxPool(int kernel, int? stride = null) =>
        Append(Unnamed("maxpool"), "MaxPool", [], Window(kernel, stride ?? kernel));

    /// <summary>The mean of each square window; windows do not overlap unless a stride says so.</summary>
    /// <exception cref="ArgumentException">The window does not fit.</exception>
    public GraphBuilder AveragePool(int kernel, int? stride = null) =>
        Append(Unnamed("averagepool"), "AveragePool", [], Window(kernel, stride ?? kernel));

    /// <summary>The mean of each channel: [N, channels, 1, 1].</summary>
    /// <exception cref="ArgumentException">The input has no spatial dimensions.</exception>
    public GraphBuilder GlobalAveragePool() => Append(Unnamed("globalaveragepool"), "GlobalAveragePool", [], []);

    /// <summary>All but the batch in one dimension.</summary>
    public GraphBuilder Flatten() => Append(Unnamed("flatten"), "Flatten", [], new() { ["axis"] = 1L });

    /// <summary>Two ways from here, added where they meet; without a shortcut the second is the identity.</summary>
    /// <exception cref="ArgumentException">The two ways end in different shapes.</exception>
    public GraphBuilder Residual(Action<GraphBuilder> main, Action<GraphBuilder>? shortcut = null)
    {
        ArgumentNullException.ThrowIfNull(main);
        string fork = current;
        main(this);
        string end = current;
        current = fork;
        shortcut?.Invoke(this);
        string other = current;
        current = end;
        return Append(Unnamed("add"), "Add", [other], []);
    }

    /// <summary>The graph of all layers; its output is named "output".</summary>
    /// <exception cref="ArgumentException">Nothing was built.</exception>
    public ModelGraph Build(string name)
    {
        if (nodes.Count == 0)
            throw new ArgumentException($"Model '{name}' has no layer.", nameof(name));
        var output = new ValueInfo(OutputName, ElementType.Float, Shape);
        return new ModelGraph(name, inputs, [output], [.. nodes.SkipLast(1), nodes[^1] with { Outputs = [OutputName] }],
            initializers);
    }

    GraphBuilder Append(string name, string opType, string[] parameters, Dictionary<string, AttributeValue> attributes)
    {
        if (string.IsNullOrEmpty(name) || !names.Add(name))
            throw new ArgumentException($"A layer's name must be unique and not empty; '{name}' is not.", nameof(name));
        var node = new Node(name, opType, [current, .. parameters], [name], attributes);
        Checked(() => known.Add(node));
        nodes.Add(node);
        current = name;
        return this;
    }

    string Draw(string name, int[] shape, int fanIn)
    {
        var tensorKey = key.Fold(name);
        float bound = (float)(1 / Math.Sqrt(fanIn));
        var values = new float[shape.Aggregate(1, (product, length) => checked(product * length))];
        for (int index = 0; index < values.Length; index++)
            values[index] = (2 * tensorKey.Uniform((ulong)index) - 1) * bound;
        return Add(Initializer.Of(name, shape, values));
    }

    string Fill(string name, int length, float value) =>
        Add(Initializer.Of(name, [length], Enumerable.Repeat(value, length).ToArray()));

    string Add(Initializer tensor)
    {
        if (!names.Add(tensor.Name))
            throw new ArgumentException($"The name '{tensor.Name}' is taken.");
        known.Add(tensor);
        initializers.Add(tensor);
        return tensor.Name;
    }

    int Channels(string name, int? rank) => (rank is null ? Shape.Count >= 2 : Shape.Count == rank) && Shape[1].IsFixed
        ? (int)Shape[1].Length
        : throw new ArgumentException(
            $"Layer '{name}' needs an input of {(rank is null ? "at least 2" : rank)} dimensions, but it is "
                + $"[{string.Join(", ", Shape)}].", nameof(name));

    string Unnamed(string kind)
    {
        int number = unnamed[kind] = unnamed.GetValueOrDefault(kind) + 1;
        return $"{kind}{number}";
    }

    static Dictionary<string, AttributeValue> Window(int kernel, int stride) => new()
    {
        ["kernel_shape"] = new long[] { kernel, kernel },
        ["strides"] = new long[] { stride, stride },
    };

    // What is bad input in a file is a programmer's mistake here.
    static void Checked(Action infer)
    {
        try
        {
            infer();
        }
        catch (InvalidPayloadException error)
        {
            throw new ArgumentException(error.Message, error);
        }
    }
}

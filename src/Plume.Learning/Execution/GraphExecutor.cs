using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Native;
using Plume.Models.Graph;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Execution;

/// <summary>
/// A graph compiled once to a list of delegates over TorchSharp. The weights are views of one flat tensor in the order
/// of the layout, and so are their gradients, so that an optimizer's step or a copy is one operation for all of them.
/// </summary>
public sealed class GraphExecutor : IExecutor
{
    const float LeastScale = 1e-8f;

    readonly DisposeScope owned;
    readonly Step[] steps;
    readonly Frame frame;
    readonly Dictionary<string, int> slots;
    readonly int input;
    readonly int output;
    readonly Tensor[] scales;

    /// <summary>Compiles a graph; the weights are those of the graph.</summary>
    /// <exception cref="UnsupportedOperatorException">An operator is not supported; the message names it and its
    /// node.</exception>
    /// <exception cref="ArgumentException">The graph has not one input and one output.</exception>
    public GraphExecutor(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (graph.Inputs.Count != 1 || graph.Outputs.Count != 1)
            throw new ArgumentException(
                $"A classifier has one input and one output, but graph '{graph.Name}' has {graph.Inputs.Count} and "
                    + $"{graph.Outputs.Count}.", nameof(graph));
        TorchLibrary.EnsureLoaded();
        Layout = graph.Weights;
        owned = NewDisposeScope();
        try
        {
            var nodes = WithoutFinalSoftmax(graph, out string logits);
            slots = NumberValues(graph, nodes);
            frame = new Frame(slots.Count);
            (input, output) = (slots[graph.Inputs[0].Name], slots[logits]);
            Weights = zeros(Layout.Length);
            Gradients = zeros(Layout.Length);
            Learnable = zeros(Layout.Length);
            Decaying = zeros(Layout.Length);
            PlaceWeights();
            foreach (var constant in graph.Initializers.Where(initializer => slots.ContainsKey(initializer.Name)
                && frame.Slots[slots[initializer.Name]] is null))
            {
                if (NodeCompiler.TypeOf(constant.ElementType) is not null)
                    frame.Slots[slots[constant.Name]] = NodeCompiler.TensorOf(constant);
            }

            scales = [.. nodes.Where(node => node.OpType == FakeQuantizer.OpType)
                .Select(node => frame.Slots[slots[node.Inputs[1]]]).Distinct()];
            steps = [.. nodes.Select(node => new NodeCompiler(graph, node, slots).Compile())];
            SetWeights(graph.ToWeights().Values);
        }
        catch
        {
            owned.Dispose();
            throw;
        }

        // The tensors live as long as the executor, whatever scope its maker stands in.
        owned.Detach(Weights, Gradients, Learnable, Decaying);
        foreach (var slot in frame.Slots.Where(slot => slot is not null))
            owned.Detach(slot);
        owned.Dispose();
    }

    /// <inheritdoc/>
    public ModelLayout Layout { get; }

    /// <summary>All weights, flat.</summary>
    internal Tensor Weights { get; }

    /// <summary>All gradients, flat; what a backward pass adds to.</summary>
    internal Tensor Gradients { get; }

    /// <summary>1 where a value is learned, 0 where it is a running statistic.</summary>
    internal Tensor Learnable { get; }

    /// <summary>
    /// 1 where a value is a weight, which weight decay may shrink, 0 for biases, normalizations, scales and statistics.
    /// </summary>
    internal Tensor Decaying { get; }

    /// <summary>Whether some values are running statistics.</summary>
    internal bool HasStatistics => Layout.Tensors.Any(tensor => tensor.Role == TensorRole.Statistic);

    /// <inheritdoc/>
    public void SetWeights(ReadOnlySpan<float> values) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).CopyTo(Weights.bytes);

    /// <inheritdoc/>
    public void GetWeights(Span<float> values) =>
        Weights.bytes.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values));

    /// <inheritdoc/>
    public Tensor Logits(Tensor batch)
    {
        using var gradientless = no_grad();
        return Run(batch, training: false, default);
    }

    /// <summary>The class scores with everything a backward pass needs.</summary>
    internal Tensor Forward(Tensor batch, RandomKey key) => Run(batch, training: true, key);

    /// <summary>
    /// The class scores as <see cref="Logits"/> gives them, with everything a backward pass needs: no running statistic moves.
    /// </summary>
    internal Tensor Differentiable(Tensor batch) => Run(batch, training: false, default);

    /// <summary>A value of the last run: valid as long as the scope that the run stood in.</summary>
    /// <exception cref="ArgumentException">The graph has no such value.</exception>
    internal Tensor Value(string name) => slots.TryGetValue(name, out int slot)
        ? frame.Slots[slot]
        : throw new ArgumentException($"The graph has no value '{name}'.", nameof(name));

    /// <summary>
    /// A step too far may turn a quantization's scale to zero or below; it is put back to the least that there is.
    /// </summary>
    internal void KeepScalesPositive()
    {
        using var least = LeastScale.ToScalar();
        foreach (var scale in scales)
            scale.clamp_min_(least);
    }

    Tensor Run(Tensor batch, bool training, RandomKey key)
    {
        frame.Training = training;
        frame.Key = key;
        frame.Slots[input] = batch;
        foreach (var step in steps)
            step(frame);
        return frame.Slots[output];
    }

    void PlaceWeights()
    {
        foreach (var tensor in Layout.Tensors.Where(tensor => slots.ContainsKey(tensor.Name)))
        {
            long[] shape = [.. tensor.Shape.Select(length => (long)length)];
            var values = Weights.narrow(0, tensor.Offset, tensor.Length).view(shape).detach();
            if (tensor.Role != TensorRole.Statistic)
            {
                Learnable.narrow(0, tensor.Offset, tensor.Length).fill_(1);
                Decaying.narrow(0, tensor.Offset, tensor.Length).fill_(tensor.Role == TensorRole.Weight ? 1 : 0);
                values.requires_grad_(true);
                values.grad = Gradients.narrow(0, tensor.Offset, tensor.Length).view(shape);
            }

            frame.Slots[slots[tensor.Name]] = values;
        }
    }

    // The loss and the ranking of classes want scores, not probabilities.
    static List<Node> WithoutFinalSoftmax(ModelGraph graph, out string logits)
    {
        logits = graph.Outputs[0].Name;
        bool isOneScore = graph.Outputs[0] is { HasShape: true, Shape: [_, { IsFixed: true, Length: 1 }] };
        if (graph.ProducerOf(logits) is not { } last
            || !(last.OpType is "Softmax" or "LogSoftmax" || isOneScore && last.OpType == "Sigmoid"))
            return [.. graph.Nodes];
        logits = last.Inputs[0];
        return [.. graph.Nodes.Where(node => !ReferenceEquals(node, last))];
    }

    static Dictionary<string, int> NumberValues(ModelGraph graph, List<Node> nodes)
    {
        var slots = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string name in graph.Inputs.Select(value => value.Name).Concat(graph.Initializers.Select(tensor => tensor.Name))
            .Concat(nodes.SelectMany(node => node.Outputs)))
            slots.TryAdd(name, slots.Count);
        return slots;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in frame.Slots.Where(slot => slot is not null))
            slot.Dispose();
        Weights.Dispose();
        Gradients.Dispose();
        Learnable.Dispose();
        Decaying.Dispose();
    }
}

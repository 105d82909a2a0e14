using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Notation;
using Plume.Protocol.V1;
using Method = Plume.Federation.Methods.Method;

namespace Plume.Client;

/// <summary>What a client learns of a federation when it joins: all that a learner can be made from.</summary>
public sealed class FederationTerms
{
    readonly ReadOnlyMemory<byte>? graph;

    FederationTerms(string federation, int number, ModelLayout layout, Method method, Codec uplink, Codec downlink,
        RandomKey broadcastKey)
    {
        (Federation, Number, Layout, Method, Uplink, Downlink, BroadcastKey) =
            (federation, number, layout, method, uplink, downlink, broadcastKey);
        Published = method.Published(layout, downlink);
    }

    FederationTerms(FederationTerms other, ReadOnlyMemory<byte> graph)
        : this(other.Federation, other.Number, other.Layout, other.Method, other.Uplink, other.Downlink, other.BroadcastKey) =>
            (Teaching, Constants, this.graph) = (other.Teaching, other.Constants, graph);

    /// <summary>The federation's name.</summary>
    public string Federation { get; }

    /// <summary>The client's number in it, from 0: which part of a data set that all have is its own, say.</summary>
    public int Number { get; }

    /// <summary>The model's tensors, which the learner must have too.</summary>
    public ModelLayout Layout { get; }

    /// <summary>How the federation learns.</summary>
    public Method Method { get; }

    /// <summary>
    /// Whom clients learn from beside their labels, which the learner must be able to; null for nobody. A teacher that is a file
    /// each client brings itself.
    /// </summary>
    public Teaching? Teaching { get; private init; }

    /// <summary>The codec of updates.</summary>
    public Codec Uplink { get; }

    /// <summary>The codec of models.</summary>
    public Codec Downlink { get; }

    /// <summary>
    /// The model as an ONNX file. What stands in it for the tensors of the layout has no meaning: each task brings its own.
    /// </summary>
    /// <exception cref="InvalidOperationException"><see cref="ClientOptions.NeedsGraph"/> was not set.</exception>
    public ReadOnlyMemory<byte> Graph =>
        graph ?? throw new InvalidOperationException(
            $"The graph is downloaded only if {nameof(ClientOptions)}.{nameof(ClientOptions.NeedsGraph)} is set.");

    internal MessageShape Published { get; }

    /// <summary>Bytes of the values in the graph that are not in the layout.</summary>
    internal ulong Constants { get; private init; }

    /// <summary>Values that the graph may have, at four bytes each.</summary>
    internal int GraphValues => (int)Math.Min((ulong)Layout.Length + Constants / sizeof(float), int.MaxValue);

    internal RandomKey BroadcastKey { get; }

    internal FederationTerms WithGraph(ReadOnlyMemory<byte> bytes) => new(this, bytes);

    /// <exception cref="FederationException">This release does not understand them.</exception>
    internal static FederationTerms Of(string federation, JoinReply reply)
    {
        try
        {
            var layout = ModelLayout.Of(
                reply.Layout.Select(tensor =>
                    (tensor.Name, tensor.Shape.Select(size => checked((int)size)).ToArray(), RoleOf(tensor),
                        checked((int)tensor.Axis))));
            return new FederationTerms(federation, checked((int)reply.Number), layout, reply.Method.Length == 0 ? new Averaging()
                : MethodNotation.Parse(reply.Method), Codec.Parse(reply.Uplink), Codec.Parse(reply.Downlink),
                new RandomKey(reply.BroadcastKey))
            {
                Teaching = reply.Teaching.Length == 0 ? null : Teaching.Parse(reply.Teaching),
                Constants = reply.Constants,
            };
        }
        catch (Exception problem) when (problem is ArgumentException or FormatException or OverflowException)
        {
            throw new FederationException(
                $"The terms of the federation '{federation}' are not ones that this release understands: {problem.Message} Use "
                    + $"a release of the same age on both ends.", problem);
        }
    }

    static TensorRole RoleOf(Tensor tensor) => tensor.Role <= (uint)TensorRole.Step
        ? (TensorRole)tensor.Role
        : throw new FormatException($"Tensor '{tensor.Name}' has the role {tensor.Role}, which there is not.");
}

using System.Security.Cryptography;
using Grpc.Core;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Protocol.V1;
using Method = Plume.Federation.Methods.Method;

namespace Plume.Cli.Network;

/// <summary>A federation's newest model, as an operator takes it from the server.</summary>
/// <param name="Graph">The graph with the version's weights.</param>
/// <param name="Version">Which version it is.</param>
sealed record FetchedModel(ModelGraph Graph, int Version)
{
    // An operator believes the server, but a file of zeros must not fill the memory all the same.
    const long LongestGraph = 1L << 30;

    /// <summary>Takes it.</summary>
    /// <exception cref="InvalidPayloadException">What came is damaged.</exception>
    /// <exception cref="RpcException">The server does not give it.</exception>
    public static async Task<FetchedModel> FetchAsync(Operation.OperationClient server, string federation,
        CancellationToken cancellation)
    {
        byte[] packed = await DownloadAsync(server, new DownloadRequest { Federation = federation, Graph = true }, cancellation);
        var graph = OnnxFile.Read(PackedGraph.Unpack(packed, LongestGraph));
        while (true)
        {
            var status = await server.StatusAsync(new StatusRequest { Federation = federation }, cancellationToken: cancellation);
            try
            {
                byte[] whole = await DownloadAsync(server,
                    new DownloadRequest { Federation = federation, ToVersion = status.ModelVersion }, cancellation);
                return new FetchedModel(
                    graph.With(new ModelWeights(graph.Weights, WeightsOf(whole, status.Method, graph.Weights))),
                    (int)status.ModelVersion);
            }
            catch (RpcException older) when (older.StatusCode == StatusCode.FailedPrecondition)
            {
                // There is a newer one by now.
            }
        }
    }

    static float[] WeightsOf(byte[] whole, string method, ModelLayout layout)
    {
        var trained = method.Length == 0 ? new Averaging() : MethodNotation.Parse(method);
        var shape = trained.KeepsModel
            ? new MessageShape(new MessagePart(Method.Weights, layout, ReceivedModel.Whole))
            : ReceivedModel.AsFloats(trained.Published(layout, ReceivedModel.Whole));
        var values = new float[shape.Length];
        new MessageDecoder(shape).Decode(whole, values, default);
        return trained.KeepsModel ? values : trained.Model(layout, values).ToArray();
    }

    static async Task<byte[]> DownloadAsync(Operation.OperationClient server, DownloadRequest request,
        CancellationToken cancellation)
    {
        using var call = server.Download(request, cancellationToken: cancellation);
        using var bytes = new MemoryStream();
        DownloadHeader? header = null;
        await foreach (var part in call.ResponseStream.ReadAllAsync(cancellation))
        {
            header ??= part.Header;
            bytes.Write(part.Chunk.Span);
        }

        return header is not null
            && header.Sha256.Span.SequenceEqual(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)))
            ? bytes.ToArray()
            : throw new InvalidPayloadException(
                "The model did not come whole: its bytes do not have the hash in its header. Fetch it again.");
    }
}

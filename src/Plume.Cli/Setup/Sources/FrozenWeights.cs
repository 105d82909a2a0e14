using System.IO.Hashing;
using Plume.Models.Adapt;
using Plume.Models.Graph;
using Plume.Server.Federations.Definitions;

namespace Plume.Cli.Setup.Sources;

/// <summary>What a graph computes with and no layout has: the weights beside adapters, which stay as they are.</summary>
static class FrozenWeights
{
    // Of a graph without adapters all that counts is in the layout.
    public static GraphConstants Of(ModelGraph graph)
    {
        if (!LowRankAdapters.IsAdapted(graph))
            return default;
        var learned = graph.Weights.Tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var hash = new XxHash64();
        long bytes = 0;
        foreach (var tensor in graph.Initializers.Where(tensor => !learned.Contains(tensor.Name)))
        {
            hash.Append(tensor.Data.Span);
            bytes += tensor.Data.Length;
        }

        return new GraphConstants(bytes, hash.GetCurrentHashAsUInt64());
    }
}

using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Methods;
using Plume.Federation.Rounds;

namespace Plume.Server.Federations.News;

/// <summary>Where the bits of a round's payloads went: of one update of the whole model, and of the version made.</summary>
sealed class TensorSizes(FederationPlan plan, ModelLayout layout)
{
    volatile IReadOnlyList<long> uplink = [], downlink = [];

    /// <summary>Takes in the bits of each tensor in an update, part after part; none where nobody looked into one.</summary>
    public void Arrived(IReadOnlyList<long> bits) => uplink = bits.Count > 0 ? bits : uplink;

    /// <summary>Takes in the bits of each tensor in the newest version's payload, part after part.</summary>
    public void Made(IReadOnlyList<long> bits) => downlink = bits;

    /// <summary>Each tensor of each part that is sent either way.</summary>
    public TensorDetail[] All
    {
        get
        {
            if (downlink.Count == 0)
                return [];
            var up = Of(plan.Answer(layout), uplink);
            var down = Of(plan.Published(layout), downlink);
            return [.. up.Keys.Union(down.Keys).Select(key =>
            {
                var tensor = (up.GetValueOrDefault(key) ?? down[key]).Tensor;
                return new TensorDetail(key.Part, key.Name, [.. tensor.Shape], up.GetValueOrDefault(key)?.Bits ?? double.NaN,
                    down.GetValueOrDefault(key)?.Bits ?? double.NaN);
            })];
        }
    }

    static Dictionary<(string Part, string Name), Sized> Of(MessageShape shape, IReadOnlyList<long> bits)
    {
        var found = new Dictionary<(string, string), Sized>();
        int index = 0;
        foreach (var part in shape.Parts)
        {
            foreach (var tensor in part.Layout.Tensors)
            {
                found[(part.Name is Method.Weights or Method.Update ? "" : part.Name, tensor.Name)] = new Sized(tensor,
                    index < bits.Count ? (double)bits[index] / Math.Max(1, tensor.Length) : double.NaN);
                index++;
            }
        }

        return found;
    }

    sealed record Sized(TensorSpec Tensor, double Bits);
}

/// <summary>What a tensor takes in payloads.</summary>
/// <param name="Part">The part of the message that it is in; empty for the model itself.</param>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="UplinkBits">Bits a value in an update; NaN where it is in none, or nobody looked.</param>
/// <param name="DownlinkBits">Bits a value in a version; NaN where it is in none.</param>
[GenerateSerializer, Immutable]
sealed record TensorDetail(string Part, string Name, int[] Shape, double UplinkBits, double DownlinkBits);

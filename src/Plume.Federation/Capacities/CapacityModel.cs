using Plume.Compression.Weights;

namespace Plume.Federation.Capacities;

/// <summary>The model that clients of one capacity train, and where it lies in the server's.</summary>
/// <param name="Layout">Its tensors, the same in all rounds.</param>
/// <param name="SliceAt">Where it lies in the model of a version, from 0: the round that starts from that version trains this
/// part.</param>
public sealed record CapacityModel(ModelLayout Layout, Func<int, LayoutSlice> SliceAt)
{
    /// <summary>All of the server's model, in all versions.</summary>
    public static CapacityModel All(ModelLayout whole)
    {
        var all = LayoutSlice.All(whole);
        return new CapacityModel(whole, _ => all);
    }
}

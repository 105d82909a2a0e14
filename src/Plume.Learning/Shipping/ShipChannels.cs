using Plume.Compression.Lines;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;

namespace Plume.Learning.Shipping;

/// <summary>
/// Channels and neurons go, of the smallest norms, until a share of the parameters is gone: <c>channels(50%)</c>.
/// </summary>
/// <param name="Share">The share that goes, above 0 and below 1.</param>
public sealed record ShipChannels(double Share) : ShipStep
{
    internal const string Keyword = "channels";

    internal override int Rank => 1;

    internal static ShipStep Parse(LineArguments arguments) =>
        new ShipChannels(ShipConnections.ShareOf(arguments, Keyword, "parameters"));

    internal override ShippedDraft Apply(ShippedDraft draft, ModelGraph original, ShippingWork work)
    {
        var pruned = new ChannelPruning(1 - Share).Apply(draft.Graph);
        if (pruned.Removed.Count == 0)
            throw new ArgumentException(
                $"'{this}' finds no channel of '{draft.Graph.Name}' that can "
                    + $"go{(pruned.Unprunable.Count > 0 ? $": {pruned.Unprunable[0]}" : ".")}");
        if (!pruned.IsReached)
            work.Note($"'{this}' cannot be reached: {Percentage.Print(1 - Math.Round(pruned.Reached, 4))} of the parameters is "
                + $"all that can go, with one channel of every group left.");
        return new ShippedDraft(pruned.Graph, null);
    }

    /// <summary>The notation.</summary>
    public override string ToString() => $"{Keyword}({Percentage.Print(Share)})";
}

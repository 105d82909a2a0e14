using Plume.Compression.Lines;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Prune.Connections;

namespace Plume.Learning.Shipping;

/// <summary>
/// A share of the weights becomes zero, the smallest of the whole model: <c>prune(80%)</c>. Smaller as a .plume file, not as an
/// ONNX file.
/// </summary>
/// <param name="Share">The share that becomes zero, above 0 and below 1.</param>
public sealed record ShipConnections(double Share) : ShipStep
{
    internal const string Keyword = "prune";

    internal override int Rank => 2;

    internal static ShipStep Parse(LineArguments arguments) => new ShipConnections(ShareOf(arguments, Keyword, "weights"));

    internal static double ShareOf(LineArguments arguments, string word, string whole)
    {
        if (arguments.Positional("share") is not { } share)
            throw arguments.Error($"{word} needs the share of the {whole} that goes, such as {word}(50%)");
        return Percentage.Parse(arguments, share) is < 1 and var part ? part
            : throw arguments.Error(share.Column, "something of a model must be left: let less than 100% go");
    }

    internal override ShippedDraft Apply(ShippedDraft draft, ModelGraph original, ShippingWork work)
    {
        var mask = new MagnitudePruning(Share).MaskOf(draft.Graph);
        return new ShippedDraft(mask.Apply(draft.Graph), new MaskedTraining(mask));
    }

    /// <summary>The notation.</summary>
    public override string ToString() => $"{Keyword}({Percentage.Print(Share)})";
}

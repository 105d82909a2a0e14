using Plume.Learning.Data;
using Plume.Pages.Charts;

namespace Plume.Cli.Setup;

/// <summary>What to say of a model that learned nothing: it ends well, and is of no use.</summary>
static class ChanceHint
{
    // Fewer samples say too little.
    const int FewSamples = 20;

    // Normalized values are about this size; training by the usual steps is for such.
    const double UsualSize = 10;

    /// <summary>A hint; null where the model is better than one that always says the same.</summary>
    /// <param name="score">The model's accuracy, or R2, on these samples.</param>
    /// <param name="test">The samples.</param>
    /// <param name="epochs">Passes over the training samples; none learn nothing, as was asked.</param>
    public static string? Of(double score, LabeledSet test, int epochs = 1)
    {
        if (test.Count < FewSamples || epochs == 0)
            return null;
        double commonest = test.Targets is not null ? 0
            : test.Labels.CountBy(label => label).Max(pair => pair.Value) / (double)test.Count;
        if (test.Targets is null ? score > commonest || commonest == 1 : score > 0)
            return null;
        double largest = test.Features.Max(Math.Abs);
        string what = test.Targets is null
            ? $"The model is no better than one that always names the commonest class ({Quantity.Percent(commonest)} of the samples)"
            : "The model is no better than the mean of the numbers";
        return largest > UsualSize
            ? $"{what}, and samples have values of up to {largest:0.##}: normalize columns with --normalize (data.normalize), or scale "
                + "the samples to about -1 to 1."
            : $"{what}: train for longer, or by another learning rate.";
    }
}

using System.Globalization;
using Plume.Compression.Lines;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Learning.Shipping;

/// <summary>
/// What steps took from a model is trained back, with the model as it was as the teacher, on public samples of which nobody needs
/// to know labels:
/// <c>finetune(epochs=2, public=FILE.npy)</c>. Zeros stay zeros, and levels of few bits are learned.
/// </summary>
/// <param name="Epochs">Passes over the public samples, from 1.</param>
/// <param name="Source">Where the public samples come from; null for those that another step or the exchange names.</param>
public sealed record ShipTuning(int Epochs, string? Source = null) : ShipStep
{
    internal const string Keyword = "finetune";
    internal const int MostEpochs = 10_000;
    const double Temperature = 2, LearningRate = 0.01;

    /// <inheritdoc/>
    public override string? Public => Source;

    internal override bool Learns => true;

    internal override int Rank => 0;

    internal static ShipStep Parse(LineArguments arguments) => arguments.Named("epochs") is { } epochs
        ? new ShipTuning(arguments.Integer(epochs, 1, MostEpochs), arguments.Named("public")?.Text)
        : throw arguments.Error("finetune needs passes over the public samples, such as finetune(epochs=2, public=FILE.npy)");

    internal override ShipStep WithPublic(string source) => this with { Source = source };

    internal override ShippedDraft Apply(ShippedDraft draft, ModelGraph original, ShippingWork work)
    {
        if (work.IsRehearsal)
            return draft;
        var tuning = new FineTuning(original, work.Public!, Temperature, alpha: 1, work.Threads);
        return draft with
        {
            Graph = tuning.Run(draft.Graph, new TrainingOptions(Epochs, LearningRate: LearningRate), work.Key, draft.Constraint,
                cancellation: work.Cancellation),
        };
    }

    /// <summary>The notation.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Keyword}(epochs={Epochs}{(Source is null ? "" : $", public={Source}")})");
}

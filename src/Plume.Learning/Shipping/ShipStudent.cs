using System.Globalization;
using Plume.Compression.Lines;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;
using Plume.Models.Zoo;

namespace Plume.Learning.Shipping;

/// <summary>
/// Another, smaller model ships, which learns what the trained one says of public samples: <c>distill(lenet, public=FILE.npy,
/// temperature=4)</c>, or
/// <c>distill(25%, public=FILE.npy)</c> for the model itself with so much of its multiply-adds, each layer narrowed. No label is
/// looked at.
/// </summary>
/// <param name="Name">A built-in model; null for a share.</param>
/// <param name="Share">The share of the trained model's multiply-adds that the student has; null for a built-in one.</param>
/// <param name="Source">Where the public samples come from; null for those that another step or the exchange names.</param>
public sealed record ShipStudent(string? Name, double? Share, string? Source = null) : ShipStep
{
    internal const string Keyword = "distill";
    const double DefaultTemperature = 2, LearningRate = 0.05;
    const int DefaultEpochs = 10;

    /// <summary>What both models' scores are divided by.</summary>
    public double Temperature { get; init; } = DefaultTemperature;

    /// <summary>Passes over the public samples.</summary>
    public int Epochs { get; init; } = DefaultEpochs;

    /// <inheritdoc/>
    public override string? Public => Source;

    internal override bool Learns => true;

    internal override int Rank => 0;

    internal static ShipStep Parse(LineArguments arguments)
    {
        if (arguments.Positional("student") is not { } student)
            throw arguments.Error($"distill needs the student: a built-in model ({string.Join(", ", ModelZoo.Names)}), or a "
                + $"share of the model's multiply-adds such as 25%");
        double? share = student.Text.EndsWith('%') ? Percentage.Parse(arguments, student) : null;
        if (share == 1)
            throw arguments.Error(student.Column, "a student is smaller than its teacher: let it have less than 100%");
        if (share is null && !ModelZoo.Names.Contains(student.Text))
            throw arguments.Error(student.Column,
                $"'{student.Text}' is no built-in model and no share such as 25%; known are {string.Join(", ", ModelZoo.Names)}");
        return new ShipStudent(share is null ? student.Text : null, share, arguments.Named("public")?.Text)
        {
            Temperature = arguments.Named("temperature") is not { } hot ? DefaultTemperature
                : arguments.Number(hot, hot.Text) is > 0 and var temperature ? temperature
                : throw arguments.Error(hot.Column, $"'{hot.Text}' must be a temperature above 0"),
            Epochs = arguments.Named("epochs") is { } epochs ? arguments.Integer(epochs, 1, ShipTuning.MostEpochs)
                : DefaultEpochs,
        };
    }

    internal override ShipStep WithPublic(string source) => this with { Source = source };

    internal override ShippedDraft Apply(ShippedDraft draft, ModelGraph original, ShippingWork work)
    {
        var set = work.Public!;
        if (work.IsRehearsal)
            return new ShippedDraft(StudentOf(draft.Graph, SampleSchema.ClassesOf(draft.Graph) ?? set.Classes, work), null);
        var labels = SoftLabels.Of(draft.Graph, set, work.Threads, work.Cancellation);
        using var trainer = new GraphTrainer(StudentOf(draft.Graph, labels.Classes, work), set,
            new TrainingOptions(Epochs, LearningRate: LearningRate), work.Threads);
        return new ShippedDraft(
            trainer.Train(new Distillation(labels, Temperature, 1), work.Key.Fold("train"), cancellation: work.Cancellation),
            null);
    }

    ModelGraph StudentOf(ModelGraph teacher, int classes, ShippingWork work) => Name is null
        ? new ChannelPruning(Share!.Value, ChannelMeasure.MultiplyAdds, ChannelScope.Layer).Apply(teacher).Graph
        : SampleSchema.Of(teacher).AddTo(ModelZoo.Build(Name, work.Public!.SampleShape, classes, work.Key.Fold("model")));

    /// <summary>The notation.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Keyword}({Name ?? Percentage.Print(Share!.Value)}{(Source is null ? "" : $", public={Source}")}{(Temperature == DefaultTemperature ? "" : $", temperature={Temperature}")}{(Epochs == DefaultEpochs ? "" : $", epochs={Epochs}")})");
}

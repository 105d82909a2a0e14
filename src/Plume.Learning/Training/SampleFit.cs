using Plume.Learning.Data;
using Plume.Models.Graph;

namespace Plume.Learning.Training;

/// <summary>Whether a graph can take a set's samples; asked before any work is done.</summary>
public static class SampleFit
{
    /// <summary>Finds out whether it can.</summary>
    /// <exception cref="MisfitException">
    /// There are no samples, or the graph takes those of another shape, of other columns, normalized otherwise or of fewer
    /// classes, or fixes the batch.
    /// </exception>
    public static void Check(ModelGraph graph, LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(set);
        if (set.Count == 0)
            throw new MisfitException($"'{set.Name}' has no samples.");
        if (graph.Inputs.Count != 1 || graph.Outputs.Count != 1)
            throw new MisfitException(
                $"A classifier has one input and one output, but '{graph.Name}' has {graph.Inputs.Count} and "
                    + $"{graph.Outputs.Count}.");
        var input = graph.Inputs[0];
        bool fits = !input.HasShape || input.Shape.Count == set.SampleShape.Count + 1
            && input.Shape.Skip(1).Zip(set.SampleShape).All(pair => !pair.First.IsFixed || pair.First.Length == pair.Second);
        if (!fits)
            throw new MisfitException(
                $"Model '{graph.Name}' takes [{string.Join(", ", input.Shape)}], but the samples of {set.Name} are "
                    + $"[{string.Join(", ", set.SampleShape)}] each.");
        if (input.HasShape && input.Shape[0].IsFixed)
            throw new MisfitException(
                $"Model '{graph.Name}' takes exactly {input.Shape[0].Length} samples at once; export it with a dynamic batch "
                    + $"dimension.");
        if (set.Targets is not null)
            CheckTarget(graph, set);
        if (SampleSchema.ClassesOf(graph) is { } classes && set.Classes > classes)
            throw new MisfitException($"Model '{graph.Name}' tells {classes} classes apart, but {set.Name} has {set.Classes}.");
        if (SampleSchema.Of(graph).Difference(set.Schema) is { } difference)
            throw new MisfitException($"Model '{graph.Name}' {difference} in {set.Name}.");
    }

    static void CheckTarget(ModelGraph graph, LabeledSet set)
    {
        if (SampleSchema.OutputsOf(graph) is not (null or 1) and var outputs)
            throw new MisfitException(
                $"Model '{graph.Name}' gives {outputs} numbers of a sample, but {set.Name} has one to predict.");
        if (graph.ProducerOf(graph.Outputs[0].Name) is { OpType: "Softmax" or "LogSoftmax" or "Sigmoid" } last)
            throw new MisfitException($"Model '{graph.Name}' ends in {last.OpType}, which makes chances, but {set.Name} has a number to predict.");
    }
}

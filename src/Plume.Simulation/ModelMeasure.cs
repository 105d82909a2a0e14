using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Simulation.Clients;

namespace Plume.Simulation;

/// <summary>Measures what a round made: the model, or where clients have models of their own, the mean over those of the
/// round's.</summary>
sealed class ModelMeasure(FederationPlan plan, ILearner learner, IEvaluator evaluator, GlobalModel global,
    ClientMemories memories)
{
    /// <summary>Measures it.</summary>
    /// <param name="contributors">The round's clients.</param>
    public Evaluation Of(IReadOnlyList<int> contributors)
    {
        if (!plan.Method.IsPersonal || contributors.Count == 0)
            return evaluator.Evaluate(global.Weights, CancellationToken.None);
        int residuals = plan.Answer(learner.Layout).MemoryLength;
        var each = new List<Evaluation>();
        foreach (int client in contributors)
        {
            var memory = new float[memories.LengthOf(client)];
            memories.Load(client, memory);
            var own = memory.AsSpan(residuals, plan.Method.ClientMemoryLength(learner.Layout));
            each.Add(evaluator.Evaluate(plan.Method.ModelOf(learner.Layout, global.Broadcast.Published, own),
                CancellationToken.None));
        }

        return new Evaluation(each.Average(one => one.Accuracy), each.Average(one => one.Loss), each[0].Samples)
        {
            MacroF1 = each.Average(one => one.MacroF1),
        };
    }
}

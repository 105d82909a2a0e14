using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Plume.EndToEnd.Host;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Simulation;

namespace Plume.EndToEnd.Tests.Checks;

/// <summary>The same federations in one process.</summary>
static class Simulated
{
    /// <summary>SHA-256 of the model that ships after the last round.</summary>
    public static string Model(ToyPlan toy) =>
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(Values(toy).AsSpan())));

    /// <summary>The model that ships after the last round.</summary>
    public static float[] Values(ToyPlan toy)
    {
        var definition = toy.ToDefinition();
        ILearner learner = definition.Plan.Smaller.Count > 0
            ? new ToyLearners(definition.Plan, definition.Layout)
            : new ToyLearner(definition.Layout, TimeSpan.Zero) { Public = (definition.Plan.Method as Predictions)?.Public };
        using var simulation = new Simulation.Simulation(
            new SimulationOptions(definition.Plan, definition.Seed) { Student = definition.Student, Root = definition.Root },
            learner, new Nothing(), definition.Initial(), TimeProvider.System);
        while (simulation.NextRound() is not null)
        {
        }

        return simulation.Published.ToArray();
    }

    sealed class Nothing : IEvaluator
    {
        public Evaluation Evaluate(ReadOnlyMemory<float> model, CancellationToken cancellation) => new(0, 0, 1);
    }
}

using System.Globalization;
using System.Text;
using Plume.Federation.Learners;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Rounds;

/// <summary>
/// What decides the bits of a run, as a text to take a fingerprint of. What a rule does not say, having its default, is not in it, so that a
/// rule that comes later leaves the fingerprints of earlier runs as they are.
/// </summary>
public static class RunText
{
    /// <summary>The text of a run.</summary>
    /// <param name="plan">Its rules. What decides only when something happens is not in it: deadline, quorum, attempts.</param>
    /// <param name="optimizer">The server's optimizer.</param>
    /// <param name="seed">Its seed.</param>
    public static string Of(FederationPlan plan, ServerOptimizer optimizer, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(optimizer);
        var text = new StringBuilder();
        Say("seed", seed);
        Say("clients", plan.Clients);
        Say("rounds", plan.Rounds);
        Say("participants", plan.Participants);
        Say("uplink", plan.Uplink);
        Say("downlink", plan.Downlink);
        SayUnless("over-selection", plan.OverSelection, 1.0);
        SayUnless("sample cap", plan.SampleCap, null);
        SayUnless("norm bound", plan.NormBound?.Factor, NormBound.DefaultFactor);
        SayUnless("method", plan.Method.ToString(), "averaging");
        SayUnless("fixed", plan.Fixed is null ? null : string.Join(';', plan.Fixed.Select(round => string.Join(',', round))), null);
        SayUnless("smaller models", plan.Smaller.Count == 0 ? null : string.Join(',', plan.Smaller.Select(model => model.Layout.Fingerprint)), null);
        Say("server", optimizer.Notation);
        Say("epochs", plan.Objective.Epochs);
        Say("batch size", plan.Objective.BatchSize);
        Say("learning rate", plan.Objective.LearningRate);
        SayUnless("schedule", plan.Schedule.ToString(), "constant");
        SayUnless("optimizer", plan.Objective.Optimizer, LocalOptimizer.Sgd);
        SayUnless("momentum", plan.Objective.Momentum, 0.0);
        SayUnless("weight decay", plan.Objective.WeightDecay, 0.0);
        SayUnless("proximal", plan.Objective.Proximal, 0.0);
        SayUnless("teaching", plan.Objective.Teaching?.ToString(), null);
        return text.ToString();

        void Say<T>(string name, T value) => text.Append(CultureInfo.InvariantCulture, $"{name}={value}\n");

        void SayUnless<T>(string name, T value, T usual)
        {
            if (!Equals(value, usual))
                Say(name, value);
        }
    }
}

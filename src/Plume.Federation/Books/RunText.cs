using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Books;

/// <summary>
/// What decides the bits of a run, as a text of named fields to take a fingerprint of. What has its default is not in it, so that
/// a rule that comes later leaves the fingerprints of earlier runs as they are.
/// </summary>
public sealed class RunText
{
    readonly StringBuilder text = new();

    RunText()
    {
    }

    /// <summary>The text of a run; its host adds what it decides itself.</summary>
    /// <param name="plan">Its rules. What decides only when something happens is not in it: deadline, quorum, attempts.</param>
    /// <param name="optimizer">The server's optimizer.</param>
    /// <param name="seed">Its seed.</param>
    public static RunText Of(FederationPlan plan, ServerOptimizer optimizer, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(optimizer);
        return new RunText()
            .Say("seed", seed)
            .Say("clients", plan.Clients)
            .Say("rounds", plan.Rounds)
            .Say("participants", plan.Participants)
            .Say("uplink", plan.Uplink)
            .Say("downlink", plan.Downlink)
            .SayUnless("over-selection", plan.OverSelection, 1.0)
            .SayUnless("selection", plan.Selection?.ToString(), null)
            .SayUnless("sample cap", plan.SampleCap, null)
            .SayUnless("norm bound", plan.NormBound?.Factor, NormBound.DefaultFactor)
            .SayUnless("rhythm", plan.Buffered?.ToString(), null)
            .SayUnless("rule", plan.Rule?.ToString(), null)
            .SayUnless("privacy", plan.Privacy is { } privacy
                ? string.Create(CultureInfo.InvariantCulture,
                    $"noise {privacy.Noise}, delta {privacy.Delta}, epsilon {privacy.Epsilon}") : null, null)
            .SayUnless("clip", plan.Privacy?.Clip?.ToString(), null)
            .SayUnless("budget", plan.Budget?.ToString(), null)
            .SayUnless("mechanism", plan.Privacy?.Matrix?.ToString(), null)
            .SayUnless("method", plan.Method.ToString(), "averaging")
            .SayUnless("fixed", plan.Fixed is null ? null
                : string.Join(';', plan.Fixed.Select(round => string.Join(',', round))), null)
            .SayUnless("smaller models", plan.Smaller.Count == 0 ? null
                : string.Join(',', plan.Smaller.Select(model => model.Layout.Fingerprint)), null)
            .Say("server", optimizer.Notation)
            .Say("epochs", plan.Objective.Epochs)
            .Say("batch size", plan.Objective.BatchSize)
            .Say("learning rate", plan.Objective.LearningRate)
            .SayUnless("schedule", plan.Schedule.ToString(), "constant")
            .SayUnless("optimizer", plan.Objective.Optimizer, LocalOptimizer.Sgd)
            .SayUnless("momentum", plan.Objective.Momentum, 0.0)
            .SayUnless("weight decay", plan.Objective.WeightDecay, 0.0)
            .SayUnless("proximal", plan.Objective.Proximal, 0.0)
            .SayUnless("teaching", plan.Objective.Teaching?.ToString(), null)
            .SayUnless("balances classes", plan.Objective.BalancesClasses, false);
    }

    /// <summary>A hash of the text.</summary>
    public ulong Fingerprint => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(ToString()));

    /// <summary>Adds a field.</summary>
    public RunText Say<T>(string name, T value)
    {
        text.Append(CultureInfo.InvariantCulture, $"{name}={value}\n");
        return this;
    }

    /// <summary>Adds a field, unless it has its default.</summary>
    public RunText SayUnless<T>(string name, T value, T usual) => Equals(value, usual) ? this : Say(name, value);

    /// <summary>The fields, one a line.</summary>
    public override string ToString() => text.ToString();
}

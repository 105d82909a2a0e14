using Plume.EndToEnd.Host;

namespace Plume.EndToEnd.Tests;

/// <summary>
/// Methods that promise what averaging does, however they die: one that remembers nothing, one whose messages have two parts and whose clients remember, one whose
/// server does too, one in which weights go, one that sends a number beside the update, one that publishes a direction, one in which factors take turns, one that learns masks, one in which layers shrink, one whose model
/// only the server has, one whose clients have models of several sizes.
/// </summary>
static class Trainings
{
    const string Predictions = "predictions(public=points, batch=40, bits=2, labels=student, samples=200, classes=10, hash=00000000feedbeef)";
    const string Channels = "channels(60%, rounds=3,7)", SubModels = "submodels(1, 1/2, 1/4)";

    public static IReadOnlyList<string> All { get; } = ["averaging", "scaffold", "feddyn(0.5)", "prune(80%, rounds=2..10)", "fednova", "fedcm", Predictions, "adapters(rank=2)", "masks(seed=3)", Channels, SubModels];

    /// <summary>Those that are killed in all places: a client's memory, a model of the server's own, channels that go, and what each capacity has are lost or kept as nothing else is.</summary>
    public static IReadOnlyList<string> Killed { get; } = [All[0], All[1], Predictions, Channels, SubModels];

    /// <summary>The plan by another method, with an uplink that fits it.</summary>
    public static ToyPlan Of(ToyPlan plan, string training) => training == Predictions ? plan with { Training = training, Uplink = "pack", Downlink = "pack" } : plan with { Training = training, Uplink = training[0] switch { 's' when training[1] == 'c' => "rotate | uniform(4) | rans", 'm' => "pack", 'p' or 'c' => "feedback | uniform(4) | rans", _ when training.StartsWith("adapters", StringComparison.Ordinal) => "feedback | uniform(4) | rans", _ => plan.Uplink } };
}

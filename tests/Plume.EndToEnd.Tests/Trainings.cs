using Plume.EndToEnd.Host;

namespace Plume.EndToEnd.Tests;

/// <summary>Methods that promise what averaging does, however they die: one that remembers nothing, one whose messages have two parts and whose clients remember, one whose server does too, one in which weights go, one that sends a number beside the update, one that publishes a direction, one in which layers shrink.</summary>
static class Trainings
{
    public static IReadOnlyList<string> All { get; } = ["averaging", "scaffold", "feddyn(0.5)", "prune(80%, rounds=2..10)", "fednova", "fedcm", "channels(60%, rounds=3,7)"];

    /// <summary>Those that are killed in all places: a client's memory, and channels that go, are lost or kept as nothing else is.</summary>
    public static IReadOnlyList<string> Killed { get; } = [All[0], All[1], All[^1]];

    /// <summary>The plan by another method, with an uplink that fits it.</summary>
    public static ToyPlan Of(ToyPlan plan, string training) => plan with { Training = training, Uplink = training[0] switch { 's' => "rotate | uniform(4) | rans", 'p' or 'c' => "feedback | uniform(4) | rans", _ => plan.Uplink } };
}

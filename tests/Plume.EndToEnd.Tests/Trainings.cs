using Plume.EndToEnd.Host;

namespace Plume.EndToEnd.Tests;

/// <summary>
/// Methods that promise what averaging does, however they die: one that remembers nothing, one whose messages have two parts and
/// whose clients remember, one whose server does too, one in which weights go, one that sends a number beside the update, one
/// that publishes a direction, one whose model only the server has, one in which factors take turns, one that sends
/// products with directions that turn, one that learns masks, one in which layers shrink, one whose clients have models of
/// several sizes, and averaging by two rules against hostile clients, of which one compares with an update of the server's own,
/// averaging by steps that follow how far updates are apart, and by clients that miss few versions.
/// </summary>
static class Trainings
{
    const string Predictions =
        "predictions(public=points, batch=40, bits=2, labels=student, samples=200, classes=10, hash=00000000feedbeef)";
    const string Channels = "channels(60%, rounds=3,7)", SubModels = "submodels(1, 1/2, 1/4)", Ruled = "ruled", Trusting = "trusting",
        Cheap = "cheap";

    /// <summary>Averaging by steps that follow how far updates are apart.</summary>
    public const string Auto = "auto";

    public static IReadOnlyList<string> All { get; } =
    [
        "averaging", "scaffold", "feddyn(0.5)", "prune(80%, rounds=2..10)", "fednova", "fedcm", Predictions, "adapters(rank=2)",
        "masks(seed=3)", "powersgd(rank=2)", Channels, SubModels, Ruled, Trusting, Auto, Cheap,
    ];

    /// <summary>
    /// Those that are killed in all places: averaging, one whose clients remember, and one that goes on to another model. The
    /// others are killed at random by the long run.
    /// </summary>
    public static IReadOnlyList<string> Killed { get; } = [All[0], All[1], Channels];

    /// <summary>The plan by another method, with codecs that fit it.</summary>
    public static ToyPlan Of(ToyPlan plan, string training) => training.Split('(')[0] switch
    {
        "predictions" => plan with { Training = training, Uplink = "pack", Downlink = "pack" },
        Auto => plan with { Uplink = "feedback | lowrank | auto | range", Downlink = "delta | auto | range" },
        Cheap => plan with { Selection = "cheap(uniform=30%)" },
        Ruled => plan with { Rule = "nearest(1) | trimmed(1)" },
        Trusting => plan with { Rule = "fltrust(public=toy)" },
        "masks" => plan with { Training = training, Uplink = "pack" },
        "powersgd" => plan with { Training = training, Uplink = "uniform(4) | rans" },
        "scaffold" => plan with { Training = training, Uplink = "rotate | uniform(4) | rans" },
        "prune" or "channels" or "adapters" => plan with { Training = training, Uplink = "feedback | uniform(4) | rans" },
        _ => plan with { Training = training },
    };
}

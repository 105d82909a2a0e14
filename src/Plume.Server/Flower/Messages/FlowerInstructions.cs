using Plume.Federation.Learners;
using Plume.Protocol.Flower;

namespace Plume.Server.Flower.Messages;

/// <summary>What the server tells a Flower client.</summary>
static class FlowerInstructions
{
    /// <summary>Train a model. The configuration has the names that Flower's own examples use.</summary>
    public static ServerMessage Fit(FlowerTask task, Parameters model)
    {
        var fit = new ServerMessage.Types.FitIns { Parameters = model };
        var objective = task.Objective;
        fit.Config["server_round"] = Whole(task.Round);
        fit.Config["local_epochs"] = Whole(objective.Epochs);
        fit.Config["batch_size"] = Whole(objective.BatchSize);
        fit.Config["learning_rate"] = Real(objective.LearningRate);
        fit.Config["optimizer"] = new Scalar { String = objective.Optimizer == LocalOptimizer.Adam ? "adam" : "sgd" };
        fit.Config["momentum"] = Real(objective.Momentum);
        fit.Config["weight_decay"] = Real(objective.WeightDecay);
        fit.Config["proximal_mu"] = Real(objective.Proximal);
        return new ServerMessage { FitIns = fit };
    }

    /// <summary>Measure a model.</summary>
    public static ServerMessage Evaluate(FlowerTask task, Parameters model)
    {
        var evaluate = new ServerMessage.Types.EvaluateIns { Parameters = model };
        evaluate.Config["server_round"] = Whole(task.Round);
        evaluate.Config["batch_size"] = Whole(task.Objective.BatchSize);
        return new ServerMessage { EvaluateIns = evaluate };
    }

    /// <summary>Go, and come back after a time; after none, never.</summary>
    public static ServerMessage Reconnect(TimeSpan after) =>
        new() { ReconnectIns = new ServerMessage.Types.ReconnectIns { Seconds = (long)Math.Ceiling(after.TotalSeconds) } };

    static Scalar Whole(int value) => new() { Sint64 = value };

    static Scalar Real(double value) => new() { Double = value };
}

using Google.Protobuf.Collections;
using Plume.Compression.Wire;
using Plume.Protocol.Flower;

namespace Plume.Server.Flower.Messages;

/// <summary>What a Flower client says, besides arrays, held to its rules.</summary>
static class FlowerAnswers
{
    const int LongestText = 200;

    /// <summary>Why the client did not do what it was told; null where it did.</summary>
    public static string? ProblemOf(Status? status) =>
        status is null or { Code: Code.Ok } ? null : $"The client answered {status.Code}: '{Plain(status.Message)}'.";

    /// <summary>A number of samples.</summary>
    /// <exception cref="InvalidPayloadException">It is not from 1 to 2^31 - 1.</exception>
    public static int SamplesOf(long examples) => examples is >= 1 and <= int.MaxValue
        ? (int)examples
        : throw new InvalidPayloadException($"The number of examples must be from 1 to {int.MaxValue}, but is {examples}.");

    /// <summary>The training loss, where the metrics have one that is finite.</summary>
    public static double? LossOf(MapField<string, Scalar> metrics) => Real(metrics, "loss") ?? Real(metrics, "train_loss");

    /// <summary>What the client measured; null where the loss is not finite or no sample was measured.</summary>
    public static FlowerMeasure? MeasureOf(ClientMessage.Types.EvaluateRes answer) =>
        float.IsFinite(answer.Loss) && answer.NumExamples is >= 1 and <= int.MaxValue
            ? new FlowerMeasure((int)answer.NumExamples, answer.Loss, Real(answer.Metrics, "accuracy"))
            : null;

    /// <summary>A stranger's text as it may stand in a message or a log: on one line, and not long.</summary>
    public static string Plain(string text) =>
        string.Concat(text.Take(LongestText).Select(mark => char.IsControl(mark) || char.IsSurrogate(mark) ? '?' : mark));

    static double? Real(MapField<string, Scalar> metrics, string name) =>
        metrics.TryGetValue(name, out var scalar) && scalar.ScalarCase == Scalar.ScalarOneofCase.Double
            && double.IsFinite(scalar.Double)
            ? scalar.Double
            : null;
}

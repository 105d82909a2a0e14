namespace Plume.Cli.Evaluation;

/// <summary>What a model loses when one of its weights is stored in another format.</summary>
/// <param name="Weight">The weight's name.</param>
/// <param name="Format">The format.</param>
/// <param name="Values">Values of the weight.</param>
/// <param name="Bytes">Of the weight in that format, scales included.</param>
/// <param name="Loss">Accuracy lost, as a share; below 0 where the model got better.</param>
sealed record WeightSensitivity(string Weight, string Format, int Values, long Bytes, double Loss);

namespace Plume.Compression.Weights;

/// <summary>Tells a tensor's role where only its name and rank are known.</summary>
static class TensorRoles
{
    static readonly string[] NormalizationWords = ["norm", "bn", ".ln"];

    public static TensorRole Guess(string name, int rank) => name switch
    {
        _ when rank >= 2 => TensorRole.Weight,
        _ when name.EndsWith("running_mean", StringComparison.Ordinal)
            || name.EndsWith("running_var", StringComparison.Ordinal) => TensorRole.Statistic,
        _ when NormalizationWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase)) =>
            TensorRole.Normalization,
        _ => TensorRole.Bias,
    };
}

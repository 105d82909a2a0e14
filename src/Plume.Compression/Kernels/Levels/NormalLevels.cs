namespace Plume.Compression.Kernels.Levels;

/// <summary>
/// Sixteen levels from -1 to 1 that about equally many normal values fall to, with zero among them: quantiles at even steps
/// from 1/2 to 929/960, eight steps upwards and seven downwards, divided by the last.
/// </summary>
/// <remarks>
/// Source: Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", NeurIPS 2023, arXiv:2305.14314, appendix E, whose
/// digits these are.
/// </remarks>
static class NormalLevels
{
    /// <summary>The symbol of zero.</summary>
    public const byte Zero = 7;

    public static LevelTable Table { get; } = new(
    [
        -1, -0.696192801f, -0.525073051f, -0.394917488f, -0.284441382f, -0.18477343f, -0.0910500363f, 0,
        0.0795802996f, 0.160930201f, 0.246112302f, 0.337915242f, 0.440709829f, 0.562617004f, 0.722956836f, 1,
    ]);
}

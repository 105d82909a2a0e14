namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// Dependent quantization: a level k stands for k steps or for half a step nearer to zero, and which of both follows from whether
/// the levels before it were odd. So values lie half as far apart as levels say, and a sequence of levels is chosen as a whole.
/// </summary>
/// <remarks>
/// Eight states, in even ones a level stands for k steps, in odd ones for k less half its sign. Source: Marcellin and Fischer,
/// "Trellis coded quantization of memoryless and Gauss-Markov sources", IEEE Trans. Communications 1990; the trellis is that of
/// ISO/IEC 15938-17.
/// </remarks>
static class Trellis
{
    /// <summary>States, of which a run of levels begins in the first.</summary>
    public const int States = 8;

    static ReadOnlySpan<byte> Next => [0, 2, 7, 5, 1, 3, 6, 4, 2, 0, 5, 7, 3, 1, 4, 6];

    /// <summary>The state after a level.</summary>
    public static int After(int state, int level) => Next[2 * state + (level & 1)];

    /// <summary>Levels of a run become the half steps that they stand for.</summary>
    public static void ToHalfSteps(Span<int> levels)
    {
        int state = 0;
        foreach (ref int level in levels)
        {
            int halves = 2 * level - (state & 1) * Math.Sign(level);
            state = After(state, level);
            level = halves;
        }
    }
}

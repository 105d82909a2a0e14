using Plume.Compression.Codecs.Quantize;

namespace Plume.Compression.Codecs.Allocate;

/// <summary>
/// Looks for the best step by trying: the finest whose payload is small enough, or the coarsest whose error is. It begins at
/// the values' own size whatever was found before, so that the same values give the same bytes.
/// </summary>
/// <param name="isCoarseEnough">Encodes with a step, and says whether a coarser one is not needed.</param>
/// <param name="wantsCoarse">Whether the step to end at is the coarsest that is not coarse enough yet.</param>
/// <param name="resolution">Codes of steps from one that is tried to the next: a power of two. Of <see cref="Octave"/>, steps are
/// powers of two.</param>
sealed class StepSearch(Func<float, bool> isCoarseEnough, bool wantsCoarse, int resolution = 1)
{
    /// <summary>Codes of steps to a factor of two.</summary>
    public const int Octave = 128;

    /// <summary>
    /// How far from where it begins a search goes by octaves, and how far at all to coarser steps: beyond, levels are all zero.
    /// </summary>
    const int MostOctaves = 28;

    /// <summary>
    /// Octaves to a stride among finer steps, which few values have anything to do with: those beside others far larger.
    /// </summary>
    const int FarOctaves = 4;

    static readonly int Finest = StepCode.AtLeast(DeadZone.SmallestStep);

    int last = -1;

    /// <summary>Finds the step that is wanted, or the one that comes nearest, and ends with its encoding.</summary>
    /// <param name="start">A step to begin at.</param>
    public void Run(float start)
    {
        last = -1;
        int code = StepCode.AtLeast(Math.Clamp(start, DeadZone.SmallestStep, 1e38f)) / resolution * resolution;
        int begin = code, end = Math.Min(StepCode.Last, code + MostOctaves * Octave);
        bool coarseEnough = Try(code);
        int other = code;
        do
        {
            code = other;
            other = coarseEnough ? Finer(code, begin) : code + Octave;
            if (other == code || other > end)
            {
                EndAt(code);
                return;
            }
        }
        while (Try(other) == coarseEnough);
        EndAt(coarseEnough ? Between(other, code) : Between(code, other));
    }

    static int Finer(int code, int begin) =>
        Math.Max(Finest, code - (begin - code < MostOctaves * Octave ? Octave : FarOctaves * Octave));

    int Between(int fine, int coarse)
    {
        while (coarse - fine > resolution)
        {
            int middle = (coarse + fine) / 2;
            if (Try(middle))
                coarse = middle;
            else
                fine = middle;
        }

        return wantsCoarse ? fine : coarse;
    }

    void EndAt(int code)
    {
        if (last != code)
            Try(code);
    }

    bool Try(int code)
    {
        last = code;
        return isCoarseEnough(StepCode.Step(code));
    }
}

namespace Plume.Learning.Inference.Metrics;

/// <summary>The area under the curve of true over false positives.</summary>
/// <remarks>
/// The share of pairs of a positive and a negative sample in which the positive one has the higher score; of equals, half.
/// Source: J. Hanley, B. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve", Radiology, 1982.
/// </remarks>
public static class RankArea
{
    /// <summary>The area, 0.5 for chance; null where all samples are positive, or none.</summary>
    /// <param name="scores">How much speaks for positive, by sample; finite.</param>
    /// <param name="isPositive">What is true of each.</param>
    /// <exception cref="ArgumentException">There are not as many of both.</exception>
    public static double? Of(ReadOnlySpan<float> scores, ReadOnlySpan<bool> isPositive)
    {
        if (scores.Length != isPositive.Length)
            throw new ArgumentException($"{scores.Length} scores are of {isPositive.Length} samples.", nameof(scores));
        float[] sorted = scores.ToArray();
        bool[] truths = isPositive.ToArray();
        Array.Sort(sorted, truths);
        double won = 0;
        long negatives = 0, positives = 0;
        for (int start = 0, end = 0; start < sorted.Length; start = end)
        {
            long equalNegatives = 0, equalPositives = 0;
            for (; end < sorted.Length && sorted[end] == sorted[start]; end++)
                _ = truths[end] ? equalPositives++ : equalNegatives++;
            won += equalPositives * (negatives + equalNegatives / 2.0);
            negatives += equalNegatives;
            positives += equalPositives;
            // What equals nothing, not even itself, would stand here for ever.
            if (end == start)
                throw new ArgumentException("Scores must be numbers.", nameof(scores));
        }

        return negatives == 0 || positives == 0 ? null : won / ((double)negatives * positives);
    }
}

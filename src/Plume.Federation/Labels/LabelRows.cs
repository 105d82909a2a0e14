namespace Plume.Federation.Labels;

/// <summary>Labels as they stand in a message: a row for each class but the last, in it the level of each sample.</summary>
/// <remarks>
/// By class rather than by sample, since that is what a coder learns most from; the last class has what is missing to all levels.
/// </remarks>
/// <param name="grid">The labels that can be said.</param>
/// <param name="classes">Classes of a label.</param>
public sealed class LabelRows(SimplexGrid grid, int classes)
{
    /// <summary>Writes labels.</summary>
    /// <param name="shares">A distribution for each sample.</param>
    /// <param name="rows">Receives the levels of all classes but the last.</param>
    public void Write(ReadOnlySpan<float> shares, Span<float> rows)
    {
        int samples = shares.Length / classes;
        var levels = new int[classes];
        for (int sample = 0; sample < samples; sample++)
        {
            grid.Quantize(shares.Slice(sample * classes, classes), levels);
            for (int row = 0; row < classes - 1; row++)
                rows[row * samples + sample] = levels[row];
        }
    }

    /// <summary>Reads labels, or a mean of some: shares of 1, which hostile messages may have made negative.</summary>
    /// <param name="rows">What was written, or a mean of it.</param>
    /// <param name="shares">Receives a share for each sample and class.</param>
    public void Read(ReadOnlySpan<float> rows, Span<float> shares)
    {
        int samples = shares.Length / classes;
        for (int sample = 0; sample < samples; sample++)
        {
            double missing = 1;
            for (int row = 0; row < classes - 1; row++)
            {
                float share = rows[row * samples + sample] / grid.Levels;
                shares[sample * classes + row] = share;
                missing -= share;
            }

            shares[sample * classes + classes - 1] = (float)missing;
        }
    }
}

using System.Globalization;

namespace Plume.Learning.Inference.Metrics;

/// <summary>How well a classifier tells one class from the others.</summary>
/// <param name="Name">The class.</param>
/// <param name="Samples">Samples of it.</param>
/// <param name="Precision">Of those that are told to be of it, the share that are; 0 where none are.</param>
/// <param name="Recall">Of those that are of it, the share that are told so; 0 where there are none.</param>
/// <param name="F1">The harmonic mean of both; 0 where both are.</param>
/// <param name="Auc">
/// The area under the curve of true over false positives, by the score of the class; null where there are no scores, no sample
/// of it or no other.
/// </param>
public sealed record ClassFigures(string Name, int Samples, double Precision, double Recall, double F1, double? Auc);

/// <summary>How well a classifier tells classes apart, beside the share that it gets right.</summary>
/// <param name="F1">The mean over classes that samples have or are told to have: each class counts alike.</param>
/// <param name="Auc">The mean over classes that have one; null where none has.</param>
/// <param name="Classes">Each class.</param>
public sealed record ClassificationFigures(double F1, double? Auc, IReadOnlyList<ClassFigures> Classes)
{
    const double SumTolerance = 1e-3;

    /// <summary>Figures of a classifier's answers.</summary>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="told">What the classifier says; a class beyond those of the labels is wrong.</param>
    /// <param name="scores">
    /// A row for each sample: one number, the higher the more speaks for class 1, or a number a class; null where there are none.
    /// Rows of numbers that are no probabilities are made such by softmax.
    /// </param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="names">Their names; null for numbers.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static ClassificationFigures Of(ReadOnlySpan<int> labels, ReadOnlySpan<int> told, ReadOnlySpan<float> scores,
        int classes,
        IReadOnlyList<string>? names = null)
    {
        if (labels.Length != told.Length || (labels.Length > 0 ? scores.Length % labels.Length : scores.Length) != 0)
            throw new ArgumentException($"{told.Length} answers and {scores.Length} scores are of {labels.Length} samples.", nameof(told));
        int width = labels.Length == 0 ? 0 : scores.Length / labels.Length;
        var figures = new List<ClassFigures>();
        for (int each = 0; each < classes; each++)
        {
            int right = 0, samples = 0, claimed = 0;
            for (int i = 0; i < labels.Length; i++)
            {
                samples += labels[i] == each ? 1 : 0;
                claimed += told[i] == each ? 1 : 0;
                right += labels[i] == each && told[i] == each ? 1 : 0;
            }

            double precision = claimed == 0 ? 0 : (double)right / claimed, recall = samples == 0 ? 0 : (double)right / samples;
            double f1 = samples + claimed == 0 ? 0 : 2.0 * right / (samples + claimed);
            figures.Add(new ClassFigures(names?[each] ?? each.ToString(CultureInfo.InvariantCulture), samples, precision,
                recall, f1,
                width == 0 || width > 1 && each >= width || width == 1 && each > 1 ? null : AreaOf(labels, scores, width, each)));
        }

        return new ClassificationFigures(MacroF1Of(labels, told, classes), figures.Average(each => each.Auc), figures);
    }

    /// <summary>The mean of the classes' F1 alone.</summary>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="told">What the classifier says; a class beyond those of the labels is wrong.</param>
    /// <param name="classes">Number of classes.</param>
    public static double MacroF1Of(ReadOnlySpan<int> labels, ReadOnlySpan<int> told, int classes)
    {
        if (labels.Length != told.Length)
            throw new ArgumentException($"{told.Length} answers are of {labels.Length} samples.", nameof(told));
        int[] right = new int[classes], either = new int[classes];
        for (int i = 0; i < labels.Length; i++)
        {
            either[labels[i]]++;
            if ((uint)told[i] < (uint)classes)
                either[told[i]]++;
            if (told[i] == labels[i])
                right[labels[i]]++;
        }

        return right.Zip(either).Where(pair => pair.Second > 0).Select(pair => 2.0 * pair.First / pair.Second).DefaultIfEmpty(0)
            .Average();
    }

    static double? AreaOf(ReadOnlySpan<int> labels, ReadOnlySpan<float> scores, int width, int each)
    {
        var own = new float[labels.Length];
        var isOwn = new bool[labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            var row = scores.Slice(i * width, width);
            own[i] = width == 1 ? (each == 1 ? row[0] : -row[0]) : (float)Share(row, each);
            if (!float.IsFinite(own[i]))
                return null;
            isOwn[i] = labels[i] == each;
        }

        return RankArea.Of(own, isOwn);
    }

    static double Share(ReadOnlySpan<float> row, int each)
    {
        double sum = 0, most = double.NegativeInfinity;
        bool isShares = true;
        foreach (float score in row)
        {
            (sum, most) = (sum + score, Math.Max(most, score));
            isShares &= score >= 0;
        }

        if (isShares && Math.Abs(sum - 1) < SumTolerance)
            return row[each];
        double all = 0;
        foreach (float score in row)
            all += Math.Exp(score - most);
        return Math.Exp(row[each] - most) / all;
    }
}

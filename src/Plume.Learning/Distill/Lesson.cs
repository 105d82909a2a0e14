using Plume.Federation.Labels;
using Plume.Learning.Data;
using Plume.Learning.Training;

namespace Plume.Learning.Distill;

/// <summary>
/// What a client learns in a round: its own samples with their labels, and among them public ones with those that others gave.
/// One after the other it would forget the first over the second, for its own samples are of few classes.
/// </summary>
/// <param name="Samples">All of them, copied.</param>
/// <param name="Objective">Cross-entropy with the labels of each.</param>
sealed record Lesson(LabeledSet Samples, ITrainingObjective Objective)
{
    /// <summary>A client's lesson.</summary>
    /// <param name="set">The samples of all clients.</param>
    /// <param name="own">Which are its own.</param>
    /// <param name="publicSamples">The public set.</param>
    /// <param name="taught">Labels of some of it.</param>
    public static Lesson Of(LabeledSet set, int[] own, PublicSamples publicSamples, PublicLabels taught)
    {
        int classes = set.Classes, count = own.Length + taught.Count;
        var features = new float[count * set.SampleLength];
        var shares = new float[count * classes];
        for (int i = 0; i < own.Length; i++)
        {
            set[own[i]].CopyTo(features.AsSpan(i * set.SampleLength));
            shares[i * classes + set.Labels[own[i]]] = 1;
        }

        for (int i = 0; i < taught.Count; i++)
            publicSamples.Samples[taught.Samples.Span[i]].CopyTo(features.AsSpan((own.Length + i) * set.SampleLength));
        taught.Shares.Span.CopyTo(shares.AsSpan(own.Length * classes));
        int[] places = [.. Enumerable.Range(0, count)];
        return new Lesson(new LabeledSet(set.Name, features, set.SampleShape, new int[count], classes) { Schema = set.Schema },
            new SoftTargets(new PublicLabels(places, shares), classes));
    }
}

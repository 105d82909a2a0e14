using Plume.Cli.Errors;
using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Leaks;
using Plume.Learning.Partition;
using Plume.Models.Graph;

namespace Plume.Cli.Leaks;

/// <summary>The attacks on updates of one model: who is a member, and what samples can be read.</summary>
sealed class LeakAttacks : IDisposable
{
    // Pairs of a member and another a client: enough for a share of a hundredth, few enough to take seconds.
    const int MostPairs = 200;

    readonly LabeledSet train;
    readonly LabeledSet heldOut;
    readonly Allotment allotment;
    readonly RandomKey key;
    readonly GradientAlignment alignment;
    readonly KnownSamples known;
    readonly FirstLayerInversion? firstLayer;
    readonly GradientInversion? inversion;
    readonly int threads;

    /// <param name="graph">The model.</param>
    /// <param name="train">Samples of clients.</param>
    /// <param name="heldOut">Samples that nobody has.</param>
    /// <param name="allotment">Who has which.</param>
    /// <param name="threads">Samples that are worked on at once.</param>
    /// <param name="key">Where draws come from.</param>
    public LeakAttacks(ModelGraph graph, LabeledSet train, LabeledSet heldOut, Allotment allotment, int threads, RandomKey key)
    {
        (this.train, this.heldOut, this.allotment, this.threads, this.key) = (train, heldOut, allotment, threads, key);
        known = new KnownSamples(heldOut);
        alignment = new GradientAlignment(graph, threads);
        firstLayer = FirstLayerInversion.Of(graph, known.Low, known.High);
        if (firstLayer is null && allotment.Clients.All(own => own.Length == 1))
            inversion = new GradientInversion(graph, train, known);
    }

    /// <summary>What attacks do not fit the model, as a sentence; null where all fit.</summary>
    public string? Misfit => firstLayer is null && inversion is null
        ? "Samples are read off a dense first layer, which this model does not have, or looked for where each client has one "
            + "(--samples 1): only membership is measured." : null;

    /// <summary>The least and the largest value of a sample.</summary>
    public (float Low, float High) Range => (known.Low, known.High);

    /// <summary>The values of a training sample.</summary>
    public float[] Original(int sample) => train[sample].ToArray();

    /// <summary>The shape of a sample.</summary>
    public IReadOnlyList<int> SampleShape => train.SampleShape;

    /// <summary>Lets each view's reader attack its part of an update.</summary>
    /// <exception cref="CliException">The client has no sample of a class of which samples are held out.</exception>
    public void Look(IReadOnlyList<LeakView> views, LeakTarget target)
    {
        var pairs = MatchedSamples.Draw(train, allotment.Clients[target.Client], heldOut, MostPairs,
            key.Fold("pairs").Fold((ulong)target.Client));
        if (pairs.Members.Count == 0)
            throw new CliException(ExitCode.Input, $"Client {target.Client} has no sample of a class of which {heldOut.Name} has "
                + $"one, so there is nothing to tell its samples from. Deal samples otherwise (data.partition), or attack "
                + $"other rounds.");
        float[][] seen = [.. views.Select(view => target.SeenBy(view.Reader, key))];
        int[] labels = [.. pairs.Members.Select(sample => train.Labels[sample])];
        var members = alignment.Cosines(target.Model, seen, train, pairs.Members);
        var others = alignment.Cosines(target.Model, seen, heldOut, pairs.Others);
        for (int i = 0; i < views.Count; i++)
        {
            views[i].Add(MembershipTrial.Of(target.Client, members[i], others[i], labels));
            if (firstLayer is not null)
                Reconstruct(views[i], target, firstLayer.Invert(seen[i]), pairs);
        }

        if (inversion is null)
            return;
        var found = new float[views.Count][];
        Parallel.For(0, views.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
            found[i] = inversion.Invert(target.Model, seen[i], labels[0],
                key.Fold("inversion").Fold((ulong)target.Round).Fold((ulong)target.Client)));
        for (int i = 0; i < views.Count; i++)
            Reconstruct(views[i], target, [found[i]], pairs);
    }

    void Reconstruct(LeakView view, LeakTarget target, IReadOnlyList<float[]> read, MatchedSamples pairs)
    {
        Nearest[] members = [.. pairs.Members.Select(sample => known.Find(read, train[sample]))];
        Nearest[] others = [.. pairs.Others.Select(sample => known.Find(read, heldOut[sample]))];
        view.Add(new ReconstructionTrial(members, others), pairs.Members.Zip(members, (sample, match) =>
            (new SampleAt(target.Round, target.Client, sample),
                new Recovered(match, match.Candidate < 0 ? null : read[match.Candidate]))));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        alignment.Dispose();
        inversion?.Dispose();
    }
}

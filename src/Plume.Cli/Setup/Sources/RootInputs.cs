using System.IO.Hashing;
using System.Runtime.InteropServices;
using Plume.Cli.Errors;
using Plume.Compression.Randomness;
using Plume.Federation.Labels;
using Plume.Federation.Robustness;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Partition;
using Plume.Models.Graph;

namespace Plume.Cli.Setup.Sources;

/// <summary>What a rule needs that compares updates with one of the server's own.</summary>
/// <param name="Rule">The rule, which knows its root samples.</param>
/// <param name="Samples">Which of the training samples they are.</param>
sealed record RootInputs(FlTrust Rule, int[] Samples)
{
    /// <summary>Takes the root samples from the clients.</summary>
    /// <param name="rule">The federation's rule; null for the mean.</param>
    /// <param name="train">The training samples.</param>
    /// <param name="dealt">Who holds what.</param>
    /// <param name="key">Of the run.</param>
    /// <returns>It, null for any other rule, and who then holds what.</returns>
    /// <exception cref="ArgumentException">There are no such samples, or clients would have nothing left.</exception>
    public static (RootInputs? Root, Allotment Allotment) Take(RobustRule? rule, LabeledSet train, Allotment dealt, RandomKey key)
    {
        if (rule is not FlTrust trust)
            return (null, dealt);
        try
        {
            var (held, allotment) = PublicSource.HoldOut(trust.Source, train, dealt, key);
            return (new RootInputs(trust with { Root = TermsOf(train, held) }, held), allotment);
        }
        catch (ArgumentException misfit)
        {
            throw new ArgumentException($"{FlTrust.Keyword}: public: {InputErrors.Sentence(misfit)}.", misfit);
        }
    }

    /// <summary>The learner of the server's own update.</summary>
    public GraphLearner Learner(ModelGraph graph, LabeledSet train, Teachers teachers) =>
        teachers.Learner(graph, train, [Samples]);

    static PublicSet TermsOf(LabeledSet train, int[] held)
    {
        var hash = new XxHash64();
        foreach (int sample in held)
        {
            hash.Append(MemoryMarshal.AsBytes(train[sample]));
            hash.Append(MemoryMarshal.AsBytes(train.Labels.AsSpan(sample, 1)));
        }

        return new PublicSet(held.Length, train.Classes, hash.GetCurrentHashAsUInt64());
    }
}

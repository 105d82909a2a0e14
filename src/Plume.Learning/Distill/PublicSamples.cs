using System.IO.Hashing;
using System.Runtime.InteropServices;
using Plume.Federation.Labels;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Objectives;
using Plume.Learning.Training;
using static TorchSharp.torch;

namespace Plume.Learning.Distill;

/// <summary>The samples of a public set, whose labels nobody knows: what stands in their place means nothing.</summary>
public sealed class PublicSamples
{
    const int Chunk = 100;

    /// <summary>Takes the samples of a set, and no label.</summary>
    /// <param name="set">The samples; of its labels only the number of classes counts.</param>
    public PublicSamples(LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        Samples = new LabeledSet(set.Name, set.Features, set.SampleShape, new int[set.Count], set.Classes)
        {
            Schema = set.Schema,
        };
        Terms = new PublicSet(set.Count, set.Classes, XxHash64.HashToUInt64(MemoryMarshal.AsBytes(set.Features.AsSpan())));
    }

    /// <summary>What all know of them.</summary>
    public PublicSet Terms { get; }

    /// <summary>The samples.</summary>
    internal LabeledSet Samples { get; }

    /// <summary>What a model says of some of them.</summary>
    internal void Predict(GraphExecutor executor, ReadOnlySpan<int> samples, Span<float> shares)
    {
        using var batch = new BatchBuffer(Samples, Math.Min(Chunk, Math.Max(1, samples.Length)));
        for (int start = 0; start < samples.Length; start += Chunk)
        {
            using var scope = NewDisposeScope();
            var (features, _) = batch.Fill(samples.Slice(start, Math.Min(Chunk, samples.Length - start)));
            using var gradientless = no_grad();
            var said = nn.functional.softmax(ClassScores.Of(executor.Logits(features), Samples), 1);
            if (said.shape[1] != Samples.Classes)
                throw new MisfitException(
                    $"A model tells {said.shape[1]} classes apart, but the public samples have {Samples.Classes}: all models "
                        + $"must have the same classes.");
            said.contiguous().data<float>().CopyTo(shares[(start * Samples.Classes)..]);
        }
    }
}

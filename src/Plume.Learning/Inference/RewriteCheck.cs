using System.Globalization;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Learning.Inference;

/// <summary>
/// Whether the bytes of a rewritten model compute in ONNX Runtime, with the optimizations that it applies by default, what the
/// model was measured to compute. To be asked before a file gets its name.
/// </summary>
/// <param name="Feeds">What to run on; null for random inputs of the model's shapes and types.</param>
/// <param name="Key">Where random inputs come from.</param>
public sealed record RewriteCheck(ModelFeeds? Feeds, RandomKey Key)
{
    const int MostRuns = 8;
    const int RandomRuns = 4;

    // Kernels add in other orders; half-precision floats keep three digits.
    const double Rounding = 1e-5;

    // Of outputs as large as pictures, few runs tell as much.
    const long MostKept = 64 << 20;

    // A sum that falls between two levels goes to either.
    const double BetweenLevels = 1e-3;

    /// <summary>Checks a model that computes in floats: the same with and without optimizations.</summary>
    /// <param name="name">What messages call the file.</param>
    /// <param name="load">Loads the file to be, with optimizations or without.</param>
    /// <exception cref="RewriteMismatchException">ONNX Runtime refuses the file, or the outputs differ.</exception>
    public RewriteFinding OfFloats(string name, Func<bool, RuntimeModel> load)
    {
        var seen = Observe(() => Load(name, load, optimized: false));
        return Compare(name, seen, () => Load(name, load, optimized: true), null, Rounding);
    }

    /// <summary>The same for bytes.</summary>
    /// <exception cref="RewriteMismatchException">ONNX Runtime refuses the bytes, or the outputs differ.</exception>
    public RewriteFinding OfFloats(string name, byte[] bytes) =>
        OfFloats(name, optimized => new RuntimeModel(name, bytes, optimized: optimized));

    /// <summary>
    /// Checks a quantized model against the same in floats: it may be as far from that as that is from the original.
    /// </summary>
    /// <param name="name">What messages call the file.</param>
    /// <param name="load">Loads the file to be, with optimizations or without.</param>
    /// <param name="simulated">Loads what was measured, as a model in floats, without optimizations.</param>
    /// <param name="original">Loads the model before.</param>
    /// <exception cref="RewriteMismatchException">ONNX Runtime refuses the file, or the outputs differ.</exception>
    public RewriteFinding OfIntegers(string name, Func<bool, RuntimeModel> load, Func<RuntimeModel> simulated,
        Func<RuntimeModel> original)
    {
        // What a program without optimizations refuses is no valid file.
        Load(name, load, optimized: false).Dispose();
        var before = Observe(original);
        var wanted = Observe(simulated, before);
        return Compare(name, wanted, () => Load(name, load, optimized: true), before, BetweenLevels);
    }

    /// <summary>The same for bytes.</summary>
    /// <exception cref="RewriteMismatchException">ONNX Runtime refuses the bytes, or the outputs differ.</exception>
    public RewriteFinding OfIntegers(string name, byte[] bytes, ModelGraph simulated, ModelGraph original) =>
        OfIntegers(name, optimized => new RuntimeModel(name, bytes, optimized: optimized),
            () => new RuntimeModel(simulated, optimized: false), () => new RuntimeModel(original));

    static RuntimeModel Load(string name, Func<bool, RuntimeModel> load, bool optimized)
    {
        try
        {
            return load(optimized);
        }
        catch (InvalidPayloadException refusal)
        {
            throw new RewriteMismatchException(
                $"'{name}' was not written, for {refusal.Message}{(optimized ? "" : " It does so without optimizations.")}",
                refusal);
        }
    }

    // Models are loaded one after another, for each takes as much memory as its file.
    Observation Observe(Func<RuntimeModel> load, Observation? like = null)
    {
        using var model = load();
        var feeds = like is null ? FeedsFor(model) : like.Feeds;
        var runs = new List<RuntimeTensor[]>();
        long kept = 0;
        for (int run = 0; run < (like?.Runs.Count ?? feeds?.Count ?? 0) && kept < MostKept; run++)
        {
            runs.Add(model.Run(feeds![run].Tensors));
            kept += runs[^1].Sum(output => (long)output.Data.Length);
        }

        return new Observation(model.Outputs, feeds, runs);
    }

    static RewriteFinding Compare(string name, Observation expected, Func<RuntimeModel> load, Observation? original,
        double allowance)
    {
        using var actual = load();
        if (expected.Feeds is not { } feeds)
            return new RewriteFinding([], IsRandom: true, Runs: 0);
        var errors = expected.Outputs.Select(output => (Found: Error(output), Allowed: Error(output), Whole: Error(output)))
            .ToArray();
        for (int run = 0; run < expected.Runs.Count; run++)
        {
            var wanted = expected.Runs[run];
            var found = Run(name, actual, feeds[run]);
            for (int i = 0; i < errors.Length; i++)
            {
                errors[i].Found.Add(wanted[i].ToFloats(), found[i].ToFloats());
                if (original is null)
                    continue;
                float[] floats = original.Runs[run][i].ToFloats();
                errors[i].Allowed.Add(floats, wanted[i].ToFloats());
                errors[i].Whole.Add(floats, found[i].ToFloats());
            }
        }

        foreach (var (difference, allowed, _) in errors)
        {
            double bound = allowance + (original is null ? 0 : allowed.Value);
            if (!(difference.Value <= bound))
                throw Mismatch(name, difference, bound, feeds, expected.Runs.Count, original is not null);
        }

        return new RewriteFinding([.. errors.Select(each => original is null ? each.Found : each.Whole)], feeds.IsRandom,
            expected.Runs.Count);
    }

    static RuntimeTensor[] Run(string name, RuntimeModel model, ModelFeed feed)
    {
        try
        {
            return model.Run(feed.Tensors);
        }
        catch (InvalidPayloadException refusal)
        {
            throw new RewriteMismatchException($"'{name}' was not written. {refusal.Message} The model before runs on it.",
                refusal);
        }
    }

    ModelFeeds? FeedsFor(RuntimeModel model)
    {
        if (Feeds is not null)
            return Feeds.Take(MostRuns);
        try
        {
            return RandomFeeds.For(model, Key, RandomRuns);
        }
        catch (ArgumentException)
        {
            // Reported by the finding, which says that there were no runs.
            return null;
        }
    }

    // What a model gave; no feeds where no random input was found that it runs on.
    sealed record Observation(IReadOnlyList<ValueInfo> Outputs, ModelFeeds? Feeds, IReadOnlyList<RuntimeTensor[]> Runs);

    static OutputError Error(ValueInfo output) => new(output.Name, output.ElementType);

    static RewriteMismatchException Mismatch(string name, OutputError difference, double bound, ModelFeeds feeds, int runs,
        bool isQuantized) => new(string.Create(CultureInfo.InvariantCulture,
        $"'{name}' was not written, for ONNX Runtime does not compute with its default optimizations what was measured: output "
            + $"'{difference.Name}' differs by {(difference.IsFloat ? "a mean squared error of" : "a share of")} "
            + $"{difference.Value:0.####} of what it should be, in {runs} runs on {feeds.Name}; at most {bound:0.####} would "
            + $"be rounding. "
            + $"{(isQuantized ? "Leave a layer in floats, or give weights 7 bits where the processor has no 8-bit dot products." : "Report it, with the model's graph.")}"));
}

/// <summary>What a check saw.</summary>
/// <param name="Errors">How far each output is from the original's, or where there is none, from the same without
/// optimizations.</param>
/// <param name="IsRandom">Whether the inputs were chance.</param>
/// <param name="Runs">Runs; none where no random input was found that the model runs on.</param>
public sealed record RewriteFinding(IReadOnlyList<OutputError> Errors, bool IsRandom, int Runs);

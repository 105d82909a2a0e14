using System.Diagnostics;
using System.Numerics.Tensors;
using Plume.Cli.Errors;
using Plume.Cli.Setup;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Cli.Bench;

/// <summary>
/// Measures codecs: bytes and error of a real payload, and the best time of repeated encoding, decoding and decoding into a
/// sum. A codec with feedback starts every repeat from a residual of zeros, one with delta from a reference of zeros.
/// </summary>
/// <param name="key">Where stochastic stages draw from.</param>
/// <param name="threads">Threads that work on one payload.</param>
/// <param name="perFigure">Time for the repeats of each speed, once warm.</param>
sealed class CodecBench(RandomKey key, int threads, TimeSpan perFigure)
{
    const int FewestRepeats = 3;

    // The largest limit at which a sum still has twenty bits after the binary point.
    const double LargestLimit = 1L << 42;

    // What the runtime needs to compile a codec's loops at its best; who asks for less time gets less of this too.
    const double FirstWarmUp = 25;
    static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(0.5);

    readonly HashSet<string> warm = [];

    /// <summary>Measures one codec on one file.</summary>
    /// <exception cref="CliException">The codec does not fit the values.</exception>
    public CodecFigures Measure(BenchInput input, Codec codec)
    {
        try
        {
            return CodecLine.Apply(() => Figures(input, codec));
        }
        catch (InvalidPayloadException refusal)
        {
            throw new CliException(ExitCode.Input, $"'{codec}' cannot carry the values of '{input.Name}'. {refusal.Message}",
                refusal);
        }
    }

    CodecFigures Figures(BenchInput input, Codec codec)
    {
        var (layout, values) = (input.Weights.Layout, input.Weights.Values);
        var encoder = new PayloadEncoder(codec, layout) { Parallelism = threads };
        var decoder = new PayloadDecoder(codec, layout) { Parallelism = threads };
        float[] residual = new float[codec.MemoryLength(layout)], reference = new float[codec.UsesReference ? layout.Length
            : 0], decoded = new float[layout.Length];
        byte[] payload = encoder.Encode(values, key, residual, reference).ToArray();
        decoder.Decode(payload, decoded, key, reference);
        double nmse = Distortion.Nmse(values, decoded);
        var sum = codec.UsesReference ? null : SumFor(decoded);

        var warmUp = WarmUp(codec);
        double encode = BestTime(warmUp, () => Array.Clear(residual), () => encoder.Encode(values, key, residual, reference));
        double decode = BestTime(warmUp, () => { }, () => decoder.Decode(payload, decoded, key, reference));
        double? add = sum is null ? null : BestTime(warmUp, sum.Clear, () => decoder.AddTo(payload, sum, 1, key));
        double gigabytes = sizeof(float) * 1e-9 * layout.Length;
        return new CodecFigures(input.Name, codec.Text, layout.Length, payload.Length, 8.0 * payload.Length / layout.Length, nmse,
            gigabytes / encode, gigabytes / decode, gigabytes / add);
    }

    static ExactSum? SumFor(ReadOnlySpan<float> decoded)
    {
        // A decoder may know no more than a bound of the largest value.
        double limit = Math.Max(ExactSum.DefaultLimit,
            Math.ScaleB(1, Math.ILogB(Math.Abs(TensorPrimitives.MaxMagnitude(decoded))) + 3));
        return limit <= LargestLimit ? new ExactSum(decoded.Length, contributors: 1, limit) : null;
    }

    TimeSpan WarmUp(Codec codec) => warm.Add(codec.Text) && perFigure < 2 * LongestWarmUp
        ? TimeSpan.FromSeconds(Math.Min(LongestWarmUp.TotalSeconds, FirstWarmUp * perFigure.TotalSeconds))
        : perFigure / 2;

    // Others use the machine too, so the best time says more than the mean.
    double BestTime(TimeSpan warmUp, Action prepare, Action run)
    {
        Repeat(warmUp, 1, prepare, run);
        return Repeat(perFigure, FewestRepeats, prepare, run);
    }

    static double Repeat(TimeSpan time, int fewest, Action prepare, Action run)
    {
        double best = double.PositiveInfinity;
        long started = Stopwatch.GetTimestamp();
        for (int repeat = 0; repeat < fewest || Stopwatch.GetElapsedTime(started) < time; repeat++)
        {
            prepare();
            long begin = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, (Stopwatch.GetTimestamp() - begin) / (double)Stopwatch.Frequency);
        }

        return Math.Max(best, 1.0 / Stopwatch.Frequency);
    }
}

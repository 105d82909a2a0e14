using System.Globalization;
using System.Numerics;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Levels as words of a fixed width in which the sum of all clients' fits, so that payloads add up word by word, and masked ones
/// too: a server can have the sum and nothing else (Plume.Federation, SecureSums).
/// </summary>
/// <remarks>
/// All that clients must have alike is the round's: the step (<c>uniform(4, shared)</c>), positions (<c>randk</c>) and rotation,
/// from a key that they share. All values are coded, tensor after tensor in blocks of 64 Ki; none is finer than others. What is
/// beyond the levels counts as the outermost, so a step must be chosen that few are; with <c>feedback</c> what is cut off is sent
/// later. Bytes: ceil(log2(2 n L + 1)) bits a value, n senders with levels -L to L: at 4 bits 8 for 10 and 11 for 100; of
/// uniform(1, shared), whose levels are 0 and 1, ceil(log2(n + 1)): 4 for 10 and 7 for 100.
/// Where senders add noise to their words (Plume.Federation, Privacy), <c>secure(100, norm=900, noise=1000)</c>: a sender's
/// levels have that Euclidean norm at most, as whole numbers, for what is above it is scaled down before it is rounded, and once
/// more where it is above it then; and a word also holds noise of that standard deviation, but for a chance below 2^-45.
/// Source: Bonawitz et al., "Federated Learning with Autotuned Communication-Efficient Secure Aggregation", 2019,
/// arXiv:1912.00131. Differs from it: the ring is as small as no sum can leave, so nothing wraps.
/// </remarks>
public sealed record Secure : CodeStage, INotated<Secure>
{
    /// <summary>Most clients that a sum can have.</summary>
    public const int MostSenders = 1 << 15;

    /// <summary>Largest norm of a sender's levels that can be asked for, and largest deviation of noise.</summary>
    public const int MostNorm = 1 << 28, MostNoise = 1 << 24;

    /// <summary>Words of a sum.</summary>
    /// <param name="senders">Most clients that the sum has; null where a round says it.</param>
    /// <param name="norm">Largest Euclidean norm of a sender's levels; null where they may be all outermost.</param>
    /// <param name="noise">Largest standard deviation of the noise in a sum, in levels; null where there is none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public Secure(int? senders = null, int? norm = null, int? noise = null)
    {
        if (senders is < 1 or > MostSenders)
            throw new ArgumentOutOfRangeException(nameof(senders), senders, $"It must be from 1 to {MostSenders}.");
        if (norm is < 1 or > MostNorm)
            throw new ArgumentOutOfRangeException(nameof(norm), norm, $"It must be from 1 to {MostNorm}.");
        if (noise is < 1 or > MostNoise)
            throw new ArgumentOutOfRangeException(nameof(noise), noise, $"It must be from 1 to {MostNoise}.");
        (Senders, Norm, Noise) = (senders, norm, noise);
    }

    /// <summary>Most clients that the sum has; null where a round says it.</summary>
    public int? Senders { get; }

    /// <summary>Largest Euclidean norm of a sender's levels; null where they may be all outermost.</summary>
    public int? Norm { get; }

    /// <summary>Largest standard deviation of the noise in a sum, in levels; null where there is none.</summary>
    public int? Noise { get; }

    static string INotated<Secure>.Word => "secure";

    /// <inheritdoc/>
    public override string Keyword => "secure";

    private protected override IEnumerable<string> Arguments
    {
        get
        {
            if (Senders is { } senders)
                yield return senders.ToString(CultureInfo.InvariantCulture);
            if (Norm is { } norm)
                yield return $"norm={norm}";
            if (Noise is { } noise)
                yield return $"noise={noise}";
        }
    }

    internal override bool NeedsQuantizer => true;

    static Secure INotated<Secure>.Parse(LineArguments arguments) =>
        new(arguments.Positional("senders") is { } senders ? arguments.Integer(senders, 1, MostSenders) : null,
            arguments.Named("norm") is { } norm ? arguments.Integer(norm, 1, MostNorm) : null,
            arguments.Named("noise") is { } noise ? arguments.Integer(noise, 1, MostNoise) : null);

    /// <summary>The same stage in a round.</summary>
    internal Secure ForRound(int senders, int? norm, int? noise) => new(senders, norm ?? Norm, noise ?? Noise);

    /// <summary>Bits of a word that holds any sum of levels, and its noise.</summary>
    internal int BitsFor(Uniform levels) => levels.Bits == 1 ? BitOperations.Log2((uint)(Senders ?? 1)) + 1
        : BitOperations.Log2((uint)(2 * ((Senders ?? 1) * (long)levels.Last + Tail))) + 1;

    // Eight deviations, and what Skellam noise of few levels has beyond: by Bernstein's inequality, of a variance of 1 or more,
    // it is further out with a chance of 2 e^-32 at most.
    long Tail => Noise is { } noise ? 8L * noise + 22 : 0;

    internal override BlockCoder CreateCoder(CodecPlan plan) => new PackCoder();

    /// <summary>Refuses what cannot be added word by word, and names what can.</summary>
    internal static void Check(IReadOnlyList<Stage> stages, string codec)
    {
        var quantizer = stages.OfType<QuantizeStage>().FirstOrDefault();
        if (stages[^1] is not Secure)
        {
            if (quantizer is Uniform { IsShared: true })
                throw Refusal(codec, quantizer,
                    "a step that clients share is for sums of their levels; put 'secure' at the end, or leave 'shared' out");
            return;
        }

        if (quantizer is null)
            throw Refusal(codec, stages[^1], "'secure' adds levels up; put uniform(4, shared) before it");
        if (quantizer is not Uniform { IsShared: true })
            throw Refusal(codec, quantizer,
                $"under 'secure' all clients need one step, and '{quantizer}' fits one to each client's values; write "
                    + $"uniform(4, shared)");
        if (quantizer is Uniform { Bits: 1 } && stages[^1] is Secure { Norm: not null } or Secure { Noise: not null })
            throw Refusal(codec, quantizer, "levels 0 and 1 have no place for noise; write uniform(8, shared)");
        if (stages.OfType<SelectStage>().FirstOrDefault() is { } select and not (RandomK or Mask))
            throw Refusal(codec, select,
                $"under 'secure' all clients must keep the same positions, and '{select.Keyword}' leaves them to each; write "
                    + $"randk(10%)");
        if (stages.OfType<TransformStage>().FirstOrDefault(stage => stage is not (Clip or Rotate)) is { } transform)
            throw Refusal(codec, transform,
                $"what '{transform.Keyword}' makes of one client's values cannot be added to another's; leave it out and keep "
                    + $"fewer values, such as randk(10%)");
    }

    static FormatException Refusal(string codec, Stage stage, string problem) =>
        Notation.Error(codec, codec.IndexOf(stage.Keyword, StringComparison.Ordinal) + 1, problem);
}

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
/// later. Bytes: ceil(log2(2 n L + 1)) bits a value, n senders with levels -L to L: at 4 bits 8 for 10 and 11 for 100.
/// Source: Bonawitz et al., "Federated Learning with Autotuned Communication-Efficient Secure Aggregation", 2019,
/// arXiv:1912.00131. Differs from it: the ring is as small as no sum can leave, so nothing wraps.
/// </remarks>
public sealed record Secure : CodeStage, INotated<Secure>
{
    /// <summary>Most clients that a sum can have.</summary>
    public const int MostSenders = 1 << 15;

    /// <summary>Words of a sum.</summary>
    /// <param name="senders">Most clients that the sum has; null where a round says it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of its range.</exception>
    public Secure(int? senders = null)
    {
        if (senders is < 1 or > MostSenders)
            throw new ArgumentOutOfRangeException(nameof(senders), senders, $"It must be from 1 to {MostSenders}.");
        Senders = senders;
    }

    /// <summary>Most clients that the sum has; null where a round says it.</summary>
    public int? Senders { get; }

    static string INotated<Secure>.Word => "secure";

    /// <inheritdoc/>
    public override string Keyword => "secure";

    private protected override IEnumerable<string> Arguments => Senders is { } senders
        ? [senders.ToString(CultureInfo.InvariantCulture)] : [];

    internal override bool NeedsQuantizer => true;

    static Secure INotated<Secure>.Parse(LineArguments arguments) =>
        new(arguments.Positional("senders") is { } senders ? arguments.Integer(senders, 1, MostSenders) : null);

    /// <summary>Bits of a word that holds any sum of levels.</summary>
    internal int BitsFor(int last) => BitOperations.Log2((uint)(2 * (Senders ?? 1) * last)) + 1;

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
        if (stages.OfType<SelectStage>().FirstOrDefault() is { } select and not RandomK)
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

using Plume.Compression.Lines;

namespace Plume.Compression.Codecs;

/// <summary>
/// Error feedback: what the stages to the right drop is kept as a residual and added to the next update, so that it is
/// sent later rather than lost.
/// </summary>
/// <remarks>
/// Law: update + Keep * residual before = decoded + residual after, to two roundings a value. Keep below 1 lets a
/// residual fade that a client seldom in a round has held for long: it belongs to a model that has moved on.
/// <para>Of running statistics that <c>auto</c> sends in few bits nothing is kept: the next update is taken from what they are
/// by then, and one that made up for more could lead a variance below zero.</para>
/// Bytes: none. Remembers: one float a parameter, which the caller owns and commits only when the update was accepted.
/// Source: Seide et al., "1-Bit Stochastic Gradient Descent", Interspeech 2014; Karimireddy et al., "Error Feedback
/// Fixes SignSGD and other Gradient Compression Schemes", ICML 2019, arXiv:1901.09847.
/// </remarks>
public sealed record Feedback : Stage, INotated<Feedback>
{
    /// <summary>Error feedback.</summary>
    /// <param name="keep">Share of the residual that is added to the next update, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public Feedback(double keep = 1)
    {
        if (!(keep > 0 && keep <= 1))
            throw new ArgumentOutOfRangeException(nameof(keep), keep, "It must be above 0 and at most 1.");
        Keep = keep;
    }

    /// <summary>Share of the residual that is added to the next update.</summary>
    public double Keep { get; }

    static string INotated<Feedback>.Word => "feedback";

    /// <inheritdoc/>
    public override StageKind Kind => StageKind.Remember;

    /// <inheritdoc/>
    public override string Keyword => "feedback";

    private protected override IEnumerable<string> Arguments => Keep < 1 ? [Percentage.Print(Keep)] : [];

    static Feedback INotated<Feedback>.Parse(LineArguments arguments) =>
        new(arguments.Positional("share") is { } share ? Percentage.Parse(arguments, share) : 1);
}

namespace Plume.Compression.Codecs;

/// <summary>
/// Error feedback: what the stages to the right drop is kept as a residual and added to the next update, so that it is
/// sent later rather than lost.
/// </summary>
/// <remarks>
/// Law: update + residual before = decoded + residual after, to one rounding a value.
/// Bytes: none. Remembers: one float a parameter, which the caller owns and commits only when the update was accepted.
/// Source: Seide et al., "1-Bit Stochastic Gradient Descent", Interspeech 2014; Karimireddy et al., "Error Feedback
/// Fixes SignSGD and other Gradient Compression Schemes", ICML 2019, arXiv:1901.09847.
/// </remarks>
public sealed record Feedback : Stage, INotated<Feedback>
{
    static string INotated<Feedback>.Word => "feedback";

    /// <inheritdoc/>
    public override StageKind Kind => StageKind.Remember;

    /// <inheritdoc/>
    public override string Keyword => "feedback";

    static Feedback INotated<Feedback>.Parse(StageArguments arguments) => new();
}

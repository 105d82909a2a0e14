using Plume.Compression.Lines;

namespace Plume.Federation.Methods;

/// <summary>
/// Weights go out, updates come back, and the server's optimizer takes a step of their mean. Nobody remembers anything.
/// </summary>
/// <remarks>
/// Source: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017,
/// arXiv:1602.05629.
/// </remarks>
public sealed record Averaging : Method, INotatedMethod<Averaging>
{
    static string INotatedMethod<Averaging>.Keyword => "averaging";

    private protected override string Word => "averaging";

    /// <inheritdoc/>
    public override bool TakesRules => true;

    /// <inheritdoc/>
    public override bool TakesNoise => true;

    /// <inheritdoc/>
    public override bool TakesStale => true;

    static Averaging INotatedMethod<Averaging>.Parse(LineArguments arguments) => new();
}

using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;

namespace Plume.Compression.Codecs.Transform;

/// <summary>Scales an update down to a Euclidean norm where it is above it, so that no client outweighs the others.</summary>
/// <remarks>
/// All values of the model count, biases and statistics too. Error: none up to the norm; above it the update shrinks by
/// norm / ||update||, which is not undone. Bytes: none.
/// Source: Sun et al., "Can You Really Backdoor Federated Learning?", 2019, arXiv:1911.07963 (norm bounding).
/// </remarks>
public sealed record Clip : TransformStage, INotated<Clip>
{
    /// <summary>Clips to a norm.</summary>
    /// <param name="norm">Above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The norm is not above 0, or not finite.</exception>
    public Clip(double norm)
    {
        if (!(norm > 0 && double.IsFinite(norm)))
            throw new ArgumentOutOfRangeException(nameof(norm), norm, "The norm must be finite and above 0.");
        Norm = norm;
    }

    /// <summary>The largest norm that passes unchanged.</summary>
    public double Norm { get; }

    static string INotated<Clip>.Word => "clip";

    /// <inheritdoc/>
    public override string Keyword => "clip";

    private protected override IEnumerable<string> Arguments => [Norm.ToString(CultureInfo.InvariantCulture)];

    static Clip INotated<Clip>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("norm") is not { } argument)
            throw arguments.Error("clip needs a norm, such as clip(5)");
        double norm = arguments.Number(argument, argument.Text);
        return norm > 0 ? new Clip(norm) : throw arguments.Error(argument.Column, $"'{argument.Text}' must be above 0");
    }

    internal override Transformer CreateTransformer(CodecPlan plan) => new ClipTransformer(Norm);
}

sealed class ClipTransformer(double largest) : Transformer
{
    const float SmallestNormal = 1.17549435e-38f;

    /// <summary>Whether the last values had a larger norm.</summary>
    public bool HasClipped { get; private set; }

    public override void Forward(Memory<float> values, TransformContext context)
    {
        double norm = Math.Sqrt(LaneSums.OfSquares(values.Span));
        // A norm that is not finite is left to the check for finite values, which names the place.
        HasClipped = norm > largest;
        if (!(HasClipped && double.IsFinite(norm)))
            return;
        double factor = largest / norm;
        if (factor >= SmallestNormal)
        {
            TensorPrimitives.Multiply(values.Span, (float)factor, values.Span);
            return;
        }

        // A float has few digits for it, or none.
        foreach (ref float value in values.Span)
            value = (float)(value * factor);
    }

    public override void Inverse(Span<float> values, BlockPlan block, ReadOnlySpan<float> reference, RandomKey key)
    {
    }
}

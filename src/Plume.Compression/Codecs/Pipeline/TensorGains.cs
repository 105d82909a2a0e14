using System.Numerics.Tensors;
using Plume.Compression.Kernels;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>
/// A factor for each matrix of an update, so that as much arrives along the update as was sent. A dead zone takes most of
/// what is below it: one step for all tensors leaves large tensors of small values less than half of their energy, and they
/// would learn that much slower than the others.
/// </summary>
/// <remarks>
/// With u what is to be sent of a tensor and q what its levels stand for, the factor is u.u / u.q, from 1 to less than 2 in
/// 256ths, so that what feedback keeps is across u: no part of it is owed. Of normal values the same factor undoes what the dead
/// zone takes of anything small that all clients have in common: by Stein's lemma u.q / u.u is the mean slope of the quantizer.
/// It is smaller where what feedback keeps would have more energy than what was trained: otherwise that would grow from round to
/// round, and with it the energy of updates, the steps that follow that, and what the next factor adds. Vectors, whose values are
/// large, have none. Bytes: 1 a matrix.
/// Source: Karimireddy et al., "Error Feedback Fixes SignSGD and other Gradient Compression Schemes", ICML 2019, arXiv:1901.09847,
/// for what feedback needs (a compressor whose error is below the energy of its input); the scale of sign codes there is the same
/// for them.
/// </remarks>
sealed class TensorGains(CodecPlan plan)
{
    const int Parts = 256;

    // Values whose squares add up to more are near what a float can hold.
    const double MostEnergy = 1e60;

    readonly (TensorSpec Tensor, int Index)[] matrices = [.. plan.Tensors(TensorTreatment.Coded)
        .Select((tensor, index) => (tensor, index)).Where(entry => entry.tensor.Shape.Count > 1)];
    readonly bool remembers = plan.Codec.Remembers;
    readonly float[] gains = [.. plan.Tensors(TensorTreatment.Coded).Select(_ => 1f)];

    /// <summary>Whether payloads of the codec may have them: those of updates by a step that a federation says.</summary>
    public static bool AreFor(Codec codec) => codec is { IsAuto: true, SubtractsReference: false };

    /// <summary>Whether the payload at hand has them.</summary>
    public bool AreThere { get; private set; }

    /// <summary>The largest that there can be.</summary>
    public double Largest => AreThere ? 2 : 1;

    /// <summary>A payload begins.</summary>
    /// <param name="areThere">Whether it has gains.</param>
    public void Begin(bool areThere)
    {
        AreThere = areThere;
        gains.AsSpan().Fill(1);
    }

    /// <summary>Leaves room for them, where they are there; until they are fitted, they are 1.</summary>
    public void Reserve(PayloadWriter output)
    {
        if (AreThere)
            output.Append(matrices.Length).Clear();
    }

    /// <summary>Fits them to what is to be sent.</summary>
    /// <param name="trained">The update.</param>
    /// <param name="wanted">What is to be sent: with what feedback adds to it.</param>
    /// <param name="decoded">What arrives without gains.</param>
    /// <param name="room">Where they stand in the payload.</param>
    public void Fit(ReadOnlySpan<float> trained, ReadOnlySpan<float> wanted, ReadOnlySpan<float> decoded, Span<byte> room)
    {
        for (int i = 0; i < matrices.Length; i++)
        {
            var tensor = matrices[i].Tensor;
            var own = wanted.Slice(tensor.Offset, tensor.Length);
            var sent = decoded.Slice(tensor.Offset, tensor.Length);
            double energy = LaneSums.OfSquares(own), arrives = LaneSums.OfProducts(own, sent);
            double gain = arrives > 0 && energy < MostEnergy ? energy / arrives : 1;
            if (remembers && gain > 1)
                gain = Math.Min(gain, MostGain(energy, arrives, LaneSums.OfSquares(sent),
                    LaneSums.OfSquares(trained.Slice(tensor.Offset, tensor.Length))));
            Take(i, room[i] = (byte)Math.Clamp((gain - 1) * Parts, 0, Parts - 1));
        }
    }

    /// <summary>Reads them.</summary>
    public void Read(ref PayloadReader input)
    {
        if (!AreThere)
            return;
        var codes = input.Bytes(matrices.Length, "gains");
        for (int i = 0; i < matrices.Length; i++)
            Take(i, codes[i]);
    }

    /// <summary>Multiplies a block's values by the gain of its tensor; a float's largest is as far as it goes.</summary>
    public void Apply(Span<float> values, BlockPlan block)
    {
        float gain = gains[block.TensorIndex];
        if (gain == 1)
            return;
        TensorPrimitives.Multiply(values, gain, values);
        TensorPrimitives.Clamp(values, -float.MaxValue, float.MaxValue, values);
    }

    // The largest g of which |u - g q|^2 is no more than the energy of what was trained; the one of least error where none is.
    static double MostGain(double energy, double arrives, double sent, double trained) =>
        (arrives + Math.Sqrt(Math.Max(0, arrives * arrives - sent * (energy - trained)))) / sent;

    void Take(int matrix, byte code) => gains[matrices[matrix].Index] = 1 + code / (float)Parts;
}

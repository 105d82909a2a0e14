using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests.Codecs;

/// <summary>Figures computed independently of this code: closed forms, or a plain program of another hand.</summary>
public class Oracles
{
    const int Length = 1 << 20;

    static readonly float[] Normal = Some.Normal(Length, 41);
    static readonly float[] Laplace = Some.Laplace(Length, 42);

    [Fact]
    public void One_bit_by_sign_and_mean_magnitude_has_the_distortion_of_the_best_one_bit_quantizer()
    {
        Assert.Equal(0.363380, Decoded("uniform(1) | pack", Normal).Nmse, 0.363380 * 2e-3);
        Assert.Equal(0.5, Decoded("uniform(1) | pack", Laplace).Nmse, 0.5 * 4e-3);
    }

    [Theory]
    [InlineData("10%", 0.5756, 0.5607, 0.4046, 0.5745, 0.4546)]
    [InlineData("5%", 0.3393, 0.7209, 0.5759, 0.7267, 0.6009)]
    [InlineData("2%", 0.1620, 0.8560, 0.7487, 0.8579, 0.7587)]
    [InlineData("1%", 0.0911, 0.9155, 0.8379, 0.9164, 0.8429)]
    [InlineData("0.5%", 0.0506, 0.9514, 0.8983, 0.9518, 0.9008)]
    [InlineData("0.25%", 0.0278, 0.9725, 0.9376, 0.9727, 0.9389)]
    [InlineData("0.1%", 0.0125, 0.9873, 0.9682, 0.9874, 0.9687)]
    public void Sparse_ternary_costs_the_bits_and_makes_the_error_of_the_paper(
        string share, double bits, double keptNormal, double keptLaplace, double ternaryNormal, double ternaryLaplace)
    {
        Assert.Equal(keptNormal, Decoded($"topk({share}) | pack", Normal).Nmse, 2e-3);
        Assert.Equal(keptLaplace, Decoded($"topk({share}) | pack", Laplace).Nmse, 3e-3);
        var (nmse, bitsPerParameter) = Decoded($"topk({share}) | uniform(1) | pack", Normal);
        Assert.Equal(ternaryNormal, nmse, 2e-3);
        // Each of the 16 blocks has a count, a width, a length and up to 7 bits of padding; nothing else is above the paper's
        // figure.
        Assert.InRange(bitsPerParameter, bits * 0.99, bits * 1.01 + 16 * 8 * 8.0 / Length);
        Assert.Equal(ternaryLaplace, Decoded($"topk({share}) | uniform(1) | pack", Laplace).Nmse, 3e-3);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(8)]
    public void Rans_comes_close_to_the_empirical_entropy(int bits)
    {
        double entropy = Entropy(Normal, bits);
        double coded = Decoded($"uniform({bits}) | rans", Normal).BitsPerParameter;
        // At 2 bits 99 % are zeros: what is left to code is so little that states and tables show.
        Assert.InRange(coded, entropy * 0.999, entropy * (bits == 2 ? 1.025 : 1.01));
    }

    [Theory]
    [InlineData("uniform(2, stochastic)")]
    [InlineData("uniform(4, stochastic, block=512)")]
    [InlineData("uniform(1, stochastic)")]
    [InlineData("uniform(3, stochastic, channel)")]
    public void Stochastic_rounding_is_exact_in_the_mean(string quantizer)
    {
        const int repeats = 400;
        float[] values = Some.Laplace(1000, 8);
        var layout = ModelLayout.Of([("w", [10, 100], TensorRole.Weight)]);
        var codec = Codec.Parse($"{quantizer} | pack");
        var encoder = new PayloadEncoder(codec, layout);
        var decoder = new PayloadDecoder(codec, layout);
        double[] sum = new double[values.Length], squares = new double[values.Length];
        var decoded = new float[values.Length];
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            decoder.Decode(encoder.Encode(values, RandomKey.FromSeed((ulong)repeat)), decoded, default);
            for (int i = 0; i < values.Length; i++)
            {
                sum[i] += decoded[i];
                squares[i] += decoded[i] * decoded[i];
            }
        }

        // Without bias the squared errors of the means add up to the variances of the means.
        double error = 0, variance = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double mean = sum[i] / repeats;
            error += Math.Pow(mean - values[i], 2);
            variance += (squares[i] / repeats - mean * mean) / repeats;
        }

        Assert.InRange(error / variance, 0.7, 1.3);
    }

    [Fact]
    public void Stochastic_levels_by_block_have_the_variance_of_qsgd()
    {
        Assert.Equal(1.59, Decoded("uniform(2, stochastic, block=512) | pack", Normal).Nmse, 0.03);
        Assert.Equal(0.0363, Decoded("uniform(4, stochastic, block=512) | pack", Normal).Nmse, 0.0006);
        Assert.Equal(0.0806, Decoded("uniform(4, stochastic, block=512) | pack", Laplace).Nmse, 0.002);
    }

    static (double Nmse, double BitsPerParameter) Decoded(string line, float[] values)
    {
        var codec = Codec.Parse(line);
        var layout = Some.Vector(values.Length);
        var payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key());
        var decoded = new float[values.Length];
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key());
        return (Some.Nmse(values, decoded), payload.Length * 8.0 / values.Length);
    }

    static double Entropy(float[] values, int bits)
    {
        int last = (1 << (bits - 1)) - 1;
        float step = values.Max(Math.Abs) / last;
        var shares = values.CountBy(value => (int)Math.Round(value / step)).Select(level => (double)level.Value / values.Length);
        return -shares.Sum(share => share * Math.Log2(share));
    }
}

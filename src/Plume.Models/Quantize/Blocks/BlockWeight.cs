using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize.Blocks;

/// <summary>A matrix in blocks of 4-bit levels, and what they stand for.</summary>
/// <param name="Levels">[outputs, blocks, bytes of a block]: 8 stands for 0, the first of two in the low half.</param>
/// <param name="Scales">[outputs * blocks].</param>
/// <param name="Floats">The weight with every value on its level, in its own shape.</param>
/// <param name="Inputs">Weights of one output.</param>
/// <param name="Outputs">Outputs.</param>
sealed record BlockWeight(Initializer Levels, Initializer Scales, Initializer Floats, int Inputs, int Outputs)
{
    const int Zero = 8;

    public static BlockWeight Of(Initializer weight, bool isTransposed, int block, FreeNames names)
    {
        int wrong = weight.Floats.ToArray().AsSpan().IndexOfAnyExceptInRange(-float.MaxValue, float.MaxValue);
        if (wrong >= 0)
            throw new InvalidPayloadException(
                $"Weight '{weight.Name}' cannot be quantized: value {wrong} is {weight.Floats[wrong]}.");
        int inputs = weight.Shape[isTransposed ? 1 : 0], outputs = weight.Shape[isTransposed ? 0 : 1],
            blocks = (inputs + block - 1) / block;
        byte[] packed = new byte[outputs * blocks * (block / 2)];
        packed.AsSpan().Fill(Zero | Zero << 4);
        float[] scales = new float[outputs * blocks], floats = new float[weight.Length];
        var quantizer = new FakeQuantizer(BlockProducts.Bits);
        Parallel.For(0, outputs, output =>
        {
            Span<float> run = stackalloc float[block];
            var values = weight.Floats;
            for (int each = 0; each < blocks; each++)
            {
                int start = each * block, count = Math.Min(block, inputs - start);
                for (int i = 0; i < count; i++)
                    run[i] = values[PlaceOf(output, start + i)];
                float scale = WeightScales.Of(run[..count], quantizer, WeightFit.LeastSquares);
                scales[output * blocks + each] = scale > 0 ? scale : 1;
                for (int i = 0; i < count && scale > 0; i++)
                {
                    int level = quantizer.LevelOf(run[i], scale), at = (output * blocks + each) * (block / 2) + i / 2;
                    packed[at] = (byte)(i % 2 == 0 ? (packed[at] & 0xF0) | (level + Zero)
                        : (packed[at] & 0xF) | (level + Zero) << 4);
                    floats[PlaceOf(output, start + i)] = quantizer.ValueOf(level, scale);
                }
            }
        });
        return new(
            new Initializer(names.Take($"{weight.Name}_blocks"), ElementType.UInt8, [outputs, blocks, block / 2], packed),
            Initializer.Of(names.Take($"{weight.Name}_scales"), [outputs * blocks], scales),
            Initializer.Of(names.Take($"{weight.Name}_levels"), weight.Shape, floats), inputs, outputs);

        int PlaceOf(int output, int input) => isTransposed ? output * inputs + input : input * outputs + output;
    }
}

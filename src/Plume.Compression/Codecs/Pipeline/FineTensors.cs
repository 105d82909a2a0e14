using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>
/// The tensors that no stage may harm: exact ones as 32-bit floats, fine ones in 8 bits or more on a grid each. They
/// stand at the start of a payload, in the order of the layout.
/// </summary>
sealed class FineTensors(CodecPlan plan)
{
    readonly TensorSpec[] exact = [.. plan.Tensors(TensorTreatment.Exact)];
    readonly Uniform quantizer = plan.Quantizer.ForFineTensors();
    readonly (TensorSpec Tensor, Block[] Blocks, Grid[] Grid)[] fine =
        [.. plan.Tensors(TensorTreatment.Fine)
            .Select(tensor => (tensor, BlockPlan.Cut(tensor, 0).Select(cut => new Block(cut)).ToArray(), new Grid[1]))];

    /// <returns>Whether all of them are finite; what was written is worthless where not.</returns>
    public bool Write(ReadOnlySpan<float> values, PayloadWriter output)
    {
        bool finite = true;
        foreach (var tensor in exact)
        {
            var slice = values.Slice(tensor.Offset, tensor.Length);
            finite &= Finite.All(slice);
            output.Bytes(MemoryMarshal.AsBytes(slice));
        }

        foreach (var (tensor, blocks, _) in fine)
        {
            var statistics = new GridStatistics();
            quantizer.Gather(ref statistics, values.Slice(tensor.Offset, tensor.Length), default);
            if (!statistics.IsFinite)
                return false;
            var grid = quantizer.Fit(statistics, sparse: false, default);
            quantizer.Write(grid, sparse: false, output);
            foreach (var block in blocks)
            {
                block.MakeDense();
                block.MakeSymbols(quantizer.SymbolBits);
                quantizer.Quantize(block.Coded(values), grid, sparse: false, default, 0, block.Symbols);
                BitFields.Pack(block.Symbols, quantizer.SymbolBits,
                    output.Append(BitFields.LengthOf(block.Count, quantizer.SymbolBits)));
            }
        }

        return finite;
    }

    /// <summary>
    /// Reads all of them into memory of their own, so that a payload is known to be whole before any of it counts.
    /// </summary>
    public void Read(ref PayloadReader input, Span<float> values)
    {
        foreach (var tensor in exact)
        {
            int offset = input.Offset;
            var target = values.Slice(tensor.Offset, tensor.Length);
            input.Bytes(4L * tensor.Length, tensor.Name).CopyTo(MemoryMarshal.AsBytes(target));
            Finite.Check(target, tensor.Name, offset);
        }

        foreach (var (_, blocks, grid) in fine)
        {
            grid[0] = quantizer.Read(ref input, sparse: false);
            foreach (var block in blocks)
            {
                block.MakeDense();
                block.MakeSymbols(quantizer.SymbolBits);
                var fields = input.Bytes(BitFields.LengthOf(block.Count, quantizer.SymbolBits), block.Plan.Tensor.Name);
                if (!BitFields.IsPadded(fields, block.Count, quantizer.SymbolBits))
                    throw InvalidPayloadException.Field(block.Plan.Tensor.Name, input.Offset - 1, "padded with ones",
                        "must be padded with zeros");
                BitFields.Unpack(fields, quantizer.SymbolBits, block.Symbols);
                quantizer.Dequantize(block.Symbols, grid[0], sparse: false, values.Slice(block.Plan.Start, block.Plan.Length));
            }
        }
    }

    /// <summary>The fine tensors read here, then the exact ones.</summary>
    public IEnumerable<(TensorSpec Tensor, bool IsExact)> Tensors =>
        fine.Select(entry => (entry.Tensor, false)).Concat(exact.Select(tensor => (tensor, true)));
}

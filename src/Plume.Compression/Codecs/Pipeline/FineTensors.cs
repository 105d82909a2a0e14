using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>
/// The tensors that no stage may harm: exact ones as 32-bit floats or, of running statistics, as many bits of them as matter,
/// fine ones in 8 bits or more on a grid each. They stand at the start of a payload, in the order of the layout.
/// </summary>
sealed class FineTensors(CodecPlan plan)
{
    // Of statistics in an update, whose step is a few standard deviations of a value, and elsewhere: 2^-5 of a value at most.
    const int BitsOfUpdates = 2;
    const int BitsOfOthers = 5;

    readonly TensorSpec[] exact = [.. plan.Tensors(TensorTreatment.Exact)];
    readonly TensorSpec[] floats = [.. plan.Tensors(TensorTreatment.Exact).Except(plan.ShortStatistics)];
    readonly ShortFloats? statistics = plan.ShortStatistics.Length > 0 ? new ShortFloats(plan.ShortStatistics) : null;
    readonly Uniform quantizer = plan.Quantizer.ForFineTensors();
    readonly (TensorSpec Tensor, Block[] Blocks, Grid[] Grid)[] fine =
        [.. plan.Tensors(TensorTreatment.Fine)
            .Select(tensor => (tensor, BlockPlan.Cut(tensor, 0).Select(cut => new Block(cut)).ToArray(), new Grid[1]))];

    /// <param name="values">Of the whole layout.</param>
    /// <param name="isUpdate">Whether they are an update's whose step a federation says.</param>
    /// <param name="output">Where they go.</param>
    /// <returns>Whether all of them are finite; what was written is worthless where not.</returns>
    public bool Write(ReadOnlySpan<float> values, bool isUpdate, PayloadWriter output)
    {
        foreach (var tensor in exact)
        {
            if (!Finite.All(values.Slice(tensor.Offset, tensor.Length)))
                return false;
        }

        foreach (var tensor in floats)
            output.Bytes(MemoryMarshal.AsBytes(values.Slice(tensor.Offset, tensor.Length)));
        if (statistics is not null)
        {
            int bits = plan.Quantizer is not Auto ? statistics.LeastBits(values) : isUpdate ? BitsOfUpdates : BitsOfOthers;
            statistics.Write(values, bits, isNearest: plan.Codec.SubtractsReference, output);
        }

        foreach (var (tensor, blocks, _) in fine)
        {
            var extremes = new GridStatistics();
            quantizer.Gather(ref extremes, values.Slice(tensor.Offset, tensor.Length), default);
            if (!extremes.IsFinite)
                return false;
            var grid = quantizer.Fit(extremes, sparse: false, default);
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

        return true;
    }

    /// <summary>
    /// Reads all of them into memory of their own, so that a payload is known to be whole before any of it counts.
    /// </summary>
    public void Read(ref PayloadReader input, PayloadForm form, Span<float> values)
    {
        bool areShort = form.HasFlag(PayloadForm.Statistics);
        foreach (var tensor in areShort ? floats : exact)
        {
            int offset = input.Offset;
            var target = values.Slice(tensor.Offset, tensor.Length);
            input.Bytes(4L * tensor.Length, tensor.Name).CopyTo(MemoryMarshal.AsBytes(target));
            Finite.Check(target, tensor.Name, offset);
        }

        if (areShort)
            statistics!.Read(ref input, values);
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

    /// <summary>Bits that an exact tensor took in the payload read last.</summary>
    public long BitsOf(TensorSpec tensor, PayloadForm form) =>
        form.HasFlag(PayloadForm.Statistics) && tensor.Role == TensorRole.Statistic
            ? 8L * statistics!.Length * tensor.Length / statistics.Count : 32L * tensor.Length;

    /// <summary>The fine tensors read here, then the exact ones.</summary>
    public IEnumerable<(TensorSpec Tensor, bool IsExact)> Tensors =>
        fine.Select(entry => (entry.Tensor, false)).Concat(exact.Select(tensor => (tensor, true)));
}

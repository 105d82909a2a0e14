using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Transform;

/// <summary>Finds, codes and undoes the products of <see cref="LowRank"/>, all in one range coded section.</summary>
sealed class LowRankTransformer : Transformer
{
    /// <summary>
    /// Energy that a direction must have for each value it sends, in squared steps: below, the rest codes it for less.
    /// </summary>
    const double EnergyForAValue = 0.1;

    /// <summary>Products stay far below what a float can hold; tensors with greater values are left alone.</summary>
    const double LargestSum = 1e30;

    const int RankBits = 7;
    const int ScaleBits = 8;
    const int StepBits = 32;

    static readonly uint LargestValue = Magnitudes.BitsOf(1e20f);

    readonly MatrixFactors?[] ofTensor;
    readonly MatrixFactors[] matrices;
    readonly List<Subspace> subspaces = [];
    readonly LevelModel model = new();
    readonly PayloadWriter section = new();
    readonly LowRank stage;
    readonly CodecPlan plan;
    int[] levels = [];

    public LowRankTransformer(LowRank stage, CodecPlan plan)
    {
        (this.stage, this.plan) = (stage, plan);
        ofTensor = [.. plan.Tensors(TensorTreatment.Coded)
            .Select(static tensor => tensor.Shape.Count >= 2 ? new MatrixFactors(tensor) : null)];
        matrices = [.. ofTensor.OfType<MatrixFactors>()];
    }

    public override double LargestAdded => matrices.Length == 0 ? 0 : matrices.Max(static matrix => matrix.LargestProduct());

    public override void Forward(Memory<float> values, TransformContext context)
    {
        section.Clear();
        var coder = new RangeEncoder(section);
        model.Clear();
        for (int i = 0; i < matrices.Length; i++)
        {
            var matrix = matrices[i];
            var subspace = SubspaceOf(i);
            if (!context.IsRepeated)
                subspace.Forget();
            var slice = values.Span.Slice(matrix.Tensor.Offset, matrix.Tensor.Length);
            int rank = Find(matrix, subspace, slice);
            ILevelCoder.CodeNumber(ref coder, (uint)rank, RankBits);
            if (rank > 0)
                Send(ref coder, matrix, subspace, slice);
        }

        coder.Finish();
    }

    public override void Write(PayloadWriter output)
    {
        output.Varint(section.Length);
        output.Bytes(section.Written.Span);
    }

    public override void Read(ref PayloadReader input)
    {
        var coder = new RangeDecoder(input.Bytes(input.Varint("length of factors", 0, input.Left), "factors"));
        model.Clear();
        foreach (var matrix in matrices)
        {
            int rank = (int)ILevelCoder.CodeNumber(ref coder, 0, RankBits);
            if (rank > Math.Min(stage.Rank, Math.Min(matrix.Rows, matrix.Columns)))
                throw InvalidPayloadException.Field("rank", input.Offset, rank,
                    $"must be at most {stage.Rank}, and at most either side of '{matrix.Tensor.Name}'");
            matrix.Begin(rank);
            int before = coder.Position;
            if (rank > 0)
                Receive(ref coder, matrix, input.Offset);
            matrix.Bytes = coder.Position - before;
        }

        coder.Finish();
    }

    public override int BytesOf(int tensorIndex) => ofTensor[tensorIndex]?.Bytes ?? 0;

    public override void Inverse(Span<float> values, BlockPlan block, ReadOnlySpan<float> reference, RandomKey key) =>
        ofTensor[block.TensorIndex]?.Add(values, block.Start - block.Tensor.Offset);

    // A search for the step asks for the same directions again and again, so then each matrix keeps its own.
    Subspace SubspaceOf(int matrix)
    {
        int index = plan.Codec.Target is null ? 0 : matrix;
        while (subspaces.Count <= index)
            subspaces.Add(new Subspace());
        return subspaces[index];
    }

    int Find(MatrixFactors matrix, Subspace subspace, ReadOnlySpan<float> values)
    {
        matrix.Begin(0);
        matrix.Step = plan.Quantizer.StepFor(plan);
        if (!(matrix.Step > 0) || Magnitudes.Largest(values) > LargestValue)
            return 0;
        if (!subspace.IsFound)
            subspace.Find(values, matrix.Rows, stage.Rank);
        double energy = EnergyForAValue * (matrix.Rows + matrix.Columns) * matrix.Step * matrix.Step;
        int rank = 0;
        while (rank < subspace.Count && subspace.Value(rank) * subspace.Value(rank) > energy)
            rank++;
        matrix.Begin(rank);
        return rank;
    }

    // Columns first; rows are fitted to what the receiver makes of them; what is left of the values stays in them.
    void Send(ref RangeEncoder coder, MatrixFactors matrix, Subspace subspace, Span<float> values)
    {
        int rank = matrix.Rank;
        if (plan.Quantizer.SumStep == 0)
            ILevelCoder.CodeNumber(ref coder, BitConverter.SingleToUInt32Bits(matrix.Step), StepBits);
        var columns = Levels(rank * matrix.Rows);
        for (int direction = 0; direction < rank; direction++)
        {
            int scale = FactorScale.NearestTo(subspace.Value(direction) / matrix.Step);
            ILevelCoder.CodeNumber(ref coder, (uint)scale, ScaleBits);
            matrix.Scales[direction] = FactorScale.Of(scale);
            Fixed(subspace.Left(direction), matrix.Scales[direction], columns.Slice(direction * matrix.Rows, matrix.Rows));
        }

        CodeColumns(ref coder, matrix, columns, chooses: true);
        var rows = Levels(rank * matrix.Columns);
        Fixed(matrix.FitRows(values), 1 / (double)matrix.Step, rows);
        CodeRows(ref coder, matrix, rows, chooses: true);
        matrix.Subtract(values);
    }

    void Receive(ref RangeDecoder coder, MatrixFactors matrix, int offset)
    {
        matrix.Step = plan.Quantizer.SumStep == 0
            ? BitConverter.UInt32BitsToSingle(ILevelCoder.CodeNumber(ref coder, 0, StepBits)) : plan.Quantizer.SumStep;
        if (!(matrix.Step > 0 && float.IsFinite(matrix.Step)))
            throw InvalidPayloadException.Field("step of factors", offset, matrix.Step, "must be finite and above 0");
        for (int direction = 0; direction < matrix.Rank; direction++)
            matrix.Scales[direction] = FactorScale.Of((int)ILevelCoder.CodeNumber(ref coder, 0, ScaleBits));
        CodeColumns(ref coder, matrix, Levels(matrix.Rank * matrix.Rows), chooses: false);
        CodeRows(ref coder, matrix, Levels(matrix.Rank * matrix.Columns), chooses: false);
        if (!(matrix.LargestProduct() <= LargestSum))
            throw InvalidPayloadException.Field("factors", offset, matrix.LargestProduct(),
                $"must have products of at most {LargestSum}");
    }

    void CodeColumns<TCoder>(ref TCoder coder, MatrixFactors matrix, Span<int> columns, bool chooses)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        model.Begin(matrix.Rows, 0, Lags.Shortest, 0);
        model.Code(ref coder, columns, chooses);
        matrix.TakeColumns(columns);
    }

    void CodeRows<TCoder>(ref TCoder coder, MatrixFactors matrix, Span<int> rows, bool chooses)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        int lag = Lags.Code(ref coder, matrix.Tensor, matrix.Columns, rows, 1 << (LevelModel.FractionBits - 1));
        model.Begin(matrix.Columns, 0, lag, 1);
        model.Code(ref coder, rows, chooses);
        matrix.TakeRows(rows);
    }

    // Values in steps, as the model chooses levels for.
    static void Fixed(ReadOnlySpan<double> values, double factor, Span<int> levels)
    {
        const double most = (double)LevelModel.Largest * (1 << LevelModel.FractionBits) / 2;
        for (int i = 0; i < values.Length; i++)
            levels[i] = (int)Math.Clamp(Math.Round(values[i] * factor * (1 << LevelModel.FractionBits)), -most, most);
    }

    Span<int> Levels(int length)
    {
        if (levels.Length < length)
            levels = new int[length];
        return levels.AsSpan(0, length);
    }
}

using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Federation.Methods.Exchanges;

/// <summary>
/// Orthonormal bases of a model's matrices, all over rows or all over columns, and what the matrices are in them. All sums are of
/// doubles in one order, so that every machine comes to the same.
/// </summary>
/// <remarks>
/// A weight of shape [rows, ...] is a matrix, row after row, where rank * (rows + columns) is less than it has values. A basis
/// is published as whole numbers, <see cref="Fineness"/> steps to the size that a value has in the mean, and made orthonormal by
/// whoever reads it; after all of them stands the turn. What is sent has for each matrix rank runs of the longer side, of which a
/// turn may use the begin alone, and all other tensors as they are.
/// </remarks>
sealed class SharedBases
{
    /// <summary>Steps of a published basis to the root mean square of its values.</summary>
    const double Fineness = 8;

    // The vectors of a basis are over rows, or over columns.
    const float OverRows = 0, OverColumns = 1;

    // A vector with less of its square left beside those before it is rounding alone.
    const double Vanished = 1e-12;

    static readonly RandomKey Drawn = RandomKey.FromSeed(0).Fold("basis");

    readonly int rank;
    readonly List<Matrix> matrices = [];
    readonly List<(TensorSpec Tensor, int Place)> others = [];

    /// <param name="Tensor">The weight.</param>
    /// <param name="Place">Where its run of a message begins.</param>
    /// <param name="Published">Where its basis begins.</param>
    sealed record Matrix(TensorSpec Tensor, int Place, int Published)
    {
        public int Rows => Tensor.Channels;

        public int Columns => Tensor.Length / Tensor.Channels;

        public int Longer => Math.Max(Rows, Columns);

        /// <summary>Values of a vector of the basis.</summary>
        public int Along(bool overRows) => overRows ? Rows : Columns;

        /// <summary>Values that are sent for each vector.</summary>
        public int Across(bool overRows) => overRows ? Columns : Rows;
    }

    public SharedBases(ModelLayout layout, int rank)
    {
        ArgumentNullException.ThrowIfNull(layout);
        this.rank = rank;
        var (sent, published) = (new List<(string, int[], TensorRole)>(), new List<(string, int[], TensorRole)>());
        int place = 0, basis = 0;
        foreach (var tensor in layout.Tensors)
        {
            if (!IsLarge(tensor))
            {
                others.Add((tensor, place));
                sent.Add((tensor.Name, [.. tensor.Shape], tensor.Role));
                place += tensor.Length;
                continue;
            }

            var matrix = new Matrix(tensor, place, basis);
            matrices.Add(matrix);
            sent.Add((tensor.Name, [rank, matrix.Longer], TensorRole.Weight));
            published.Add((tensor.Name, [rank, matrix.Longer], TensorRole.Weight));
            place += rank * matrix.Longer;
            basis += rank * matrix.Longer;
        }

        published.Add(("turn", [1], TensorRole.Weight));
        (Sent, Published) = (ModelLayout.Of(sent), ModelLayout.Of(published));
    }

    /// <summary>Whether no weight is large enough for directions.</summary>
    public bool IsEmpty => matrices.Count == 0;

    /// <summary>What a message has.</summary>
    public ModelLayout Sent { get; }

    /// <summary>What is published beside the weights.</summary>
    public ModelLayout Published { get; }

    bool IsLarge(TensorSpec tensor) => tensor.Role == TensorRole.Weight && tensor.Length > 0
        && rank * ((long)tensor.Channels + tensor.Length / tensor.Channels) < tensor.Length;

    /// <summary>Draws the first bases, over the rows.</summary>
    public void Draw(Span<float> published)
    {
        published[^1] = OverRows;
        foreach (var matrix in matrices)
            Publish(matrix, new double[rank * matrix.Rows], matrix.Rows, 0, published);
    }

    /// <summary>1 where a turn's messages have a value, 0 where they have none.</summary>
    public float[] PlacesOf(ReadOnlySpan<float> published)
    {
        float[] places = new float[Sent.Length];
        Array.Fill(places, 1);
        foreach (var matrix in matrices)
        {
            int length = matrix.Across(IsOverRows(published));
            for (int vector = 0; vector < rank; vector++)
                places.AsSpan(matrix.Place + vector * matrix.Longer, matrix.Longer)[length..].Clear();
        }

        return places;
    }

    /// <summary>Writes a message: the matrices of an update in their bases, and the other tensors.</summary>
    public void Project(ReadOnlySpan<float> published, ReadOnlySpan<float> update, Span<float> message)
    {
        message.Clear();
        bool overRows = IsOverRows(published);
        foreach (var (tensor, place) in others)
            update.Slice(tensor.Offset, tensor.Length).CopyTo(message[place..]);
        foreach (var matrix in matrices)
        {
            var values = update.Slice(matrix.Tensor.Offset, matrix.Tensor.Length);
            double[] basis = BasisIn(published, matrix);
            int length = matrix.Along(overRows);
            for (int vector = 0; vector < rank; vector++)
            {
                var along = basis.AsSpan(vector * length, length);
                var run = message.Slice(matrix.Place + vector * matrix.Longer, matrix.Across(overRows));
                if (overRows)
                    ProjectRows(values, along, run);
                else
                    ProjectColumns(values, along, run);
            }
        }
    }

    /// <summary>Adds to values what a message says of them.</summary>
    public void AddProducts(ReadOnlySpan<float> published, ReadOnlySpan<float> message, Span<float> values) =>
        AddProducts(published, message, values, 1);

    /// <summary>Takes from values what a message says of them.</summary>
    public void SubtractProducts(ReadOnlySpan<float> published, ReadOnlySpan<float> message, Span<float> values) =>
        AddProducts(published, message, values, -1);

    /// <summary>
    /// Makes the bases of the next turn, of what a mean is in those of this one; a direction in which nothing moved is drawn.
    /// </summary>
    public void Turn(ReadOnlySpan<float> received, ReadOnlySpan<float> mean, int round, Span<float> published)
    {
        bool wereOverRows = IsOverRows(received);
        published[^1] = wereOverRows ? OverColumns : OverRows;
        foreach (var matrix in matrices)
        {
            int length = matrix.Across(wereOverRows);
            Publish(matrix, VectorsOf(mean[matrix.Place..], matrix, length), length, round, published);
        }
    }

    void AddProducts(ReadOnlySpan<float> published, ReadOnlySpan<float> message, Span<float> values, int sign)
    {
        bool overRows = IsOverRows(published);
        foreach (var (tensor, place) in others)
        {
            for (int i = 0; i < tensor.Length; i++)
                values[tensor.Offset + i] += sign * message[place + i];
        }

        foreach (var matrix in matrices)
        {
            double[] basis = BasisIn(published, matrix);
            var own = values.Slice(matrix.Tensor.Offset, matrix.Tensor.Length);
            for (int vector = 0; vector < rank; vector++)
            {
                var run = message.Slice(matrix.Place + vector * matrix.Longer, matrix.Longer);
                for (int row = 0; row < matrix.Rows; row++)
                {
                    var line = own.Slice(row * matrix.Columns, matrix.Columns);
                    for (int column = 0; column < line.Length; column++)
                        line[column] += (float)(sign * (overRows ? basis[vector * matrix.Rows + row] * run[column]
                            : run[row] * basis[vector * matrix.Columns + column]));
                }
            }
        }
    }

    static void ProjectRows(ReadOnlySpan<float> values, ReadOnlySpan<double> vector, Span<float> run)
    {
        double[] sums = new double[run.Length];
        for (int row = 0; row < vector.Length; row++)
        {
            var line = values.Slice(row * run.Length, run.Length);
            for (int column = 0; column < line.Length; column++)
                sums[column] += vector[row] * line[column];
        }

        for (int column = 0; column < sums.Length; column++)
            run[column] = (float)sums[column];
    }

    static void ProjectColumns(ReadOnlySpan<float> values, ReadOnlySpan<double> vector, Span<float> run)
    {
        for (int row = 0; row < run.Length; row++)
        {
            var line = values.Slice(row * vector.Length, vector.Length);
            double sum = 0;
            for (int column = 0; column < line.Length; column++)
                sum += vector[column] * line[column];
            run[row] = (float)sum;
        }
    }

    static bool IsOverRows(ReadOnlySpan<float> published) => published[^1] == OverRows;

    double[] BasisIn(ReadOnlySpan<float> published, Matrix matrix)
    {
        int length = matrix.Along(IsOverRows(published));
        double[] basis = VectorsOf(published[matrix.Published..], matrix, length);
        // Rounding a basis may bend it, never so far that a vector vanishes.
        for (int vector = 0; vector < rank; vector++)
            Orthonormalize(basis, length, vector);
        return basis;
    }

    // The begin of each of a matrix's runs, one after another.
    double[] VectorsOf(ReadOnlySpan<float> runs, Matrix matrix, int length)
    {
        double[] vectors = new double[rank * length];
        for (int vector = 0; vector < rank; vector++)
        {
            for (int i = 0; i < length; i++)
                vectors[vector * length + i] = runs[vector * matrix.Longer + i];
        }

        return vectors;
    }

    void Publish(Matrix matrix, double[] basis, int length, int round, Span<float> published)
    {
        var key = Drawn.Fold(matrix.Tensor.Name).Fold((ulong)round);
        double step = Math.ScaleB(1, (int)Math.Ceiling(Math.Log2(Fineness * Math.Sqrt(length))));
        for (int vector = 0; vector < rank; vector++)
        {
            var run = published.Slice(matrix.Published + vector * matrix.Longer, matrix.Longer);
            run.Clear();
            var draws = new RandomDraws(key.Fold((ulong)vector));
            while (!Orthonormalize(basis, length, vector))
            {
                foreach (ref double value in basis.AsSpan(vector * length, length))
                    value = draws.NextNormal();
            }

            for (int i = 0; i < length; i++)
                run[i] = (float)Math.Round(basis[vector * length + i] * step);
        }
    }

    // Gram and Schmidt, twice, which leaves nothing but rounding; false where nothing is left beside the vectors before it.
    static bool Orthonormalize(double[] basis, int length, int vector)
    {
        var own = basis.AsSpan(vector * length, length);
        double before = Dot(own, own);
        for (int pass = 0; pass < 2; pass++)
        {
            for (int earlier = 0; earlier < vector; earlier++)
            {
                var other = basis.AsSpan(earlier * length, length);
                double along = Dot(own, other);
                for (int i = 0; i < length; i++)
                    own[i] -= along * other[i];
            }
        }

        double square = Dot(own, own);
        if (!(square > Vanished * before))
            return false;
        double factor = 1 / Math.Sqrt(square);
        foreach (ref double value in own)
            value *= factor;
        return true;
    }

    static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}

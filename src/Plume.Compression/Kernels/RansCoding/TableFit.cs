namespace Plume.Compression.Kernels.RansCoding;

/// <summary>
/// The cheapest form of a table for given counts, and what tokens and table cost together, in units of <see cref="Information"/>.
/// </summary>
readonly record struct TableFit(TableForm Form, long Cost)
{
    static readonly int[] Precisions = [1, 2, 3, 5, 11];

    /// <summary>Among all forms.</summary>
    public static TableFit Best(ReadOnlySpan<int> counts, in TableAlphabet alphabet) =>
        Best(counts, alphabet, Precisions, Fall.Quickening);

    /// <summary>Among few of them, to compare which tensors shall share a table.</summary>
    public static TableFit Quick(ReadOnlySpan<int> counts, in TableAlphabet alphabet) => Best(counts, alphabet, [2], Fall.Even);

    static TableFit Best(ReadOnlySpan<int> counts, in TableAlphabet alphabet, ReadOnlySpan<int> precisions, Fall lastFall)
    {
        var best = BestExplicit(counts, alphabet, precisions);
        if (alphabet.Shape is { } shape && BestGeometric(counts, alphabet, shape, lastFall) is { } geometric
            && geometric.Cost < best.Cost)
            best = geometric;
        if (alphabet.MayBeRaw)
        {
            long tokens = 0;
            foreach (int count in counts)
                tokens += count;
            long cost = (tokens * 8) << Information.FractionBits;
            if (cost < best.Cost)
                best = new TableFit(new TableForm(TableKind.Raw, 0, default), cost);
        }

        return best;
    }

    static TableFit BestExplicit(ReadOnlySpan<int> counts, in TableAlphabet alphabet, ReadOnlySpan<int> precisions)
    {
        Span<double> room = stackalloc double[256];
        var weights = room[..alphabet.Size];
        Span<ushort> exact = stackalloc ushort[256], frequency = stackalloc ushort[256];
        exact = exact[..alphabet.Size];
        frequency = frequency[..alphabet.Size];
        TableForm.Spread(counts, weights);
        Shares.Normalize(weights, exact);
        var best = new TableFit(default, long.MaxValue);
        foreach (int precision in precisions)
        {
            TableForm.Shorten(exact, precision, weights);
            Shares.Normalize(weights, frequency);
            long cost = Shares.CostOf(counts, frequency)
                + ((long)TableForm.ExplicitBits(exact, precision, alphabet) << Information.FractionBits);
            if (cost < best.Cost)
                best = new TableFit(new TableForm(TableKind.Explicit, precision, default), cost);
        }

        return best;
    }

    // The scale of each kind of fall is found by going from the mean distance to where the cost falls no more.
    static TableFit? BestGeometric(ReadOnlySpan<int> counts, in TableAlphabet alphabet, TokenShape shape, Fall lastFall)
    {
        long tokens = 0, far = 0, distances = 0;
        int reach = 0;
        for (int token = 0; token < alphabet.Size; token++)
        {
            tokens += counts[token];
            int place = shape.ClassOf[token];
            if (place < 0 || counts[token] == 0)
                continue;
            far += counts[token];
            distances += (long)counts[token] * (shape.Bounds[place] + shape.Bounds[place + 1] - 1) / 2;
            reach = Math.Max(reach, place);
        }

        if (tokens == 0 || (shape.Peak < 0 && far == 0))
            return null;
        int peak = shape.Peak < 0 ? 0 : (int)Math.Clamp((tokens - far) * 256 / tokens, 0, 255);
        var best = new TableFit(default, long.MaxValue);
        int scale = GeometricShares.ScaleOf((double)distances / Math.Max(1, far));
        for (var fall = Fall.Even; fall <= lastFall; fall++)
        {
            var fit = Climb(new GeometricShares(scale, fall, peak, reach), counts, alphabet);
            if (fit.Cost < best.Cost)
                best = fit;
            scale = fit.Form.Geometric.Scale;
        }

        return best;
    }

    static TableFit Climb(GeometricShares shares, ReadOnlySpan<int> counts, in TableAlphabet alphabet)
    {
        var best = CostOf(shares, counts, alphabet);
        for (int step = -1; step <= 1; step += 2)
        {
            while (best.Form.Geometric.Scale + step is >= 0 and <= GeometricShares.MaxScale)
            {
                var next = CostOf(shares with { Scale = best.Form.Geometric.Scale + step }, counts, alphabet);
                if (next.Cost >= best.Cost)
                    break;
                best = next;
            }
        }

        return best;
    }

    [System.Runtime.CompilerServices.SkipLocalsInit]
    static TableFit CostOf(GeometricShares shares, ReadOnlySpan<int> counts, in TableAlphabet alphabet)
    {
        Span<ushort> frequency = stackalloc ushort[256];
        var form = new TableForm(TableKind.Geometric, 0, shares);
        form.Frequencies(counts, alphabet, frequency);
        return new TableFit(form,
            Shares.CostOf(counts, frequency[..alphabet.Size])
                + ((long)TableForm.GeometricBits(alphabet) << Information.FractionBits));
    }
}

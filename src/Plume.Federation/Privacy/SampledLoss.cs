namespace Plume.Federation.Privacy;

/// <summary>
/// The privacy loss of one release with Gaussian noise in which a client is by a chance of its own: how much more likely it is
/// with the client's data there than without, or the other way around, as a logarithm.
/// </summary>
/// <param name="rate">The chance, above 0 and at most 1.</param>
/// <param name="noise">Standard deviation over what the client can move.</param>
/// <param name="isAdded">Whether the release is without the client, and what is asked how much less likely it is with it.</param>
sealed class SampledLoss(double rate, double noise, bool isAdded)
{
    // Standard deviations beyond which less than 1e-18 of the mass lies.
    const double Reach = 8.9;

    // With the client, what is released says so the more the larger it is.
    double LossAt(double x)
    {
        double gain = (2 * x - 1) / (2 * noise * noise);
        return gain > 0 ? gain + Math.Log(rate + (1 - rate) * Math.Exp(-gain)) : Math.Log(1 - rate + rate * Math.Exp(gain));
    }

    double PlaceOf(double loss) => loss switch
    {
        double.PositiveInfinity => double.PositiveInfinity,
        _ when Math.Exp(loss) - (1 - rate) is var part && part <= 0 => double.NegativeInfinity,
        // Of large losses e^loss might overflow.
        > 30 => noise * noise * (loss + Math.Log((1 - (1 - rate) * Math.Exp(-loss)) / rate)) + 0.5,
        _ => noise * noise * Math.Log((Math.Exp(loss) - (1 - rate)) / rate) + 0.5,
    };

    /// <summary>The smallest loss that counts.</summary>
    public double Lowest => isAdded ? -LossAt(Reach * noise) : LossAt(-Reach * noise);

    /// <summary>The largest.</summary>
    public double Highest => isAdded ? -LossAt(-Reach * noise) : LossAt(1 + Reach * noise);

    /// <summary>A bound of losses.</summary>
    public Edge At(double loss)
    {
        double place = PlaceOf(isAdded ? -loss : loss);
        return new Edge(Cut.At(place / noise), Cut.At((place - 1) / noise));
    }

    /// <summary>The chance of a loss in between, in the world that is and in the other.</summary>
    public (double Here, double There) Chance(Edge from, Edge to)
    {
        var (low, high) = isAdded ? (to, from) : (from, to);
        double without = Cut.Between(low.Without, high.Without);
        double with = (1 - rate) * without + rate * Cut.Between(low.With, high.With);
        return isAdded ? (without, with) : (with, without);
    }

    /// <summary>A bound of losses, as a place among what is released without the client and with it.</summary>
    public readonly record struct Edge(Cut Without, Cut With);

    /// <summary>
    /// A place on the normal distribution, with the chance of what lies beyond it on its own side of the middle.
    /// </summary>
    public readonly record struct Cut(double Place, double Beyond)
    {
        /// <summary>A place.</summary>
        public static Cut At(double place) => new(place, Normal.Above(Math.Abs(place)));

        /// <summary>The chance of what lies in between.</summary>
        public static double Between(Cut from, Cut to) => from.Place >= to.Place ? 0
            : from.Place > 0 ? from.Beyond - to.Beyond
            : to.Place <= 0 ? to.Beyond - from.Beyond
            : 1 - from.Beyond - to.Beyond;
    }
}

using Plume.Federation.Methods;

namespace Plume.Federation.SecureRounds;

/// <summary>What a secure sum tells, and all that it tells.</summary>
/// <param name="Values">The weighted updates, added up.</param>
/// <param name="Weight">Their weights, added up.</param>
/// <param name="Loss">The mean of the clients' own training losses; 0 where they add noise, and tell nothing else.</param>
/// <param name="Fill">The mean of the root mean squares of their levels, as a share of the outermost level; 0 where they add
/// noise.</param>
public sealed record RevealedSum(float[] Values, double Weight, double Loss, double Fill)
{
    /// <summary>The Euclidean norm of the mean.</summary>
    public double MeanNorm => Math.Sqrt(Squares.Of(Values)) / Weight;

    /// <summary>The weighted mean, each value rounded once.</summary>
    public float[] Mean()
    {
        var mean = new float[Values.Length];
        for (int i = 0; i < mean.Length; i++)
            mean[i] = (float)(Values[i] / Weight);
        return mean;
    }
}

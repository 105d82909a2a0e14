namespace Plume.Client.Tests.Fakes;

/// <summary>Chance that always comes out the same.</summary>
sealed class Fixed(double share) : Random
{
    public override double NextDouble() => share;
}

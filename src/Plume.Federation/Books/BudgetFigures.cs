using Plume.Federation.Rounds;

namespace Plume.Federation.Books;

/// <summary>What a budget of bytes took a round for.</summary>
/// <param name="Pressure">How hard it pressed on the round's steps, in sixteenths of an octave of the downlink's.</param>
/// <param name="UplinkFactor">What the uplink's step was multiplied by, where it is <c>auto</c>.</param>
/// <param name="DownlinkFactor">The same of the downlink's.</param>
/// <param name="NotAsked">Clients that were drawn and not asked, since the budget did not pay for them.</param>
public sealed record BudgetFigures(int Pressure, double UplinkFactor, double DownlinkFactor, int NotAsked)
{
    /// <summary>Of the round at hand.</summary>
    internal static BudgetFigures Of(FederationPlan plan, FederationState state)
    {
        int pressure = state.Current.Pressure;
        return new BudgetFigures(pressure, plan.Uplink.IsAuto ? plan.Steps.OfUplink(pressure) : 1,
            plan.Downlink.IsAuto ? plan.Steps.OfDownlink(pressure) : 1, state.Spending.NotAsked);
    }
}

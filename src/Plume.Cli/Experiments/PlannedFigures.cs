namespace Plume.Cli.Experiments;

/// <summary>What <c>plume plan</c> expects of a whole run.</summary>
/// <param name="Accuracy">Of the model after the last round, 0 to 1.</param>
/// <param name="UplinkBytes">Of all updates.</param>
/// <param name="DownlinkBytes">Of all that clients receive.</param>
sealed record PlannedFigures(double Accuracy, long UplinkBytes, long DownlinkBytes);

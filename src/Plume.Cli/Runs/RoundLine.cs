namespace Plume.Cli.Runs;

/// <summary>One line of metrics.jsonl.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Accuracy">Of the global model after the round, 0 to 1; null where it was not measured.</param>
/// <param name="Loss">Mean cross-entropy of the global model after the round; null where it was not measured.</param>
/// <param name="UplinkBytes">Bytes of all updates of the round.</param>
/// <param name="DownlinkBytes">Bytes of everything clients received in the round, missed rounds included.</param>
/// <param name="Seconds">Wall time of the round, without the measurement.</param>
sealed record RoundLine(int Round, double? Accuracy, double? Loss, long UplinkBytes, long DownlinkBytes, double Seconds);

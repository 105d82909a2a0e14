namespace Plume.Client;

/// <summary>How a federation ended for a client that stayed to the end.</summary>
/// <param name="IsFinished">Whether all rounds were done; otherwise it was stopped or given up.</param>
/// <param name="Message">What the server says about it; empty where all went well.</param>
/// <param name="LastVersion">The federation's last version of the model.</param>
/// <param name="Version">The version of <paramref name="Model"/>: the last one, unless the server went away before it was taken
/// in. Null where the client has none.</param>
/// <param name="Model">The model's values in the order of the layout; empty where the client has none.</param>
public sealed record JoinResult(bool IsFinished, string Message, int LastVersion, int? Version, ReadOnlyMemory<float> Model);

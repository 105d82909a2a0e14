using Plume.Federation.Books;

namespace Plume.Server.Federations.Records;

/// <summary>A round's figures in few bytes, which a server has in memory of all rounds. What was not measured is NaN.</summary>
[GenerateSerializer, Immutable]
readonly record struct RoundPoint(
    [property: Id(0)] int Round,
    [property: Id(1)] double Accuracy,
    [property: Id(2)] double Loss,
    [property: Id(3)] long UplinkBytes,
    [property: Id(4)] long DownlinkBytes,
    [property: Id(5)] double Seconds,
    [property: Id(6)] int Accepted,
    [property: Id(7)] int Refused,
    [property: Id(8)] double Epsilon)
{
    public static RoundPoint Of(RoundMetrics round) => new(round.Round, round.Accuracy ?? double.NaN, round.Loss ?? double.NaN,
        round.UplinkBytes, round.DownlinkBytes, round.Seconds, round.Accepted, round.Refused.Count, round.Epsilon ?? double.NaN);
}

/// <summary>What became of one client's updates.</summary>
/// <param name="Counted">Those in a mean.</param>
/// <param name="Refused">Those that do not count.</param>
/// <param name="Bytes">Of all of them; of a secure sum nobody knows.</param>
/// <param name="Samples">That the last was made from which counts; of a secure sum nobody knows.</param>
readonly record struct ClientRecord(int Counted, int Refused, long Bytes, int Samples)
{
    public ClientRecord With(SettledUpdate update) => new(Counted + (update.IsCounted ? 1 : 0),
        Refused + (update.IsCounted ? 0 : 1), Bytes + update.Length,
        update.IsCounted ? update.Samples : Samples);
}

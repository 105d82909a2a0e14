using System.Text.Json;
using Plume.Federation.Books;
using Plume.Server.Federations.Records;

namespace Plume.Server.Federations.News;

/// <summary>A round's figures on their way between servers: as the ledger has them.</summary>
[GenerateSerializer, Immutable]
struct RoundMetricsBytes
{
    [Id(0)]
    public byte[] Json;
}

/// <summary>Tells Orleans so.</summary>
[RegisterConverter]
sealed class RoundMetricsConverter : IConverter<RoundMetrics, RoundMetricsBytes>
{
    public RoundMetrics ConvertFromSurrogate(in RoundMetricsBytes surrogate) =>
        LedgerJson.Read(surrogate.Json, LedgerJson.Default.RoundMetrics, "The figures of a round");

    public RoundMetricsBytes ConvertToSurrogate(in RoundMetrics value) => new()
    {
        Json = JsonSerializer.SerializeToUtf8Bytes(value, LedgerJson.Default.RoundMetrics),
    };
}

namespace Plume.Client.Transfers;

/// <summary>Bytes of models and updates that went over the wire.</summary>
sealed class TransferCount
{
    public long Up { get; set; }

    public long Down { get; set; }
}

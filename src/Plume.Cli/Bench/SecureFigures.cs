using Plume.Cli.Terminal;
using Plume.Pages.Charts;

namespace Plume.Cli.Bench;

/// <summary>What one secure sum took.</summary>
/// <param name="Clients">Clients that began.</param>
/// <param name="Values">Words of each.</param>
/// <param name="RingBits">Bits of a word.</param>
/// <param name="Contributors">Clients in the sum.</param>
/// <param name="RingBytes">Bytes of a client's words alone.</param>
/// <param name="ClientSends">Bytes that a client sends in all trips, of those in the sum on average.</param>
/// <param name="ClientIsTold">Bytes that a client is told.</param>
/// <param name="ClientSeconds">Processor seconds of a client.</param>
/// <param name="ServerSeconds">Processor seconds of the server.</param>
/// <param name="UnmaskSeconds">Seconds of these that take the masks off.</param>
/// <param name="ServerBytes">Most memory that the server holds between trips.</param>
sealed record SecureFigures(int Clients, int Values, int RingBits, int Contributors, long RingBytes, long ClientSends,
    long ClientIsTold, double ClientSeconds, double ServerSeconds, double UnmaskSeconds, long ServerBytes)
{
    /// <summary>The figures as text.</summary>
    public string Print() =>
        $"{Values:N0} words of {RingBits} bits, {Clients} clients, {Contributors} of them in the sum, which is that of their "
            + "words bit for bit\n" +
        TextTable.Print(["", ">sends", ">is told", ">processor", ">holds"],
        [
            ["a client", Quantity.Bytes(ClientSends), Quantity.Bytes(ClientIsTold), Quantity.Seconds(ClientSeconds), ""],
            ["  of that words", Quantity.Bytes(RingBytes), "", "", ""],
            ["the server", "", "", Quantity.Seconds(ServerSeconds), Quantity.Bytes(ServerBytes)],
            ["  of that unmasking", "", "", Quantity.Seconds(UnmaskSeconds), ""],
        ]);
}

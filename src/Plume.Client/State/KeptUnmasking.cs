using Plume.Compression.Wire;

namespace Plume.Client.State;

/// <summary>The last secure sum that a client gave its shares for.</summary>
/// <param name="Round">Its round.</param>
/// <param name="Set">A hash of the session and of who is in the sum.</param>
sealed record KeptUnmasking(int Round, byte[] Set)
{
    public ReadOnlyMemory<byte> ToBytes(Place place)
    {
        var output = KeptFile.Begin(KeptKind.Unmasking, place);
        output.Varint(Round);
        KeptFile.Write(output, Set);
        return KeptFile.Seal(output);
    }

    /// <exception cref="InvalidPayloadException">They are not of an unmasking.</exception>
    public static KeptUnmasking Read(ReadOnlySpan<byte> bytes, out Place place)
    {
        var input = KeptFile.Open(bytes, KeptKind.Unmasking, out place);
        var unmasking = new KeptUnmasking(input.Varint("round", 0, int.MaxValue), KeptFile.ReadBytes(ref input, "set"));
        input.End("set");
        return unmasking;
    }
}

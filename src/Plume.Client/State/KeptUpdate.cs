using System.Security.Cryptography;
using Plume.Compression.Wire;

namespace Plume.Client.State;

/// <summary>An update, with the memory that becomes the client's once the server has counted it.</summary>
/// <param name="Round">The round it was made in.</param>
/// <param name="Attempt">That round's attempt.</param>
/// <param name="ModelVersion">The version it was made from.</param>
/// <param name="Samples">How many samples it was made from.</param>
/// <param name="Loss">The training loss.</param>
/// <param name="Payload">Its bytes.</param>
/// <param name="Memory">What codec and method remember; empty where they remember nothing.</param>
sealed record KeptUpdate(int Round, int Attempt, int ModelVersion, int Samples, double Loss, byte[] Payload, float[] Memory)
{
    /// <summary>The payload's hash.</summary>
    public byte[] Sha256 { get; } = SHA256.HashData(Payload);

    public ReadOnlyMemory<byte> ToBytes(Place place)
    {
        var output = KeptFile.Begin(KeptKind.Update, place);
        output.Varint(Round);
        output.Varint(Attempt);
        output.Varint(ModelVersion);
        output.Varint(Samples);
        output.Double(Loss);
        KeptFile.Write(output, Payload);
        KeptFile.Write<float>(output, Memory);
        return KeptFile.Seal(output);
    }

    /// <exception cref="InvalidPayloadException">They are not an update's.</exception>
    public static KeptUpdate Read(ReadOnlySpan<byte> bytes, out Place place)
    {
        var input = KeptFile.Open(bytes, KeptKind.Update, out place);
        var update = new KeptUpdate(
            input.Varint("round", 0, int.MaxValue),
            input.Varint("attempt", 0, int.MaxValue),
            input.Varint("model version", 0, int.MaxValue),
            input.Varint("samples", 0, int.MaxValue),
            input.Double("loss"),
            KeptFile.ReadBytes(ref input, "payload"),
            KeptFile.ReadFloats(ref input, "memory"));
        input.End("memory");
        return update;
    }
}

/// <summary>The last task whose part is settled, and what the client remembers since.</summary>
/// <param name="Round">Its round; 0 before the first.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="Memory">What earlier updates that count left behind; empty where codec and method remember nothing.</param>
sealed record Settlement(int Round, int Attempt, float[] Memory);

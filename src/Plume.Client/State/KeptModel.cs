using Plume.Compression.Wire;

namespace Plume.Client.State;

/// <summary>The model that a client took in last.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Values">Its values.</param>
sealed record KeptModel(int Version, ReadOnlyMemory<float> Values)
{
    public ReadOnlyMemory<byte> ToBytes(Place place)
    {
        var output = KeptFile.Begin(KeptKind.Model, place);
        output.Varint(Version);
        KeptFile.Write(output, Values.Span);
        return KeptFile.Seal(output);
    }

    /// <exception cref="InvalidPayloadException">They are not a model's.</exception>
    public static KeptModel Read(ReadOnlySpan<byte> bytes, out Place place)
    {
        var input = KeptFile.Open(bytes, KeptKind.Model, out place);
        var model = new KeptModel(input.Varint("version", 0, int.MaxValue), KeptFile.ReadFloats(ref input, "values"));
        input.End("values");
        return model;
    }
}

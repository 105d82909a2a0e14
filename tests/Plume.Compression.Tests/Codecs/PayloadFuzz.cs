using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Container;

namespace Plume.Compression.Tests.Codecs;

public class PayloadFuzz
{
    /// <summary>Raised by hand for a longer hunt; the gate's share takes a few seconds.</summary>
    static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("PLUME_FUZZ_COUNT"), out int count) ? count : 1500;

    [Theory]
    [MemberData(nameof(GoldenPayloads.Lines), MemberType = typeof(GoldenPayloads))]
    public void Damaged_payloads_are_refused_or_decode_to_finite_values_and_nothing_else_escapes(string name, string line)
    {
        var codec = Codec.Parse(line);
        var layout = Some.Vector(3000);
        float[] values = Some.Laplace(layout.Length), reference = codec.UsesReference ? new float[layout.Length] : [];
        byte[] payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key(), new float[codec.MemoryLength(layout)], reference).ToArray();
        var decoder = new PayloadDecoder(codec, layout);
        var decoded = new float[layout.Length];
        var sum = new ExactSum(layout.Length, 1);
        int refused = 0;
        foreach (byte[] damaged in Mutations.Of(payload, (ulong)name.Length, Count))
        {
            sum.Clear();
            try
            {
                decoder.Decode(damaged, decoded, Some.Key(), reference);
                Assert.DoesNotContain(decoded, value => !float.IsFinite(value));
                if (!codec.UsesReference)
                    decoder.AddTo(damaged, sum, 1, Some.Key());
            }
            catch (InvalidPayloadException)
            {
                refused++;
                Assert.False(sum.Values.ContainsAnyExcept(0), "A refused payload left a trace in the sum.");
            }
        }

        Assert.NotEqual(0, refused);
    }
}

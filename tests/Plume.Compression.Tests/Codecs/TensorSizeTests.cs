using Plume.Compression.Codecs;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests.Codecs;

public class TensorSizeTests
{
    static (IReadOnlyList<long> Bits, int Payload) Measure(string line, ModelLayout layout)
    {
        var codec = Codec.Parse(line);
        var payload = new PayloadEncoder(codec, layout).Encode(Some.Normal(layout.Length), Some.Key());
        return (new PayloadDecoder(codec, layout).MeasureTensors(payload), payload.Length);
    }

    [Fact]
    public void Without_a_quantizer_every_value_takes_32_bits()
    {
        var (bits, _) = Measure("pack", Some.Mixed);
        Assert.Equal(Some.Mixed.Tensors.Select(tensor => 32L * tensor.Length), bits);
    }

    [Fact]
    public void A_coded_tensor_takes_its_width_and_a_bias_eight_bits_and_a_statistic_32()
    {
        var (bits, _) = Measure("uniform(4) | pack", Some.Mixed);
        Assert.Equal(["0", "8", "8", "2832", "264", "1056", "840016", "2400"], bits.Select(count => $"{count}"));
    }

    [Theory]
    [InlineData("uniform(3) | rans")]
    [InlineData("topk(5%) | uniform(4) | rans")]
    [InlineData("topk(1%) | zstd")]
    [InlineData("deadzone(abs=0.5) | range")]
    [InlineData("lowrank | deadzone(abs=0.1) | range")]
    public void The_tensors_together_take_almost_the_whole_payload_and_never_more(string line)
    {
        var (bits, payload) = Measure(line, Some.Lenet);
        Assert.InRange(bits.Sum(), 8 * payload * 0.9, 8 * payload);
    }
}

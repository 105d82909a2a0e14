using Plume.Client.State;
using Plume.Compression.Wire;

namespace Plume.Client.Tests.State;

public class KeptFileTests
{
    static readonly Place Here = new("digits", "site-1", [1, 2, 3], 7);

    static readonly KeptUpdate Update = new(5, 2, 4, 17, 0.25, [9, 8, 7], [0.5f, -1]);

    [Fact]
    public void An_update_is_read_as_it_was_written()
    {
        var read = KeptUpdate.Read(Update.ToBytes(Here).Span, out var place);
        Assert.Equal(Here, place);
        Assert.Equivalent(Update, read, strict: true);
    }

    [Fact]
    public void A_model_is_read_as_it_was_written()
    {
        var read = KeptModel.Read(new KeptModel(3, new[] { 1f, float.NaN }).ToBytes(Here).Span, out var place);
        Assert.Equal(Here, place);
        Assert.Equal(3, read.Version);
        Assert.Equal([1f, float.NaN], read.Values.ToArray());
    }

    [Fact]
    public void A_change_of_any_bit_is_noticed()
    {
        byte[] bytes = Update.ToBytes(Here).ToArray();
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            byte[] damaged = [.. bytes];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidPayloadException>(() => KeptUpdate.Read(damaged, out _));
        }
    }

    [Fact]
    public void A_cut_anywhere_and_a_byte_more_are_noticed()
    {
        byte[] bytes = Update.ToBytes(Here).ToArray();
        for (int length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidPayloadException>(() => KeptUpdate.Read(bytes.AsSpan(0, length), out _));
        Assert.Throws<InvalidPayloadException>(() => KeptUpdate.Read([.. bytes, 0], out _));
    }

    [Fact]
    public void A_file_of_another_kind_is_not_taken_for_it() =>
        Assert.Contains("'kind'",
            Assert.Throws<InvalidPayloadException>(() => KeptModel.Read(Update.ToBytes(Here).Span, out _)).Message,
            StringComparison.Ordinal);
}

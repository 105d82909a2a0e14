using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Plume.Federation.SecureSums.Masking;
using Plume.Federation.SecureSums.Sharing;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>Known answers: of other libraries, of standards, and of an independent computation of the whole protocol.</summary>
public class VectorTests
{
    static readonly byte[] Session = SHA256.HashData(Encoding.ASCII.GetBytes("test sid"));

    [Theory]
    [InlineData(0x31, "B08ECF9EC7EB5F0D7B78C42556D668AC0EDE721A5818FE812D565CBDB5F11F4E")]
    [InlineData(0x00, "DC95C078A2408989AD48A21492842087530F8AFBC74536B9A963B4F1C4CB738B")]
    public void A_mask_is_the_key_stream_of_AES_256_in_counter_mode(byte key, string stream)
    {
        var words = new uint[8];
        MaskStreams.Apply(words, [new Mask(Filled(key), Subtracts: false)]);
        Assert.Equal(stream, Convert.ToHexString(MemoryMarshal.AsBytes<uint>(words)));
    }

    [Fact]
    public void Two_clients_agree_on_the_secret_of_another_implementation()
    {
        using AgreementKey first = new(Filled(1)), second = new(Filled(2));
        byte[] agreed = first.Agree(second.Public.Span);
        Assert.Equal("eb459a6b30d70eb4c0ddcd34ea96ed59e8f8d1843c22dd895ab603aa13d9a81d", Convert.ToHexStringLower(agreed));
        Assert.Equal(agreed, second.Agree(first.Public.Span));
    }

    [Theory]
    [InlineData(1, 2, "85522ef7af591bfb095728c637010c8c6f3f94739fe0dc95f7634ec58e73276a")]
    [InlineData(1, 3, "dcd164a46e559e82e702b770e8167905c3a039eabe529775ebfd772e45a592d2")]
    [InlineData(2, 3, "8ea9062bf401e3bd04dc8285f2ef89961828b0f1a91378d80a2a1b800e277dcc")]
    public void The_key_of_a_pair_s_mask_is_that_of_another_implementation(byte first, byte second, string key)
    {
        Assert.Equal("6d1495a0b75ebf7f62f59190c715f4da84085106bbd962db5dbc9c70244c6b32", Convert.ToHexStringLower(Session));
        Assert.Equal(key, Convert.ToHexStringLower(Pair(first, second)));
    }

    [Fact]
    public void Masked_vectors_are_those_of_another_implementation_and_their_masks_cancel()
    {
        int[][] inputs = [[5, -7, 100, 0], [-3, 2, 50, -128], [127, -128, 0, 1]];
        uint[][] masked = [.. inputs.Select((input, client) => Masked(client, input))];
        Assert.Equal([1644, 3655, 3948, 4027], masked[0]);
        Assert.Equal([2917, 2219, 2699, 3208], masked[1]);
        Assert.Equal([2507, 4066, 1284, 4090], masked[2]);
        Assert.Equal([129, -133, 150, -127], Sum(masked, [.. Enumerable.Range(0, 3).Select(Own)]));
        // Without the second: the first added the mask that they share, the third took away its.
        Assert.Equal([132, -135, 100, 1],
            Sum([masked[0], masked[2]],
                [Own(0), Own(2), new Mask(Pair(1, 2), Subtracts: true), new Mask(Pair(2, 3), Subtracts: false)]));
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 4)]
    [InlineData(1, 3, 4)]
    [InlineData(2, 3, 4)]
    [InlineData(4, 2, 0)]
    public void Any_three_parts_of_another_implementation_give_its_secret(int first, int second, int third)
    {
        string[] parts = ["70CF762E6ED4AA1C", "30A0C5AC26EB91CC", "3F73EE902844B747", "1D48F0CF72E01A8D", "4A1FCC7406BDBB88"];
        SecretShare[] shares = [
            .. new[] { first, second, third }.Select(i => new SecretShare(i + 1, Convert.FromHexString(parts[i])))];
        Assert.Equal([0, 0, 0, 0x21], SecretSharing.Join(shares, threshold: 3, secretBytes: 4));
    }

    static byte[] Pair(byte first, byte second)
    {
        using AgreementKey own = new(Filled(first)), other = new(Filled(second));
        return SessionSecrets.PairMask(own.Agree(other.Public.Span), Session);
    }

    static Mask Own(int client) => new(SessionSecrets.SelfMask(Filled((byte)(0x11 * (client + 1))), Session), Subtracts: true);

    static uint[] Masked(int client, int[] input)
    {
        uint[] words = [.. input.Select(value => (uint)value)];
        var masks = new List<Mask> { Own(client) with { Subtracts = false } };
        for (int other = 0; other < 3; other++)
        {
            if (other != client)
                masks.Add(new Mask(Pair((byte)(client + 1), (byte)(other + 1)), Subtracts: other < client));
        }

        MaskStreams.Apply(words, masks);
        return [.. words.Select(word => word & 0xFFF)];
    }

    static int[] Sum(uint[][] masked, Mask[] left)
    {
        var sum = new uint[4];
        foreach (uint[] words in masked)
        {
            for (int i = 0; i < sum.Length; i++)
                sum[i] += words[i];
        }

        MaskStreams.Apply(sum, left);
        return [.. sum.Select(word => (int)(word << 20) >> 20)];
    }

    static byte[] Filled(byte value) => [.. Enumerable.Repeat(value, 32)];
}

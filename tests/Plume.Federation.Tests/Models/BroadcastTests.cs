using System.Security.Cryptography;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Models;
using Plume.Federation.Rounds;

namespace Plume.Federation.Tests.Models;

public class BroadcastTests
{
    const string Delta = "delta | topk(10%) | uniform(4) | rans";
    const string Sums = "delta | deadzone(abs=0.0078125) | range";

    static ModelLayout Layout { get; } = ModelLayout.Of([("w", [40, 50], TensorRole.Weight), ("b", [10], TensorRole.Bias)]);

    static MessageShape Shape(string downlink) => new(new MessagePart("weights", Layout, Codec.Parse(downlink)));

    [Fact]
    public void A_client_downloads_the_broadcasts_it_missed_or_the_whole_model_where_that_is_less()
    {
        var broadcast = new Broadcast(Shape(Delta), new float[Layout.Length], default, threads: 1, historyMemory: 1 << 20);
        for (int version = 1; version <= 200; version++)
            broadcast.Publish(Array.ConvertAll(new float[Layout.Length], _ => version * 0.1f));
        long whole = new PayloadEncoder(Codec.Parse("pack"), Layout).Encode(broadcast.Published, default).Length;
        Assert.Equal(0, broadcast.From(200).Length);
        Assert.Equal(broadcast.Lengths[198] + broadcast.Lengths[199], broadcast.From(198).Length);
        Assert.True(broadcast.Lengths.Sum() > whole);
        Assert.Equal(whole, broadcast.From(0).Length);
    }

    [Fact]
    public void Where_the_step_is_fixed_a_client_catches_up_by_one_payload_with_the_sum()
    {
        float[] model = [.. Enumerable.Range(0, Layout.Length).Select(i => MathF.Sin(i))];
        Broadcast summing = New(1 << 20), chaining = New(0);
        for (int version = 1; version <= 12; version++)
        {
            for (int i = 0; i < model.Length; i++)
                model[i] += 0.01f * MathF.Cos(i * version);
            summing.Publish(model);
            chaining.Publish(model);
        }

        Assert.Equal(chaining.Published.ToArray(), summing.Published.ToArray());
        Assert.Equal(chaining.Lengths.Skip(3).Sum(), chaining.From(3).Length);
        Assert.InRange(summing.From(3).Length, 1, chaining.From(3).Length / 2);

        Broadcast New(long history) => new(Shape(Sums), model, default, threads: 1, historyMemory: history);
    }

    [Fact]
    public void Where_steps_are_powers_of_two_a_client_catches_up_over_all_of_them_by_one_payload()
    {
        float[] model = [.. Enumerable.Range(0, Layout.Length).Select(i => 3 * MathF.Sin(i))];
        var shape = Shape("delta | auto | range");
        var broadcast = new Broadcast(shape, model, default, threads: 1, historyMemory: 1 << 20);
        var late = new ReceivedModel(shape, DrawKeys.Downlink(default));
        late.Restore(0, broadcast.Published.Span);
        for (int version = 1; version <= 12; version++)
        {
            for (int i = 0; i < model.Length; i++)
                model[i] += (version % 2 == 0 ? -0.02f : 0.021f) * MathF.Cos(i);
            broadcast.Publish(model, MathF.ScaleB(1, version == 7 ? -8 : -7));
        }

        var segment = Assert.Single(broadcast.From(0).Segments);
        Assert.Equal(SegmentKind.Sum, segment.Kind);
        Assert.InRange(segment.Length, 1, broadcast.Lengths.Sum() / 2);
        late.Apply(segment.Kind, segment.From, segment.To, segment.Payload);
        Assert.Equal(broadcast.Published.ToArray(), late.Values.ToArray());
    }

    public static TheoryData<string, double> Grids => new()
    {
        // The largest part of the floats that digits take.
        { Sums, 0.6 }, { "delta | auto | range", 0.4 }, { "delta | auto | rans", 0.4 },
    };

    [Theory]
    [MemberData(nameof(Grids))]
    public void Whoever_has_no_version_gets_the_same_bits_as_digits_or_as_floats(string downlink, double most)
    {
        var shape = new MessageShape(new MessagePart("weights", ModelLayout.Of(
            [("w", [40, 50], TensorRole.Weight), ("s", [2], TensorRole.Step), ("v", [9], TensorRole.Statistic), ("b", [10], TensorRole.Normalization)]),
            Codec.Parse(downlink)), new MessagePart("on", Layout, Codec.Parse("delta | deadzone(abs=1, exact) | range")));
        var draws = new RandomDraws(RandomKey.FromSeed(3));
        float[] model = [.. Enumerable.Range(0, shape.Length).Select(i => i < 2021 ? 0.3f * (float)draws.NextNormal() : i % 3)];
        (float rare, float wide) = (1e-9f, 1 / 3f);
        (model[2002], model[2003]) = (rare, wide);
        var broadcast = new Broadcast(shape, model, default, threads: 1, historyMemory: 1 << 20);
        Assert.Equal([rare, wide], broadcast.Published[2002..2004].ToArray());
        for (int version = 0; version <= 6; version++)
        {
            foreach (bool takesLevels in new[] { true, false })
            {
                var segment = Assert.Single(broadcast.From(null, takesLevels).Segments);
                Assert.Equal(takesLevels ? SegmentKind.Levels : SegmentKind.Whole, segment.Kind);
                var client = new ReceivedModel(shape, DrawKeys.Downlink(default));
                client.Apply(segment.Kind, segment.From, segment.To, segment.Payload);
                Assert.Equal(version, client.Version);
                Assert.Equal(broadcast.Published.ToArray().Select(BitConverter.SingleToInt32Bits),
                    client.Values.ToArray().Select(BitConverter.SingleToInt32Bits));
            }

            Assert.InRange((double)broadcast.From(null).Length / broadcast.From(null, takesLevels: false).Length, 0, most);
            for (int i = 0; i < 2021; i++)
                model[i] += i is >= 2000 and < 2002 ? 0 : 0.02f * (float)draws.NextNormal();
            broadcast.Publish(model, MathF.ScaleB(1, -7));
        }

        // Statistics and steps, which are no levels, do not make the others' grid finer.
        var sum = Assert.Single(broadcast.From(0).Segments);
        Assert.Equal(SegmentKind.Sum, sum.Kind);
        Assert.InRange(sum.Length, 1, broadcast.From(null, takesLevels: false).Length / 4);
    }

    [Fact]
    public void What_has_no_common_grid_comes_as_floats()
    {
        float[] model = [.. Enumerable.Range(0, Layout.Length).Select(i => MathF.Sin(i))];
        var broadcast = new Broadcast(Shape(Delta), model, default, threads: 1, historyMemory: 0);
        Assert.Equal(SegmentKind.Whole, Assert.Single(broadcast.From(null).Segments).Kind);
    }

    [Fact]
    public void Damaged_digits_are_refused_and_leave_the_copy_as_it_was()
    {
        float[] model = [.. Enumerable.Range(0, Layout.Length).Select(i => MathF.Sin(i))];
        var broadcast = new Broadcast(Shape(Sums), model, default, threads: 1, historyMemory: 1 << 20);
        byte[] sound = Assert.Single(broadcast.From(null).Segments).Payload.ToArray();
        var client = new ReceivedModel(Shape(Sums), DrawKeys.Downlink(default));
        client.Apply(SegmentKind.Levels, 0, 0, sound);
        var draws = new RandomDraws(RandomKey.FromSeed(8));
        for (int trial = 0; trial < 400; trial++)
        {
            byte[] damaged = draws.NextInt(2) == 0 ? sound[..draws.NextInt(sound.Length)] : [.. sound];
            if (damaged.Length == sound.Length)
                damaged[draws.NextInt(sound.Length)] ^= (byte)(1 + draws.NextInt(255));
            float[] before = client.Values.ToArray();
            try
            {
                client.Apply(SegmentKind.Levels, 0, 1, damaged);
                Assert.Equal(sound.Length, damaged.Length);
                Assert.All(client.Values.ToArray(), value => Assert.True(float.IsFinite(value)));
            }
            catch (InvalidPayloadException)
            {
                Assert.Equal(before, client.Values.ToArray());
            }
        }
    }

    // What is in folders and on wires.
    [Fact]
    public void Digits_have_the_bytes_that_they_had()
    {
        var layout = ModelLayout.Of([("w", [3, 100], TensorRole.Weight)]);
        var shape = new MessageShape(new MessagePart("weights", layout, Codec.Parse(Sums)));
        float[] model = [.. Enumerable.Range(0, 300).Select(i => (i * i % 97 - 48) / 1024f)];
        var broadcast = new Broadcast(shape, model, default, threads: 1, historyMemory: 1 << 20);
        Assert.Equal("E153C66AEE64004AEBD461449BC74C79AF9250143AF8A953747DC806ADB4C5EC",
            Convert.ToHexString(SHA256.HashData(Assert.Single(broadcast.From(null).Segments).Payload.Span)));
    }

    [Theory]
    [InlineData(Delta, 1 << 20)]
    [InlineData(Sums, 0)]
    [InlineData(Sums, 1 << 20)]
    [InlineData("delta | auto | range", 1 << 20)]
    [InlineData("uniform(8) | pack", 0)]
    [InlineData("pack", 0)]
    public void No_client_needs_a_payload_from_before_the_first_of_use(string codec, long history)
    {
        float[] model = [.. Enumerable.Range(0, Layout.Length).Select(i => MathF.Sin(i))];
        var broadcast = new Broadcast(Shape(codec), model, default, threads: 1, historyMemory: history);
        Assert.Equal(1, broadcast.FirstOfUse);
        for (int version = 1; version <= 60; version++)
        {
            int before = broadcast.FirstOfUse;
            broadcast.Publish(model.Select((value, i) => value + 0.1f * MathF.Sin(i * version)).ToArray());
            var needed = Enumerable.Range(0, version).SelectMany(from => broadcast.From(from).Segments)
                .Where(segment => segment.Kind == SegmentKind.Version).Select(segment => segment.To).ToList();
            Assert.True(needed.TrueForAll(each => each >= broadcast.FirstOfUse));
            Assert.InRange(broadcast.FirstOfUse, before, version + 1);
        }

        Assert.InRange(broadcast.FirstOfUse, 2, 61);
    }

    [Fact]
    public void What_a_broadcast_drops_is_sent_by_later_ones()
    {
        float[] model = [.. Enumerable.Range(0, Layout.Length).Select(i => MathF.Sin(i))];
        var broadcast = new Broadcast(Shape(Delta), new float[Layout.Length], default, threads: 2, historyMemory: 1 << 20);
        for (int version = 0; version < 40; version++)
            broadcast.Publish(model);
        Assert.All(model.Zip(broadcast.Published.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 0.02f));
    }

    [Theory]
    [InlineData(Delta)]
    [InlineData(Sums)]
    [InlineData("uniform(8) | rans")]
    [InlineData("delta | uniform(4, stochastic) | pack")]
    [InlineData("pack")]
    public void A_client_that_takes_any_way_to_a_version_has_its_bits(string downlink)
    {
        var key = RandomKey.FromSeed(5);
        float[] model = [.. Enumerable.Range(0, Layout.Length).Select(i => MathF.Sin(i))];
        var broadcast = new Broadcast(Shape(downlink), model, key, threads: 1, historyMemory: 1 << 20);
        var published = new List<byte[]>();
        var clients = new List<ReceivedModel>();
        for (int version = 0; version < 9; version++)
        {
            clients.Add(new ReceivedModel(Shape(downlink), DrawKeys.Downlink(key)));
            foreach (var client in clients.Where((_, index) => index == version || (version + index) % 3 == 0))
            {
                foreach (var segment in broadcast.From(client.Version).Segments)
                    client.Apply(segment.Kind, segment.From, segment.To, segment.Kind == SegmentKind.Version
                        ? published[segment.To - 1] : segment.Payload);
                Assert.Equal(broadcast.Version, client.Version);
                Assert.Equal(broadcast.Published.ToArray(), client.Values.ToArray());
            }

            for (int i = 0; i < model.Length; i++)
                model[i] += 0.01f * MathF.Cos(i * version);
            published.Add(broadcast.Publish(model));
        }
    }
}

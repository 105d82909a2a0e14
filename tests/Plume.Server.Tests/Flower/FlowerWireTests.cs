using System.Buffers;
using CsCheck;
using Google.Protobuf;
using Grpc.Core;
using Plume.Compression.Weights;
using Plume.Protocol.Flower;
using Plume.Server.Flower.Messages;

namespace Plume.Server.Tests.Flower;

public sealed class FlowerWireTests
{
    static readonly Gen<ClientMessage> Messages =
        Gen.Select(Gen.Byte.Array[0, 40].Array[0, 5], Gen.Long, Gen.Double, Gen.String[0, 9].Array[0, 5])
            .Select((arrays, examples, value, names) =>
    {
        var message = new ClientMessage
        {
            FitRes = new()
            {
                Status = new() { Message = "fine" },
                Parameters = new() { TensorType = "numpy.ndarray" },
                NumExamples = examples
            },
        };
        message.FitRes.Parameters.Tensors.Add(arrays.Select(array => ByteString.CopyFrom(array)));
        foreach (string name in names)
            message.FitRes.Metrics[name] = new Scalar { Double = value };
        return message;
    });

    static ReadOnlySequence<byte> Whole(byte[] bytes) => new(bytes);

    // The same bytes in two segments, as they may come from a socket.
    static ReadOnlySequence<byte> Cut(byte[] bytes, int at)
    {
        var first = new Segment(bytes.AsMemory(0, at), 0);
        var second = first.Then(bytes.AsMemory(at));
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    [Fact]
    public void Messages_are_read_however_they_are_cut() =>
        Gen.Select(Messages, Gen.Double[0, 1]).Sample((message, share) =>
        {
            byte[] bytes = message.ToByteArray();
            Assert.Equal(message, FlowerWire.Read(Whole(bytes)));
            Assert.Equal(message, FlowerWire.Read(Cut(bytes, (int)(share * bytes.Length))));
        });

    [Fact]
    public void Damaged_messages_are_read_or_refused_and_nothing_else() =>
        Gen.Select(Messages, Gen.Int[0, 10_000], Gen.Byte, Gen.Bool).Sample((message, place, value, cut) =>
        {
            byte[] bytes = message.ToByteArray();
            place %= bytes.Length;
            bytes[place] = value;
            try
            {
                FlowerWire.Read(Whole(cut ? bytes[..place] : bytes));
            }
            catch (Exception refusal) when (refusal is InvalidDataException or InvalidProtocolBufferException)
            {
            }
        }, iter: 20_000);

    [Fact]
    public void A_flood_of_arrays_or_metrics_is_refused_before_it_is_read()
    {
        var arrays = new ClientMessage { FitRes = new() { Parameters = new() } };
        var metrics = new ClientMessage { EvaluateRes = new() };
        for (int i = 0; i <= FlowerWire.MostFields; i++)
        {
            arrays.FitRes.Parameters.Tensors.Add(ByteString.Empty);
            metrics.EvaluateRes.Metrics[$"{i}"] = new Scalar();
        }

        foreach (var flood in new[] { arrays, metrics })
            Assert.Equal("It has more than 65536 fields.",
                Assert.Throws<InvalidDataException>(() => FlowerWire.Read(Whole(flood.ToByteArray()))).Message);
    }

    [Fact]
    public void A_flood_behind_a_tag_that_is_longer_than_tags_are_is_counted_too()
    {
        // Fields 4 and 2, with a bit above the 32 that a tag has.
        byte[] flood = [.. Enumerable.Range(0, FlowerWire.MostFields).SelectMany(_ => new byte[] { 0x0A, 0 })];
        byte[] parameters = [0x92, 0x80, 0x80, 0x80, 0x80, 1, .. Length(flood), .. flood];
        byte[] message = [0xA2, 0x80, 0x80, 0x80, 0x80, 1, .. Length(parameters), .. parameters];
        Assert.Throws<InvalidDataException>(() => FlowerWire.Read(Whole(message)));

        static byte[] Length(byte[] bytes) =>
            [(byte)(bytes.Length | 0x80), (byte)((bytes.Length >> 7) | 0x80), (byte)(bytes.Length >> 14)];
    }

    [Fact]
    public void Unknown_fields_are_skipped()
    {
        // Field 9: a text; field 10: a number; field 11: four bytes; field 12: eight bytes.
        byte[] unknown = [0x4A, 2, 1, 2, 0x50, 5, 0x5D, 1, 2, 3, 4, 0x61, 1, 2, 3, 4, 5, 6, 7, 8];
        Assert.Equal(new ClientMessage(), FlowerWire.Read(Whole(unknown)));
    }

    [Theory]
    [InlineData("It has a field of the wire type 3.", new byte[] { 0x0B, 0x0C })]
    [InlineData("A field of 100 bytes has 1.", new byte[] { 0x22, 100, 1 })]
    [InlineData("A field of 18446744073709551615 bytes has 0.",
        new byte[] { 0x22, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1 })]
    [InlineData("It ends inside a number.", new byte[] { 0x22, 0x80 })]
    [InlineData("It has a number of more than ten bytes.", new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1 })]
    public void Broken_messages_are_refused_with_the_reason(string reason, byte[] bytes) =>
        Assert.Equal(reason, Assert.Throws<InvalidDataException>(() => FlowerWire.Read(Whole(bytes))).Message);

    [Fact]
    public async Task A_flood_through_the_door_ends_the_stream()
    {
        await using var host = await DoorHost.StartAsync(ModelLayout.Of([("weight", [100_000], TensorRole.Weight)]));
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, new float[100_000]));
        await peer.ReceiveAsync();
        var answer = new ClientMessage.Types.FitRes { Parameters = new() };
        for (int i = 0; i <= FlowerWire.MostFields; i++)
            answer.Parameters.Tensors.Add(ByteString.Empty);
        await peer.AnswerAsync(answer);
        Assert.Equal("What was sent is no message of flwr.proto. It has more than 65536 fields.",
            (await host.Federation.NextAsync<FakeFederation.Reported>()).Problem);
        Assert.Equal(StatusCode.InvalidArgument, (await peer.RefusalAsync()).StatusCode);
    }

    sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Segment Then(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}

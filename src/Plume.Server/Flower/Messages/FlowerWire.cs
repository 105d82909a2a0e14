using System.Buffers;
using Google.Protobuf;
using Plume.Protocol.Flower;

namespace Plume.Server.Flower.Messages;

/// <summary>
/// Reads a client's messages. The size limit bounds a message's bytes and not what is made of them: two bytes on the wire can
/// be an array or a metric in memory, a hundred times as large. So fields are counted before any is read.
/// </summary>
static class FlowerWire
{
    /// <summary>Most fields of a message, arrays and metrics included.</summary>
    public const int MostFields = 1 << 16;

    const int Varint = 0, Eight = 1, Delimited = 2, Four = 5;
    const int LastAnswer = ClientMessage.EvaluateResFieldNumber,
        ParametersField = ClientMessage.Types.FitRes.ParametersFieldNumber;

    static readonly MessageParser<ClientMessage> Parser = ClientMessage.Parser.WithDiscardUnknownFields(true);

    /// <summary>Reads one message; unknown fields are skipped.</summary>
    /// <exception cref="InvalidDataException">It has too many fields, or is broken.</exception>
    /// <exception cref="InvalidProtocolBufferException">It is broken.</exception>
    public static ClientMessage Read(ReadOnlySequence<byte> message)
    {
        int fields = 0;
        Count(message, depth: 0, ref fields);
        return Parser.ParseFrom(message);
    }

    // Repeated fields stand in an answer, and in the parameters in it; whatever else is repeated replaces what was before it.
    static void Count(ReadOnlySequence<byte> message, int depth, ref int fields)
    {
        var reader = new SequenceReader<byte>(message);
        while (!reader.End)
        {
            if (++fields > MostFields)
                throw new InvalidDataException($"It has more than {MostFields} fields.");
            // The parser drops what a tag has above 32 bits.
            uint tag = (uint)ReadVarint(ref reader), field = tag >> 3;
            switch ((int)(tag & 7))
            {
                case Varint:
                    ReadVarint(ref reader);
                    break;
                case Eight:
                    Skip(ref reader, 8);
                    break;
                case Four:
                    Skip(ref reader, 4);
                    break;
                case Delimited:
                    var content = Slice(ref reader, ReadVarint(ref reader));
                    if (depth == 0 ? field <= LastAnswer : depth == 1 && field == ParametersField)
                        Count(content, depth + 1, ref fields);
                    break;
                default:
                    throw new InvalidDataException($"It has a field of the wire type {tag & 7}.");
            }
        }
    }

    static ReadOnlySequence<byte> Slice(ref SequenceReader<byte> reader, ulong length)
    {
        var start = reader.Position;
        Skip(ref reader, length);
        return reader.Sequence.Slice(start, reader.Position);
    }

    static void Skip(ref SequenceReader<byte> reader, ulong length)
    {
        if (length > (ulong)reader.Remaining)
            throw new InvalidDataException($"A field of {length} bytes has {reader.Remaining}.");
        reader.Advance((long)length);
    }

    static ulong ReadVarint(ref SequenceReader<byte> reader)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (!reader.TryRead(out byte piece))
                throw new InvalidDataException("It ends inside a number.");
            value |= (ulong)(piece & 0x7F) << shift;
            if (piece < 0x80)
                return value;
        }

        throw new InvalidDataException("It has a number of more than ten bytes.");
    }
}

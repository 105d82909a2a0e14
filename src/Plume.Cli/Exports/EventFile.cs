using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;
using Plume.Cli.Runs;

namespace Plume.Cli.Exports;

/// <summary>
/// The rounds of a run as TensorBoard reads them: a file of events, each number of a round a scalar at that step.
/// </summary>
/// <remarks>
/// Records as TensorFlow frames them (tensorflow/core/lib/io/record_writer.h): length, its checksum, the event, its checksum,
/// where a checksum is CRC-32C turned by 15 bits and moved by a constant. An event is a message of
/// tensorflow/core/util/event.proto. The time of an event is the seconds since the run began, so that the same run gives the
/// same bytes.
/// </remarks>
static class EventFile
{
    /// <summary>The name that TensorBoard finds a file by.</summary>
    public const string Name = "events.out.tfevents.0.plume";

    const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5;
    const int SummaryValue = 1, Tag = 1, SimpleValue = 2;
    const uint MaskDelta = 0xA282EAD8;

    /// <summary>The bytes of the file.</summary>
    public static byte[] Of(IReadOnlyList<RoundLine> rounds)
    {
        using var file = new MemoryStream();
        Append(file, Event(0, null, output =>
        {
            output.WriteTag(FileVersion, WireFormat.WireType.LengthDelimited);
            output.WriteString("brain.Event:2");
        }));
        double seconds = 0;
        foreach (var round in rounds)
        {
            seconds += round.Seconds;
            byte[] summary = Message(output =>
            {
                foreach (var (name, value) in MetricsTable.NumbersOf(round))
                    WriteBytes(output, SummaryValue, Message(inner =>
                    {
                        inner.WriteTag(Tag, WireFormat.WireType.LengthDelimited);
                        inner.WriteString(name);
                        inner.WriteTag(SimpleValue, WireFormat.WireType.Fixed32);
                        inner.WriteFloat((float)value);
                    }));
            });
            Append(file, Event(seconds, round.Round, output => WriteBytes(output, Summary, summary)));
        }

        return file.ToArray();
    }

    /// <summary>The checksum of a record's part.</summary>
    public static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = Crc(bytes);
        return BitOperations.RotateRight(crc, 15) + MaskDelta;
    }

    /// <summary>CRC-32C (Castagnoli).</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte each in bytes)
            crc = BitOperations.Crc32C(crc, each);
        return ~crc;
    }

    static byte[] Event(double time, int? step, Action<CodedOutputStream> write) => Message(output =>
    {
        output.WriteTag(WallTime, WireFormat.WireType.Fixed64);
        output.WriteDouble(time);
        if (step is { } at)
        {
            output.WriteTag(Step, WireFormat.WireType.Varint);
            output.WriteInt64(at);
        }

        write(output);
    });

    static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
            write(output);
        return bytes.ToArray();
    }

    static void WriteBytes(CodedOutputStream output, int field, byte[] message)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(message));
    }

    static void Append(MemoryStream file, byte[] record)
    {
        Span<byte> head = stackalloc byte[12], tail = stackalloc byte[4];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Masked(head[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, Masked(record));
        file.Write(head);
        file.Write(record);
        file.Write(tail);
    }
}

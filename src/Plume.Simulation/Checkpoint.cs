using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Plume.Compression.Wire;
using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Models;
using Plume.Simulation.Clients;

namespace Plume.Simulation;

/// <summary>Everything a stopped simulation needs to go on to the same bits, as the bytes of a file.</summary>
/// <param name="Fingerprint">Of the options and the layout: a checkpoint of other settings is refused.</param>
/// <param name="Model">The exact values of what is published.</param>
/// <param name="Broadcasts">What was published to clients of each capacity.</param>
/// <param name="Optimizer">What server optimizer and method remember.</param>
/// <param name="Versions">The version that each client has.</param>
/// <param name="Participations">The rounds that each client took part in; empty where none is counted.</param>
/// <param name="Metrics">The rounds so far.</param>
/// <param name="Costs">What they have cost each client.</param>
/// <param name="Memories">What each client remembers.</param>
sealed record Checkpoint(
    ulong Fingerprint,
    float[] Model,
    IReadOnlyList<KeptBroadcast> Broadcasts,
    float[] Optimizer,
    int[] Versions,
    int[] Participations,
    IReadOnlyList<RoundMetrics> Metrics,
    ClientCost[] Costs,
    IReadOnlyDictionary<int, float[]> Memories)
{
    /// <summary>The round that each client took part in last; empty where the plan does not keep participations apart.</summary>
    public int[] LastRounds { get; init; } = [];

    /// <summary>Where the run stands with its budget of bytes.</summary>
    public Spending Spending { get; init; } = Spending.Nothing;

    /// <summary>Who is at work, where rounds are buffered.</summary>
    public KeptWork Work { get; init; } = KeptWork.None;

    const byte FormatVersion = 13;
    const int HashBytes = 8;

    static ReadOnlySpan<byte> Magic => "PLUMECKP"u8;

    public byte[] ToBytes()
    {
        var output = new PayloadWriter();
        output.Bytes(Magic);
        output.UInt8(FormatVersion);
        output.UInt64(Fingerprint);
        WriteArray(output, Model);
        output.Varint(Broadcasts.Count);
        foreach (var broadcast in Broadcasts)
            WriteBroadcast(output, broadcast);
        WriteArray(output, Optimizer);
        WriteArray(output, Versions);
        WriteArray(output, Participations);
        output.Varint(Metrics.Count);
        foreach (var round in Metrics)
            WriteRound(output, round);
        WriteArray(output, Costs);
        WriteArrays(output, Memories);
        WriteWork(output, Work);
        WriteArray(output, LastRounds);
        KeptSpending.Write(output, Spending);
        output.UInt64(XxHash64.HashToUInt64(output.Written.Span));
        return output.Written.ToArray();
    }

    /// <exception cref="InvalidPayloadException">The bytes are cut, damaged, of another version, or of other
    /// settings.</exception>
    public static Checkpoint Read(ReadOnlySpan<byte> bytes, ulong fingerprint)
    {
        var input = new PayloadReader(bytes);
        if (!input.Bytes(Magic.Length, "magic").SequenceEqual(Magic))
            throw new InvalidPayloadException("The file does not begin as a checkpoint does.");
        byte version = input.UInt8("version");
        if (version != FormatVersion)
            throw InvalidPayloadException.Field("version", Magic.Length, version, $"must be {FormatVersion}");
        if (input.Left < HashBytes
            || XxHash64.HashToUInt64(bytes[..^HashBytes]) != MemoryMarshal.Read<ulong>(bytes[^HashBytes..]))
            throw new InvalidPayloadException("The checkpoint is cut or damaged: its hash is not the one written at its end.");
        if (input.UInt64("fingerprint") != fingerprint)
            throw new InvalidPayloadException(
                "The checkpoint is of other settings than the experiment at hand; resume with the settings that it was made "
                    + "with, or begin anew in another folder.");
        var checkpoint = new Checkpoint(fingerprint, ReadArray<float>(ref input), ReadBroadcasts(ref input),
            ReadArray<float>(ref input), ReadArray<int>(ref input), ReadArray<int>(ref input), ReadRounds(ref input),
            ReadArray<ClientCost>(ref input), ReadArrays(ref input, "client"))
        {
            Work = ReadWork(ref input),
            LastRounds = ReadArray<int>(ref input),
            Spending = KeptSpending.Read(ref input),
        };
        input.UInt64("hash");
        input.End("checkpoint");
        return checkpoint;
    }

    static void WriteArray<T>(PayloadWriter output, T[] values) where T : unmanaged
    {
        output.Varint(values.Length);
        output.Bytes(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    static unsafe T[] ReadArray<T>(ref PayloadReader input) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(input.Bytes((long)sizeof(T) * input.Varint("length", 0, input.Left), "values")).ToArray();

    static void WriteBroadcast(PayloadWriter output, KeptBroadcast broadcast)
    {
        WriteArray(output, broadcast.Oldest);
        output.Varint(broadcast.Payloads.Count);
        foreach (byte[] payload in broadcast.Payloads)
            WriteArray(output, payload);
        WriteArray<long>(output, [.. broadcast.Lengths]);
    }

    static List<KeptBroadcast> ReadBroadcasts(ref PayloadReader input)
    {
        var broadcasts = new List<KeptBroadcast>();
        for (int left = input.Varint("number of broadcasts", 1, input.Left); left > 0; left--)
            broadcasts.Add(new KeptBroadcast(ReadArray<float>(ref input), ReadPayloads(ref input), ReadArray<long>(ref input)));
        return broadcasts;
    }

    static List<byte[]> ReadPayloads(ref PayloadReader input)
    {
        var payloads = new List<byte[]>();
        for (int left = input.Varint("number of payloads", 0, input.Left); left > 0; left--)
            payloads.Add(ReadArray<byte>(ref input));
        return payloads;
    }

    static void WriteRound(PayloadWriter output, RoundMetrics round)
    {
        output.Varint(round.Round);
        WriteArray(output, [round.Accuracy ?? double.NaN, round.Loss
            ?? double.NaN, round.TrainingLoss, round.Seconds, round.Norm, round.ClientSeconds, round.LinkSeconds
            ?? double.NaN, round.NextStep ?? double.NaN, round.Epsilon ?? double.NaN, round.Staleness ?? double.NaN,
            round.MostStale ?? double.NaN, round.NextClip ?? double.NaN,
            round.Spread ?? double.NaN, round.Budget?.Pressure ?? double.NaN, round.Budget?.UplinkFactor ?? double.NaN,
            round.Budget?.DownlinkFactor ?? double.NaN, round.Budget?.NotAsked ?? double.NaN, round.MacroF1 ?? double.NaN]);
        WriteArray(output, [round.UplinkBytes, round.DownlinkBytes]);
        output.Varint(round.Accepted);
        WriteTexts(output, round.Refused);
        WriteTexts(output, round.Bounded);
        WriteArray<double>(output, [.. round.SecondsByCapacity ?? []]);
    }

    static void WriteWork(PayloadWriter output, KeptWork work)
    {
        output.UInt64((ulong)work.Now);
        WriteArray(output, work.Tasks);
        WriteArrays(output, work.Models);
    }

    static KeptWork ReadWork(ref PayloadReader input) =>
        new((long)input.UInt64("time"), ReadArray<Assignment>(ref input), ReadArrays(ref input, "version"));

    static void WriteTexts(PayloadWriter output, IReadOnlyList<string> texts)
    {
        output.Varint(texts.Count);
        foreach (string text in texts)
            WriteArray(output, Encoding.UTF8.GetBytes(text));
    }

    static List<RoundMetrics> ReadRounds(ref PayloadReader input)
    {
        var rounds = new List<RoundMetrics>();
        for (int left = input.Varint("number of rounds", 0, input.Left); left > 0; left--)
        {
            int number = input.Varint("round", 1, int.MaxValue);
            if (ReadArray<double>(ref input) is not [var accuracy, var loss, var trainingLoss, var seconds, var norm,
                var clientSeconds, var linkSeconds, var nextStep, var epsilon, var staleness, var mostStale,
                var nextClip, var spread, var pressure, var uplinkFactor, var downlinkFactor, var notAsked, var macroF1]
                    || ReadArray<long>(ref input) is not [var uplink, var downlink])
                throw InvalidPayloadException.Field("round", input.Offset, number, "must have eighteen figures and two sizes");
            int accepted = input.Varint("accepted", 0, int.MaxValue);
            var (refused, bounded) = (ReadTexts(ref input), ReadTexts(ref input));
            var round = new RoundMetrics(number, Known(accuracy), Known(loss), trainingLoss, uplink, downlink, seconds, accepted,
                refused, norm, bounded)
            {
                MacroF1 = Known(macroF1),
                ClientSeconds = clientSeconds,
                LinkSeconds = Known(linkSeconds),
                NextStep = (float?)Known(nextStep),
                Epsilon = Known(epsilon),
                Staleness = Known(staleness),
                MostStale = (int?)Known(mostStale),
                NextClip = Known(nextClip),
                Spread = Known(spread),
                Budget = double.IsNaN(pressure) ? null
                    : new BudgetFigures((int)pressure, uplinkFactor, downlinkFactor, (int)notAsked),
            };
            rounds.Add(round with
            {
                SecondsByCapacity = ReadArray<double>(ref input) is { Length: > 0 } byCapacity ? byCapacity
                : null
            });
        }

        return rounds;
    }

    static List<string> ReadTexts(ref PayloadReader input)
    {
        var texts = new List<string>();
        for (int left = input.Varint("number of texts", 0, input.Left); left > 0; left--)
            texts.Add(Encoding.UTF8.GetString(ReadArray<byte>(ref input)));
        return texts;
    }

    static void WriteArrays(PayloadWriter output, IReadOnlyDictionary<int, float[]> arrays)
    {
        output.Varint(arrays.Count);
        foreach (var (number, values) in arrays)
        {
            output.Varint(number);
            WriteArray(output, values);
        }
    }

    static Dictionary<int, float[]> ReadArrays(ref PayloadReader input, string what)
    {
        var arrays = new Dictionary<int, float[]>();
        for (int left = input.Varint($"number of arrays by {what}", 0, input.Left); left > 0; left--)
            arrays[input.Varint(what, 0, int.MaxValue)] = ReadArray<float>(ref input);
        return arrays;
    }

    static double? Known(double value) => double.IsNaN(value) ? null : value;
}

using System.Collections.Immutable;
using Plume.Compression.Wire;
using Plume.Federation.Budgets;

namespace Plume.Simulation.Clients;

/// <summary>Where a run stands with its budget of bytes, between two rounds, as part of a checkpoint.</summary>
static class KeptSpending
{
    const int NoDate = 0;

    /// <summary>Writes it.</summary>
    public static void Write(PayloadWriter output, Spending spending)
    {
        output.UInt64((ulong)spending.Published);
        output.UInt64((ulong)(long)spending.Pressure);
        output.Double(spending.FurtherShare);
        output.Double(spending.MeanUpload);
        output.UInt64((ulong)spending.LargestUpload);
        output.Double(spending.NextUpload);
        output.Double(spending.NextPayload);
        output.Double(spending.ModelStep ?? double.NaN);
        output.UInt64((ulong)(spending.Since?.UtcTicks ?? NoDate));
        output.Varint(spending.EndedAfter is { } rounds ? rounds + 1 : 0);
        output.Varint(spending.CatchUps.Count);
        foreach (var (version, bytes) in spending.CatchUps)
        {
            output.Varint(version);
            output.UInt64((ulong)bytes);
        }

        output.Varint(spending.Accounts.Count);
        foreach (var (client, account) in spending.Accounts)
        {
            output.Varint(client);
            output.Varint(account.Version is { } version ? version + 1 : 0);
            output.UInt64((ulong)account.At);
            output.Varint(account.Days.Count);
            foreach (var (day, bytes) in account.Days)
            {
                output.Varint(day);
                output.UInt64((ulong)bytes);
            }
        }
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are no such thing.</exception>
    public static Spending Read(ref PayloadReader input)
    {
        long published = (long)input.UInt64("bytes published");
        int pressure = (int)(long)input.UInt64("pressure");
        double share = input.Double("share");
        double mean = input.Double("mean upload");
        long largest = (long)input.UInt64("largest upload");
        double nextUpload = input.Double("next upload");
        double nextPayload = input.Double("next payload");
        double step = input.Double("step of models");
        long since = (long)input.UInt64("first round");
        int ended = input.Varint("end", 0, int.MaxValue);
        var catchUps = ImmutableSortedDictionary.CreateBuilder<int, long>();
        for (int left = input.Varint("number of catch-ups", 0, input.Left); left > 0; left--)
            catchUps[input.Varint("version", 0, int.MaxValue)] = (long)input.UInt64("bytes of a catch-up");
        var accounts = ImmutableSortedDictionary.CreateBuilder<int, Account>();
        for (int left = input.Varint("number of accounts", 0, input.Left); left > 0; left--)
        {
            int client = input.Varint("client", 0, int.MaxValue), version = input.Varint("version", 0, int.MaxValue);
            long at = (long)input.UInt64("bytes up to it");
            var days = ImmutableSortedDictionary.CreateBuilder<int, long>();
            for (int count = input.Varint("number of days", 0, input.Left); count > 0; count--)
                days[input.Varint("day", 0, int.MaxValue)] = (long)input.UInt64("bytes of a day");
            accounts[client] = new Account(version == 0 ? null : version - 1, at) { Days = days.ToImmutable() };
        }

        return new Spending
        {
            Accounts = accounts.ToImmutable(),
            Published = published,
            CatchUps = catchUps.ToImmutable(),
            Pressure = pressure,
            FurtherShare = share,
            MeanUpload = mean,
            LargestUpload = largest,
            NextUpload = nextUpload,
            NextPayload = nextPayload,
            ModelStep = double.IsNaN(step) ? null : (float)step,
            Since = since == NoDate ? null : new DateTimeOffset(since, TimeSpan.Zero),
            EndedAfter = ended == 0 ? null : ended - 1,
        };
    }
}

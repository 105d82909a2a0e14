using Plume.Client;
using Plume.Compression.Wording;
using Plume.Pages.Charts;

namespace Plume.Cli.Network;

/// <summary>
/// What a client does, as lines. While a server is away it says so at first, and then now and then, not at every try.
/// </summary>
/// <param name="name">The client's name, with which its lines begin.</param>
/// <param name="output">Where they go.</param>
/// <param name="time">Tells how long a trouble lasts.</param>
sealed class ClientLines(string name, TextWriter output, TimeProvider time) : IProgress<ClientProgress>
{
    static readonly TimeSpan FirstSilence = TimeSpan.FromMinutes(1), LongestSilence = TimeSpan.FromMinutes(10);

    ClientStage last = ClientStage.Ended;
    long troubleSince;
    TimeSpan nextWord;

    public void Report(ClientProgress value)
    {
        if (value.Stage == ClientStage.BackingOff)
        {
            ReportTrouble(value.Message);
            return;
        }

        if (last == ClientStage.BackingOff && nextWord > FirstSilence)
            Write($"the server answers again after {Quantity.Seconds(Lasted.TotalSeconds)}");
        // Waiting and its repetitions are no news.
        if (value.Stage == last && value.Message.Length == 0)
            return;
        last = value.Stage;
        Write(value.Stage switch
        {
            ClientStage.Joined => "joined",
            ClientStage.Waiting => "waits for work",
            ClientStage.Downloading => $"round {value.Round}: takes in the model",
            ClientStage.Training => $"round {value.Round}: trains",
            ClientStage.Uploading => $"round {value.Round}: sends its update",
            ClientStage.Counted => $"round {value.Round}: its update "
                + $"counts{(value.Message.Length == 0 ? "" : $" ({value.Message.TrimEnd('.')})")}; "
                + $"{Quantity.Bytes(value.BytesUp)} up, {Quantity.Bytes(value.BytesDown)} down so far",
            ClientStage.Refused => $"round {value.Round}: its update does not count: {value.Message}",
            ClientStage.Noted or ClientStage.Renewed or ClientStage.NotRenewed => value.Message,
            ClientStage.Failed => $"round {value.Round}: could not do its task: {value.Message}",
            _ => "the federation has ended",
        });
    }

    TimeSpan Lasted => time.GetElapsedTime(troubleSince);

    void ReportTrouble(string message)
    {
        if (last != ClientStage.BackingOff)
        {
            (last, troubleSince, nextWord) = (ClientStage.BackingOff, time.GetTimestamp(), FirstSilence);
            Write($"cannot go on yet, and tries again: {message}");
        }
        else if (Lasted is var lasted && lasted >= nextWord)
        {
            nextWord = lasted + (lasted < LongestSilence ? lasted : LongestSilence);
            Write($"has tried for {Quantity.Seconds(lasted.TotalSeconds)}: {message}");
        }
    }

    void Write(string what) => output.WriteLine($"{name}: {Printable.Line(what)}");
}

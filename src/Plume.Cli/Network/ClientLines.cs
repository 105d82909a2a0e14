using Plume.Client;

namespace Plume.Cli.Network;

/// <summary>What a client does, as lines.</summary>
sealed class ClientLines(string name) : IProgress<ClientProgress>
{
    ClientStage last = ClientStage.Ended;

    public void Report(ClientProgress value)
    {
        // Waiting and its repetitions are no news.
        if (value.Stage == last && value.Message.Length == 0)
            return;
        last = value.Stage;
        string what = value.Stage switch
        {
            ClientStage.Joined => "joined",
            ClientStage.Waiting => "waits for work",
            ClientStage.Downloading => $"round {value.Round}: takes in the model",
            ClientStage.Training => $"round {value.Round}: trains",
            ClientStage.Uploading => $"round {value.Round}: sends its update",
            ClientStage.Counted => $"round {value.Round}: its update counts; {Quantity.Bytes(value.BytesUp)} up, {Quantity.Bytes(value.BytesDown)} down so far",
            ClientStage.Refused => $"round {value.Round}: its update does not count: {value.Message}",
            ClientStage.Failed => $"round {value.Round}: could not do its task: {value.Message}",
            ClientStage.BackingOff => value.Message,
            _ => "the federation has ended",
        };
        Console.Error.WriteLine($"{name}: {what}");
    }
}

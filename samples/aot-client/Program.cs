// Joins a federation with a learner in plain C#: softmax regression, one weight matrix [classes, features] and one bias a class.
// A line of the data file is a label and its features: 7, 0.0, 0.5, ...
// Run it with: aot-client http://127.0.0.1:5080 FEDERATION NAME DATA.csv FOLDER [ROOT.pem]
using Plume.Client;
using Plume.Samples.AotClient;

if (args.Length < 5)
{
    Console.Error.WriteLine(
        "Give the server's address, the federation, the client's name, a data file and a folder; for TLS also the server's "
            + "root certificate.");
    return 2;
}

using var leaving = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    leaving.Cancel();
};
var options = new ClientOptions
{
    Server = new Uri(args[0]),
    Federation = args[1],
    Name = args[2],
    Folder = args[4],
    RootFile = args.Length > 5 ? args[5] : null,
    Progress = new ConsoleProgress(),
};
try
{
    var result = await FederatedClient.JoinAsync(options, terms => new SoftmaxRegression(terms.Layout, args[3]), leaving.Token);
    Console.WriteLine($"The federation has ended with version {result.LastVersion}. {result.Message}");
    return 0;
}
catch (FederationException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
catch (OperationCanceledException)
{
    return 0;
}

sealed class ConsoleProgress : IProgress<ClientProgress>
{
    public void Report(ClientProgress value) =>
        Console.WriteLine($"{value.Stage} {value.Round} up {value.BytesUp} down {value.BytesDown} {value.Message}");
}

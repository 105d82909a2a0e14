// Hosts a federation that learns softmax regression: a weight matrix [classes, features] and a bias a class, all zeros at first.
// Without TLS, and so for clients on this machine only; plume serve has certificates, enrolment and all else.
// Run it with: server FEATURES CLASSES CLIENTS [PORT]
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;
using Plume.Server.Hosting;
using Plume.Server.Storage;

const int UsualPort = 7443;

if (args.Length < 3)
{
    Console.Error.WriteLine("Give the number of features, of classes and of clients; and a port, if it is not to be 7443.");
    return 2;
}

int[] numbers = [.. args.Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
var (features, classes, clients) = (numbers[0], numbers[1], numbers[2]);
var layout = ModelLayout.Of([("weight", [classes, features], TensorRole.Weight), ("bias", [classes], TensorRole.Bias)]);
var plan = new FederationPlan(clients, Rounds: 20, Participants: clients,
    new LocalObjective(Epochs: 2, BatchSize: 16, LearningRate: 0.1),
    Codec.Parse("feedback | topk(25%) | uniform(4) | rans"), Codec.Parse("delta | uniform(8) | rans"))
{
    StartWith = clients,
};
var federation = new FederationDefinition("softmax", plan, Seed: 1, layout, () => new float[layout.Length]);
await using var server = PlumeServer.Build(
    new ServerOptions([federation], ServerStorage.InFolder("state"))
    {
        Listen = new IPEndPoint(IPAddress.Loopback, args.Length > 3 ? numbers[3] : UsualPort),
    },
    logging => logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Information)
        .AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning));
await server.StartAsync();
Console.WriteLine($"Federation '{federation.Name}' waits for {clients} clients at {server.Urls.First()}.");
await PlumeServer.WaitAsync(server);
return 0;

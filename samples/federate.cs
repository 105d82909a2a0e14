#:property PublishAot=false
#:property NeedsLibtorch=true
#:project ../src/Plume.Client/Plume.Client.csproj
#:project ../src/Plume.Learning/Plume.Learning.csproj
#:project ../src/Plume.Server/Plume.Server.csproj
// A network written in TorchSharp learns digits in a federation: a server and four clients, here in one process, over real gRPC.
// Run it with: dotnet run samples/federate.cs
using System.Net;
using Microsoft.Extensions.Logging;
using Plume.Client;
using Plume.Compression.Codecs;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Server.Federations.Definitions;
using Plume.Server.Hosting;
using Plume.Server.Storage;
using TorchSharp;
using static TorchSharp.torch;

const int Clients = 4;
string folder = Directory.CreateTempSubdirectory("plume-sample-").FullName;
var (train, test) = Digits.Load();
nn.Module<Tensor, Tensor> net = null!;
using var reference = new ModuleLearner(() => net = NewNet(), () => Samples(test, _ => true));
float[] start = reference.GetWeights();

var plan = new FederationPlan(Clients, Rounds: 10, Participants: Clients,
    new LocalObjective(Epochs: 2, BatchSize: 16, LearningRate: 0.1),
    Uplink: Codec.Parse("feedback | topk(10%) | uniform(4) | rans"), Downlink: Codec.Parse("delta | uniform(6) | rans"));
var definition = new FederationDefinition("digits", plan, Seed: 1, reference.Layout, () => start);
await using var server = PlumeServer.Build(
    new ServerOptions([definition], ServerStorage.InFolder(Path.Combine(folder, "server")))
    {
        Listen = new IPEndPoint(IPAddress.Loopback, 0),
    },
    logging => logging.SetMinimumLevel(LogLevel.Error));
await server.StartAsync();

var results = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
{
    using var learner = new ModuleLearner(NewNet, () => Samples(train, sample => sample % Clients == client));
    var options = new ClientOptions
    {
        Server = new Uri(server.Urls.First()),
        Federation = "digits",
        Name = $"site-{client}",
        Number = client,
        Folder = Path.Combine(folder, $"site-{client}"),
    };
    return await FederatedClient.JoinAsync(options, learner);
}));

reference.SetWeights(results[0].Model.Span);
net.eval();
var (samples, labels) = Samples(test, _ => true);
double right = net.call(samples).argmax(1).eq(labels).to_type(ScalarType.Float32).mean().ToSingle();
await server.StopAsync();
Console.WriteLine($"Version {results[0].LastVersion}: {right:0.0 %} right");

static nn.Module<Tensor, Tensor> NewNet() =>
    nn.Sequential(("fc1", nn.Linear(64, 32)), ("relu", nn.ReLU()), ("fc2", nn.Linear(32, 10)));

static (Tensor, Tensor) Samples(LabeledSet set, Predicate<int> wanted)
{
    long[] places = [.. Enumerable.Range(0, set.Count).Where(sample => wanted(sample)).Select(sample => (long)sample)];
    return (tensor(set.Features).view(set.Count, -1).index_select(0, places), tensor(set.Labels, int64).index_select(0, places));
}

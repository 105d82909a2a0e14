using System.Runtime.InteropServices;
using Plume.Client;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Models.Cost;
using Plume.Models.Onnx;
using Plume.Models.Prune.Channels;
using Plume.Models.Zoo;

// A model is made smaller, written as ONNX and read again, its weights go through a codec, and a client finds nobody to join.
var key = RandomKey.FromSeed(1);
var small = new ChannelPruning(Keep: 0.5).Apply(ModelZoo.Build("lenet", [1, 28, 28], classes: 10, key)).Graph;
var read = OnnxFile.Read(OnnxFile.Write(small));
var weights = read.ToWeights();
var codec = Codec.Parse("rotate | uniform(4) | rans");
var payload = new PayloadEncoder(codec, weights.Layout).Encode(weights.Values.ToArray(), key);
var decoded = new float[weights.Layout.Length];
new PayloadDecoder(codec, weights.Layout).Decode(payload, decoded, key);

string folder = Directory.CreateTempSubdirectory("plume-platforms-").FullName;
using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
string joined = "a client joined nobody";
try
{
    await FederatedClient.JoinAsync(
        new ClientOptions { Server = new Uri("http://127.0.0.1:1"), Federation = "none", Name = "nobody", Folder = folder },
        _ => throw new InvalidOperationException("There is no federation."), patience.Token);
    joined = "a client joined";
}
catch (OperationCanceledException)
{
}

Directory.Delete(folder, recursive: true);
Console.WriteLine($"{RuntimeInformation.RuntimeIdentifier}: {GraphCost.Of(read).Parameters} parameters in {payload.Length} bytes, {joined}");

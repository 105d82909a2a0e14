// The federated work of docs/benchmarks.md without codecs or a federation around it: what training alone takes.
// Usage: Plume.Learning.Bench [rounds] [threads] [seed]
using System.Diagnostics;
using System.Globalization;
using Plume.Compression.Aggregation;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Learning.Partition;
using Plume.Models.Zoo;

int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 30;
int threads = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 2;
string data = Path.Combine(FindRoot(), "experiments", "data");

var key = RandomKey.FromSeed(args.Length > 2 ? ulong.Parse(args[2], CultureInfo.InvariantCulture) : 1);
var (train, test) = MnistFolder.Fashion.Load();
var graph = ModelZoo.Build("lenet", train.SampleShape, train.Classes, key);
var allotment = new FromFile(Path.Combine(data, "fashion-mnist-dirichlet0.3.json.gz")).Read(train);
float[] model = ReadFloats(Path.Combine(data, "fashion-mnist-lenet-init.npy"), graph.Weights.Length);
var objective = new LocalObjective(Epochs: 1, BatchSize: 32, LearningRate: 0.05);
using var learner = new GraphLearner(graph, train, allotment.Clients);
using var evaluator = new GraphEvaluator(graph, test, threads);

for (int round = 1; round <= rounds; round++)
{
    int number = round;
    int[] participants = allotment.Rounds![round - 1];
    int most = participants.Max(client => allotment.Clients[client].Length);
    var sum = new ExactSum(model.Length, participants.Length);
    var clock = Stopwatch.StartNew();
    var processor = Process.GetCurrentProcess().TotalProcessorTime;
    Parallel.ForEach(participants, new ParallelOptions { MaxDegreeOfParallelism = threads }, client =>
    {
        var trained = new float[model.Length];
        var outcome = learner.Train(new LocalTask(number, client, model, objective, key.Fold((ulong)number).Fold((ulong)client)),
            trained, default);
        for (int i = 0; i < trained.Length; i++)
            trained[i] -= model[i];
        lock (sum)
            sum.Add(0, trained, (double)outcome.Samples / most);
    });
    var mean = new float[model.Length];
    sum.DivideInto(participants.Sum(client => (double)allotment.Clients[client].Length / most), mean);
    for (int i = 0; i < mean.Length; i++)
        model[i] += mean[i];
    var seconds = clock.Elapsed.TotalSeconds;
    processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
    string accuracy = round == rounds || round % 5 == 0 ? $" accuracy {evaluator.Evaluate(model, default).Accuracy:0.0000}" : "";
    Console.WriteLine($"round {round} seconds {seconds:0.000} processor {processor.TotalSeconds:0.000}{accuracy}");
}

static float[] ReadFloats(string path, int count)
{
    byte[] bytes = File.ReadAllBytes(path);
    return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes.AsSpan(bytes.Length - 4 * count)).ToArray();
}

static string FindRoot()
{
    string folder = AppContext.BaseDirectory;
    while (!File.Exists(Path.Combine(folder, "Plume.slnx")))
        folder = Path.GetDirectoryName(folder)!;
    return folder;
}

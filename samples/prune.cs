#:property PublishAot=false
#:property NeedsLibtorch=true
#:project ../src/Plume.Learning/Plume.Learning.csproj
// Prunes a model that knows digits: first its smallest weights, then whole neurons. Run it with: dotnet run samples/prune.cs
using Plume.Compression.Randomness;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;
using Plume.Models.Prune.Connections;
using Plume.Models.Zoo;

var key = RandomKey.FromSeed(1);
var (train, test) = Digits.Load();
using var trainer = new GraphTrainer(ModelZoo.Build("mlp", train.SampleShape, train.Classes, key), train,
    new TrainingOptions(Epochs: 8));
var model = trainer.Train(new CrossEntropy(), key);
var fineTuning = new FineTuning(model, train);
var options = new TrainingOptions(Epochs: 4, LearningRate: 0.02);
Tell("trained", model);

var mask = new MagnitudePruning(0.8).MaskOf(model);
Tell("80 % of the weights at zero", mask.Apply(model));
Tell("and fine-tuned", fineTuning.Run(mask.Apply(model), options, key, new MaskedTraining(mask)));

var pruned = new ChannelPruning(Keep: 0.4).Apply(model);
foreach (var group in pruned.Removed)
    Console.WriteLine(group);
Tell("40 % of the parameters left", pruned.Graph);
Tell("and fine-tuned", fineTuning.Run(pruned.Graph, options, key));

void Tell(string what, ModelGraph graph)
{
    using var evaluator = new GraphEvaluator(graph, test);
    Console.WriteLine($"{what}: {evaluator.Evaluate(graph.ToWeights().Values, default).Accuracy:0.0 %} right, "
        + $"{GraphCost.Of(graph).Parameters} parameters");
}

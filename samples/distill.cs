#:property PublishAot=false
#:property NeedsLibtorch=true
#:project ../src/Plume.Learning/Plume.Learning.csproj
// A small model learns digits from a large one, with and without labels. Run it with: dotnet run samples/distill.cs
using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Inference;
using Plume.Learning.Training;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Zoo;

var key = RandomKey.FromSeed(1);
var (train, test) = Digits.Load();
var teacher = Train(ModelZoo.Build("resnet8", train.SampleShape, train.Classes, key), new CrossEntropy());
Tell("teacher", teacher);

var student = ModelZoo.Build("mlp", train.SampleShape, train.Classes, key.Fold("student"));
Tell("student, labels alone", Train(student, new CrossEntropy()));
var labels = SoftLabels.Of(teacher, train);
Tell("student, half of the loss from the teacher", Train(student, new Distillation(labels, Temperature: 2, Alpha: 0.5)));
Tell("student, no label seen", Train(student, new Distillation(labels, Temperature: new Ramp(4, 1), Alpha: 1)));

ModelGraph Train(ModelGraph graph, ITrainingObjective objective)
{
    using var trainer = new GraphTrainer(graph, train, new TrainingOptions(Epochs: 8), Environment.ProcessorCount);
    return trainer.Train(objective, key);
}

void Tell(string what, ModelGraph graph)
{
    using var runtime = new RuntimeModel(graph);
    Console.WriteLine($"{what}: {Predictions.Of(runtime, test).Accuracy(test):0.0 %} right, {GraphCost.Of(graph).MultiplyAdds} "
        + $"multiply-adds");
}

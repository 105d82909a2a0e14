#:property PublishAot=false
#:property NeedsLibtorch=true
#:project ../src/Plume.Learning/Plume.Learning.csproj
// Makes a model that knows digits ten times smaller at a bounded loss. Run it with: dotnet run samples/shrink.cs
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Shrink;
using Plume.Learning.Training;
using Plume.Models.Container;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

var key = RandomKey.FromSeed(1);
var (train, test) = Digits.Load();
using var trainer = new GraphTrainer(ModelZoo.Build("mlp", train.SampleShape, train.Classes, key), train,
    new TrainingOptions(Epochs: 8));
var model = trainer.Train(new CrossEntropy(), key);

var options = new ShrinkOptions(To: 0.1, MaxLoss: 0.03, new TrainingOptions(Epochs: 6, LearningRate: 0.03));
var result = new ModelShrinker(model, train, test, options, key, report: step =>
    Console.WriteLine($"{step.What}: {step.Bytes} bytes, {step.Accuracy:0.0 %} right{(step.IsKept ? "" : ", too much lost")}"))
        .Run();
OnnxFile.WriteFile("digits.small.onnx", result.Best.Model);
var compressed = CompressedModel.Compress(result.Best.Model, Codec.Parse("rans"));
Console.WriteLine($"digits.small.onnx, {result.Best.Bytes} bytes; as a .plume file {compressed.ToBytes().Length}");

#:property PublishAot=false
#:property NeedsLibtorch=true
#:project ../src/Plume.Learning/Plume.Learning.csproj
// Gives a model that knows digits fewer bits: 8 after training, 3 while training. Run it with: dotnet run samples/quantize.cs
using Plume.Compression.Randomness;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Inference;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Quantize;
using Plume.Models.Zoo;

var key = RandomKey.FromSeed(1);
var (train, test) = Digits.Load();
using var trainer = new GraphTrainer(ModelZoo.Build("mlp", train.SampleShape, train.Classes, key), train,
    new TrainingOptions(Epochs: 8));
var model = trainer.Train(new CrossEntropy(), key);
Tell("32-bit floats", model);

var eight = PostTraining.Quantize(model, new QuantizationScheme(weightBits: 8, activationBits: 8), train);
Tell("8 bits after training", QdqLowering.Apply(eight));

var three = PostTraining.Quantize(model, new QuantizationScheme(weightBits: 3, activationBits: 4), train);
Tell("3 bits after training", QdqLowering.Apply(three, packed: true));
var trained = new FineTuning(model, train).Run(three, new TrainingOptions(Epochs: 6, LearningRate: 0.01), key);
Tell("3 bits while training", QdqLowering.Apply(trained, packed: true));

void Tell(string what, ModelGraph graph)
{
    using var runtime = new RuntimeModel(graph);
    Console.WriteLine($"{what}: {Predictions.Of(runtime, test).Accuracy(test):0.0 %} right, "
        + $"{OnnxFile.Write(GraphNames.Shorten(graph)).Length} bytes");
}

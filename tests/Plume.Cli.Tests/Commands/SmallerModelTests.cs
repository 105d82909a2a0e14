using System.Text.Json;
using Plume.Compression.Randomness;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Commands;

public class SmallerModelTests
{
    static readonly Lazy<ModelGraph> Trained = new(() =>
    {
        using var folder = new Folder();
        Assert.Equal(0, Program.Run("train", "mlp", "--data", "digits", "--epochs", "5", "-o", folder["m.onnx"]).Code);
        return OnnxFile.ReadFile(folder["m.onnx"]);
    });

    [Fact]
    public void A_model_is_trained_and_teaches_a_smaller_one_and_both_are_measured()
    {
        using var folder = new Folder();
        var trained = Program.Run("train", "mlp", "--data", "digits", "--epochs", "6", "-o", folder["large.onnx"]);
        Assert.Equal(0, trained.Code);
        Assert.Contains("epoch 6 of 6: loss 0.", trained.Error);
        Assert.Equal(0, Program.Run("distill", "--teacher", folder["large.onnx"], "--student", "logistic", "--data", "digits",
            "--epochs", "6", "-o", folder["small.onnx"]).Code);
        var measured = Program.Run("evaluate", folder["large.onnx"], folder["small.onnx"], "--data", "digits", "--json");
        Assert.Equal(0, measured.Code);
        using var json = JsonDocument.Parse(measured.Output);
        var models = json.RootElement.EnumerateArray().ToArray();
        Assert.Equal(2, models.Length);
        Assert.All(models, model => Assert.InRange(model.GetProperty("accuracy").GetDouble(), 0.85, 1));
        Assert.Equal([4810, 650], models.Select(model => model.GetProperty("parameters").GetInt64()));
        Assert.Equal([4736, 640], models.Select(model => model.GetProperty("multiplyAdds").GetInt64()));
        Assert.Equal(1, models[0].GetProperty("agreement").GetDouble());
        Assert.InRange(models[1].GetProperty("agreement").GetDouble(), 0.85, 0.999);
        Assert.All(models, model =>
            Assert.True(model.GetProperty("latencyMicroseconds").GetDouble() > 0 && model.GetProperty("bytes").GetInt64() > 0));
    }

    [Theory]
    [InlineData("89.99 % of 4,736 weights are zero", "--connections", "90%")]
    [InlineData("50.00 % of 4,736 weights are zero", "--nm", "2:4")]
    [InlineData("of 4,736 before", "--channels", "50%", "--score", "taylor", "--data", "digits")]
    [InlineData("of 4,736 before", "--channels", "50%", "--of", "multiplyadds", "--per-tensor", "--data", "digits", "--fine-tune",
        "2")]
    [InlineData("% of 4,736 weights are zero", "--connections", "80%", "--gradual", "--data", "digits", "--fine-tune", "2")]
    public void A_model_is_pruned_and_what_is_left_is_told(string line, params string[] options)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        var pruned = Program.Run(["prune", folder["m.onnx"], .. options]);
        Assert.Equal(0, pruned.Code);
        Assert.True(File.Exists(folder["m.pruned.onnx"]));
        if (options[0] == "--channels")
        {
            Assert.Contains("fc1.weight: 64 -> ", pruned.Error);
            Assert.Contains("they reach the graph's output 'output'", pruned.Error);
            // Layers keep multiples of 8 channels, so less than half may be left of a model that small.
            Assert.InRange(OnnxFile.ReadFile(folder["m.pruned.onnx"]).Weights.Length, 1750, 2420);
        }

        Assert.Contains(line, pruned.Output);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(5)]
    [InlineData(1)]
    public void Layers_keep_a_multiple_of_as_many_channels_as_was_asked(int multiple)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        var pruned = InProcess.Run("prune", folder["m.onnx"], "--channels", "50%", "--round-to", $"{multiple}");
        Assert.True(pruned.Code == 0, pruned.Error);
        int kept = OnnxFile.ReadFile(folder["m.pruned.onnx"]).Weights.Tensors.Single(tensor => tensor.Name == "fc1.weight").Shape[0];
        Assert.Equal(0, kept % multiple);
        Assert.InRange(kept, 32 - multiple, 32);
    }

    [Theory]
    [InlineData(3.0, "--data", "digits")]
    [InlineData(3.0, "--data", "digits", "--ranges", "mse", "--samples", "64")]
    [InlineData(2.9, "--activations", "none")]
    [InlineData(5.0, "--data", "digits", "--target-size", "3.9kB")]
    [InlineData(4.0, "--data", "digits", "--max-loss", "2pt")]
    [InlineData(5.0, "--data", "digits", "--bits", "4", "--ends", "4", "--packed", "--activations", "4", "--fine-tune", "2",
        "--ranges", "99.9%")]
    [InlineData(2.0, "--data", "digits", "--layer", "fc2.weight=32", "--layer", "fc1.weight=8", "--keep-names")]
    public void A_model_is_quantized_and_loses_little(double smaller, params string[] options)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], Trained.Value);
        var quantized = Program.Run(["quantize", folder["m.onnx"], .. options]);
        Assert.Equal(0, quantized.Code);
        double before = new FileInfo(folder["m.onnx"]).Length, after = new FileInfo(folder["m.quantized.onnx"]).Length;
        Assert.True(before / after > smaller, $"{before} to {after}");
        using var json = JsonDocument.Parse(
            Program.Run("evaluate", folder["m.onnx"], folder["m.quantized.onnx"], "--data", "digits", "--json").Output);
        double[] accuracies = [.. json.RootElement.EnumerateArray().Select(model => model.GetProperty("accuracy").GetDouble())];
        Assert.True(accuracies[1] > accuracies[0] - 0.03, $"{accuracies[0]} to {accuracies[1]}");
        Assert.Equal(4810, json.RootElement[1].GetProperty("parameters").GetInt64());
    }

    [Fact]
    public void A_size_out_of_reach_is_told_with_the_nearest()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], Trained.Value);
        var quantized = Program.Run("quantize", folder["m.onnx"], "--data", "digits", "--target-size", "1kB");
        Assert.Equal(0, quantized.Code);
        Assert.Contains("What was asked for is out of reach: the nearest takes 3.", quantized.Error);
    }

    [Fact]
    public void A_sensitivity_scan_has_each_weight_in_each_format()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], Trained.Value);
        Assert.Contains("binary", Program.Run("sensitivity", folder["m.onnx"], "--data", "digits").Output);
        using var json = JsonDocument.Parse(Program.Run("sensitivity", folder["m.onnx"], "--data", "digits", "--json").Output);
        var entries = json.RootElement.EnumerateArray().ToArray();
        Assert.Equal(10, entries.Length);
        double Loss(string format) =>
            entries.Where(entry => entry.GetProperty("format").GetString() == format)
                .Sum(entry => entry.GetProperty("loss").GetDouble());
        Assert.InRange(Loss("int8 by channel"), -0.02, 0.02);
        Assert.True(Loss("binary") > Loss("int8 by channel"));
    }

    [Fact]
    public void A_quantized_model_is_smaller_still_as_a_plume_file_and_the_same_model()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], Trained.Value);
        Assert.Equal(0, Program.Run("quantize", folder["m.onnx"], "--bits", "4", "--packed", "--data", "digits", "-o",
            folder["q.onnx"]).Code);
        var again = Program.Run("quantize", folder["q.onnx"], "--data", "digits");
        Assert.Equal(2, again.Code);
        Assert.Contains("can be given fewer bits: it is quantized already, as the ", again.Error);
        Assert.Equal(0, Program.Run("compress", folder["q.onnx"], "--codec", "rans").Code);
        Assert.Equal(0, Program.Run("decompress", folder["q.plume"], "-o", folder["back.onnx"]).Code);
        Assert.Equal(File.ReadAllBytes(folder["q.onnx"]), File.ReadAllBytes(folder["back.onnx"]));
        Assert.True(new FileInfo(folder["q.plume"]).Length < new FileInfo(folder["q.onnx"]).Length);
    }

    [Fact]
    public void A_model_is_shrunk_to_a_target_and_what_was_tried_is_told()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], Trained.Value);
        var shrunk = Program.Run("shrink", folder["m.onnx"], "--to", "15%", "--max-loss", "3pt", "--data", "digits",
            "--fine-tune", "4");
        Assert.Equal(0, shrunk.Code);
        Assert.StartsWith("original: 19.6 kB", shrunk.Error);
        Assert.DoesNotContain("was not reached", shrunk.Output);
        Assert.True(new FileInfo(folder["m.small.onnx"]).Length <= 0.15 * new FileInfo(folder["m.onnx"]).Length);
        string page = File.ReadAllText(folder["m.small.html"]);
        // Both halves of the test samples are named: that which decided, and that which reports.
        foreach (string part in new[] { "<svg", "the result", "fc1.weight", "Accuracy by size of the file", "points lost; on the half that decided " })
            Assert.Contains(part, page);
        Assert.Equal(0, Program.Run("decompress", folder["m.small.plume"], "-o", folder["back.onnx"]).Code);
        Assert.Equal(File.ReadAllBytes(folder["m.small.onnx"]), File.ReadAllBytes(folder["back.onnx"]));
    }

    [Fact]
    public void A_target_out_of_reach_gives_the_best_there_is_and_how_near_it_came()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], Trained.Value);
        var shrunk = Program.Run("shrink", folder["m.onnx"], "--to", "1%", "--max-loss", "0.5pt", "--data", "digits",
            "--fine-tune", "1", "--json");
        Assert.Equal(0, shrunk.Code);
        using var json = JsonDocument.Parse(shrunk.Output);
        Assert.True(json.RootElement[1].GetProperty("bytes").GetInt64() < 10_000);
        Assert.Contains("The target of 196 bytes was not reached: the smallest model that loses at most 0.5 points on "
            + "validation, a standard error more included, takes", shrunk.Error);
    }

    [Theory]
    [InlineData("--to is a share such as 90% or 0.9", "--to", "big")]
    [InlineData("The share to shrink to must be above 0 and at most 1.", "--to", "0")]
    [InlineData("--max-loss is points of accuracy from 0, such as 1pt, but is '1%'.", "--max-loss", "1%")]
    public void A_shrink_that_cannot_be_is_refused(string message, params string[] options)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        var refused = InProcess.Run(["shrink", folder["m.onnx"], "--data", "digits", .. options]);
        Assert.Contains(message, refused.Error, StringComparison.Ordinal);
        Assert.InRange(refused.Code, 1, 2);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData(1, "--bits must be 1 to 8, but is 9.", "--bits", "9")]
    [InlineData(1, "--activations: bits are 2 to 8, but are 'few'.", "--activations", "few")]
    [InlineData(1, "--layer is WEIGHT=BITS, such as fc1.weight=4, but is 'fc1'.", "--layer", "fc1")]
    [InlineData(1, "--ranges is min-max, mse, or a percentile", "--ranges", "40%")]
    [InlineData(1, "This needs data: name it with --data", "--bits", "8")]
    [InlineData(1, "--target-size is a number of bytes such as 40kB, but is 'small'.", "--data", "digits", "--target-size",
        "small")]
    [InlineData(1, "--max-loss is points of accuracy from 0, such as 1pt, but is '1'.", "--data", "digits", "--max-loss", "1")]
    [InlineData(1, "--samples must be 1 or more, but is 0.", "--data", "digits", "--samples", "0")]
    [InlineData(2, "The scheme names 'fc9', which is no layer's weight; these are fc1.weight, fc2.weight.", "--layer", "fc9=4",
        "--activations", "none")]
    public void A_quantization_that_cannot_be_is_refused_and_nothing_is_written(int code, string message, params string[] options)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        var refused = InProcess.Run(["quantize", folder["m.onnx"], .. options]);
        Assert.Contains(message, refused.Error, StringComparison.Ordinal);
        Assert.Equal(code, refused.Code);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void The_same_seed_gives_the_same_file_on_any_number_of_threads()
    {
        using var folder = new Folder();
        foreach (string threads in new[] { "1", "2" })
            Assert.Equal(0, Program.Run("train", "mlp", "--data", "digits", "--epochs", "1", "--threads", threads, "-o",
                folder[$"{threads}.onnx"]).Code);
        Assert.Equal(File.ReadAllBytes(folder["1.onnx"]), File.ReadAllBytes(folder["2.onnx"]));
    }

    [Fact]
    public void A_table_and_samples_without_labels_will_do_for_a_teacher_of_images()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["teacher.onnx"], ModelZoo.Build("mlp", [1, 2, 2], 3, RandomKey.FromSeed(1)));
        File.WriteAllText(folder["table.csv"],
            "a,b,c,d,label\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"{i % 3},{i},{-i},1,{i % 3}\n")));
        Assert.Equal(0, Program.Run("evaluate", folder["teacher.onnx"], "--data", folder["table.csv"]).Code);
        File.WriteAllBytes(folder["samples.npy"], Npy([5, 1, 2, 2]));
        var distilled = Program.Run("distill", "--teacher", folder["teacher.onnx"], "--student", "logistic", "--data",
            folder["samples.npy"], "--alpha", "1", "--epochs", "1", "-o", folder["student.onnx"]);
        Assert.Equal(0, distilled.Code);
        Assert.Contains("not measured, for the data has no labels", distilled.Output);
        var refused = Program.Run("distill", "--teacher", folder["teacher.onnx"], "--student", "logistic", "--data",
            folder["samples.npy"], "-o", folder["x.onnx"]);
        Assert.Equal(1, refused.Code);
        Assert.Contains("Distilling at --alpha 0.5 learns from labels, but 'samples.npy' has none: name labeled data with "
            + "--data, or give the teacher the whole loss with --alpha 1.", refused.Error);
    }

    [Theory]
    [InlineData("Training learns from labels, but 'samples.npy' has none: name labeled data with --data, or let a trained "
        + "model teach: plume distill --alpha 1.", "train", "-o", "x.onnx")]
    [InlineData("Fine-tuning at --alpha 0.5 learns from labels, but 'samples.npy' has none: name labeled data with --data, or "
        + "give the original the whole loss with --alpha 1.", "prune", "--connections", "50%", "--fine-tune", "1")]
    [InlineData("Fine-tuning at --alpha 0.9 learns from labels", "prune", "--channels", "50%", "--fine-tune", "1", "--alpha",
        "0.9")]
    [InlineData("--score taylor learns from labels, but 'samples.npy' has none: name labeled data with --data, or rank by "
        + "--score norm.", "prune", "--channels", "50%", "--score", "taylor")]
    [InlineData("Fine-tuning at --alpha 0.5 learns from labels", "quantize", "--fine-tune", "1")]
    [InlineData("'samples.npy' has no labels, so nothing can be measured", "quantize", "--max-loss", "1pt")]
    [InlineData("Shrinking learns from labels, but 'samples.npy' has none", "shrink")]
    public void What_learns_from_labels_refuses_samples_without_any_before_it_does_anything(string message, string command,
        params string[] options)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 2, 2], 3, RandomKey.FromSeed(1)));
        File.WriteAllBytes(folder["samples.npy"], Npy([5, 1, 2, 2]));
        var refused = InProcess.Run([command, folder["m.onnx"], "--data", folder["samples.npy"], .. options]);
        Assert.StartsWith("plume: " + message, refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, refused.Code);
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
    }

    [Theory]
    [InlineData("quantize")]
    [InlineData("quantize", "--fine-tune", "1", "--alpha", "1")]
    [InlineData("prune", "--channels", "50%", "--fine-tune", "1", "--alpha", "1")]
    [InlineData("prune", "--connections", "50%")]
    public void What_looks_at_no_labels_takes_samples_without_any(string command, params string[] options)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 2, 2], 3, RandomKey.FromSeed(1)));
        File.WriteAllBytes(folder["samples.npy"], Npy([5, 1, 2, 2]));
        Assert.Equal(0, Program.Run(
            [command, folder["m.onnx"], "--data", folder["samples.npy"], "-o", folder["x.onnx"], .. options]).Code);
    }

    [Fact]
    public void A_teacher_and_a_student_of_other_classes_are_refused()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["teacher.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 7, RandomKey.FromSeed(1)));
        var refused = Program.Run("distill", "--teacher", folder["teacher.onnx"], "--student", "logistic", "--data", "digits",
            "-o", folder["x.onnx"]);
        Assert.Equal(2, refused.Code);
        Assert.Contains("Model 'mlp' tells 7 classes apart, but digits (train) has 10.", refused.Error);
        Assert.Contains("Model 'teacher.onnx' tells 7 classes apart, but digits (test) has 10.",
            Program.Run("evaluate", folder["teacher.onnx"], "--data", "digits").Error);
        Assert.False(File.Exists(folder["x.onnx"]));
    }

    [Theory]
    [InlineData(1, "There is no model 'lenett'; the built-in models are lenet", "train", "lenett", "--data", "digits")]
    [InlineData(1, "Model 'lenet' does not fit samples of shape [1, 8, 8].", "train", "lenet", "--data", "digits")]
    [InlineData(1, "--data is digits, fashion-mnist", "train", "mlp", "--data", "cifar")]
    [InlineData(2, "--data names 'no.csv', which does not exist.", "train", "mlp", "--data", "no.csv")]
    [InlineData(2, "mnist has no default folder", "train", "mlp", "--data", "mnist")]
    [InlineData(1, "Option '--data' is required.", "train", "mlp")]
    [InlineData(1, "LearningRate must be positive.", "train", "mlp", "--data", "digits", "--learning-rate", "NaN")]
    [InlineData(1, "--temperature: 'hot' is neither a number", "distill", "--teacher", "t.onnx", "--student", "mlp", "--data",
        "digits", "--temperature", "hot")]
    [InlineData(2, "'t.onnx' cannot be opened", "distill", "--teacher", "t.onnx", "--student", "mlp", "--data", "digits")]
    [InlineData(1, "Say what to prune by one of --connections 90%, --nm 2:4 and --channels 50%.", "prune", "m.onnx")]
    [InlineData(1, "--gradual goes with --connections and --fine-tune", "prune", "m.onnx", "--connections", "1%", "--gradual")]
    [InlineData(2, "'m.onnx' cannot be opened", "prune", "m.onnx", "--channels", "50%")]
    [InlineData(4, "Use a smaller learning rate", "train", "mlp", "--data", "digits", "--learning-rate", "1e30", "-o",
        "never.onnx")]
    public void A_mistake_is_named(int code, string message, params string[] arguments)
    {
        // What is wrong only once training has begun, needs the program's own folder, which alone has libtorch.
        var run = code == 4 ? Program.Run(arguments) : InProcess.Run(arguments);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Equal(code, run.Code);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--connections is a share such as 90% or 0.9, from 0 to 1, but is '150%'.", "--connections", "150%")]
    [InlineData("--connections is a share such as 90% or 0.9, from 0 to 1, but is 'NaN'.", "--connections", "NaN")]
    [InlineData("--channels must be below 1, for something must be left, but is '100%'.", "--channels", "100%")]
    [InlineData("--nm is N:M with N from 0 to M and M from 1", "--nm", "2")]
    [InlineData("--score taylor measures on data: name it with --data.", "--channels", "10%", "--score", "taylor")]
    [InlineData("This needs data: name it with --data", "--connections", "10%", "--fine-tune", "1")]
    [InlineData("--leave-alone names 'fc9', but the model ha", "--connections", "10%", "--leave-alone", "fc9")]
    public void A_share_or_a_name_that_cannot_be_is_refused_and_nothing_is_written(string message, params string[] options)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        var refused = InProcess.Run(["prune", folder["m.onnx"], .. options]);
        Assert.Contains(message, refused.Error, StringComparison.Ordinal);
        Assert.InRange(refused.Code, 1, 2);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    // Version 1.0: magic, version, length of the header, header, little-endian floats.
    static byte[] Npy(int[] shape)
    {
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}), }}";
        header = header.PadRight((10 + header.Length + 1 + 63) / 64 * 64 - 10 - 1) + "\n";
        float[] values = [.. Enumerable.Range(0, shape.Aggregate((a, b) => a * b)).Select(i => i * 0.1f)];
        return [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length),
            .. System.Text.Encoding.ASCII.GetBytes(header), .. values.SelectMany(BitConverter.GetBytes)];
    }
}

using Plume.Compression.Randomness;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Commands;

public class BadInputTests
{
    [Theory]
    [InlineData(1, "--set client.epoch=2: There is no key 'client.epoch' in an experiment; did you mean 'client.epochs'?",
        "simulate", "--set", "client.epoch=2")]
    [InlineData(1, "column 12: 'unifrm' is not a stage; known are feedback, delta, clip, rotate", "simulate", "--set",
        "uplink=topk(1%) | unifrm(8) | rans")]
    [InlineData(1, "drops values for good, which keeps a model from learning; write 'feedback | topk(1%) | pack'.", "simulate",
        "--set", "uplink=topk(1%) | pack")]
    [InlineData(1, "uplink: Under 'secure' a round must want 3 updates or more", "simulate", "--set",
        "uplink=uniform(4, shared) | secure", "--set", "participants=2")]
    [InlineData(1, "a secure sum is of one part with one step; train by 'averaging'", "simulate", "--set",
        "uplink=uniform(4, shared) | secure", "--set", "training=scaffold")]
    [InlineData(1, "under 'uniform(4, shared) | secure' nobody sees one; leave it out.", "simulate", "--set",
        "uplink=uniform(4, shared) | secure", "--dump-updates", "/no/such")]
    [InlineData(1, "--drop-out must be at most 40.00 %, but is 50%.", "bench", "secure", "--drop-out", "50%")]
    [InlineData(2, "Folder '/no/such' lacks train-images-idx3-ubyte", "simulate", "--set", "data.set=fashion-mnist", "--set",
        "data.folder=/no/such")]
    [InlineData(2, "apt-get install dataset-fashion-mnist", "simulate", "--set", "data.set=fashion-mnist", "--set",
        "data.folder=/no/such")]
    [InlineData(1, "Model 'lenet' does not fit samples of shape [1, 8, 8].", "simulate", "--set", "model.name=lenet")]
    [InlineData(2, "The experiment file '/no/such.json' cannot be read", "simulate", "/no/such.json")]
    [InlineData(1, "--set participants=21: participants must be at most 20, the number of clients, but is 21.", "simulate",
        "--set", "participants=21")]
    [InlineData(1, "--set quorum=11: quorum must be at most 10", "simulate", "--set", "quorum=11")]
    [InlineData(1, "--set rhythm=buffered(5): rhythm: In 'buffered(5)' clients answer from different versions, and 'scaffold' needs",
        "simulate", "--set", "rhythm=buffered(5)", "--set", "training=scaffold", "--set", "uplink=pack")]
    [InlineData(1, "who answers first depends on how long clients work, which these links do not say: write 'fixed(down=9, up=5) | work(",
        "simulate", "--set", "rhythm=buffered(5)", "--set", "links=fixed(down=9, up=5)")]
    [InlineData(1, "--set budget=0MB: budget: Budget '0MB', column 1: '0MB' must be a whole number of bytes", "simulate", "--set", "budget=0MB")]
    [InlineData(1, "Budget '-5MB', column 1: an amount is missing here, such as 5MB.", "simulate", "--set", "budget=-5MB")]
    [InlineData(1, "'a year' is not known here", "simulate", "--set", "budget=5MB a year")]
    [InlineData(1, "budget: '0.1kB' does not pay for one round: an update at least about ", "simulate", "--set", "budget=0.1kB")]
    [InlineData(1, "budget: A budget of '5MB' is kept round by round, and in the rhythm 'buffered(5)' clients are asked at any time: let",
        "simulate", "--set", "budget=5MB", "--set", "rhythm=buffered(5)")]
    [InlineData(1, "column(site) needs a set with columns, which is table, but data.set is digits.", "simulate", "--set",
        "data.partition=column(site)")]
    [InlineData(1, "privacy needs privacy.noise, too: noise, delta and epsilon belong together. Noise of", "simulate", "--set",
        "privacy.epsilon=8", "--set", "privacy.delta=1e-5")]
    [InlineData(1, "privacy.noise must be a number above 0, but is 0.", "simulate", "--set", "privacy.noise=0")]
    [InlineData(1, "privacy: Privacy needs a norm that no update exceeds", "simulate", "--set", "privacy.noise=2", "--set",
        "privacy.delta=1e-5", "--set", "privacy.epsilon=8")]
    [InlineData(1, "The budget is spent at the start: one round with noise 0.5 costs an epsilon of ", "simulate", "--set",
        "privacy.noise=0.5", "--set", "privacy.delta=1e-5", "--set", "privacy.epsilon=8", "--set", "uplink=clip(1) | pack")]
    [InlineData(1, "privacy needs privacy.noise and privacy.delta and privacy.epsilon, too", "simulate", "--set",
        "privacy.mechanism=matrix(2)")]
    [InlineData(1, "'tree' is no mechanism; known are gaussian, matrix", "simulate", "--set", "privacy.mechanism=tree")]
    [InlineData(1, "3 rounds of up to 10 updates each need 25 clients, and there are 20: let the separation be 2 or "
        + "less", "simulate",
        "--set", "privacy.noise=8", "--set", "privacy.delta=1e-5", "--set", "privacy.epsilon=8", "--set", "uplink=clip(1) | pack",
        "--set", "privacy.mechanism=matrix(3)")]
    [InlineData(1, "--sampling poisson is for noise that is drawn anew each round, and by 'matrix(3)' it is "
        + "not", "privacy", "--noise",
        "1", "--rounds", "3", "--sampling", "poisson", "--mechanism", "matrix(3)")]
    [InlineData(1, "--mechanism: Mechanism 'matrix', column 1: matrix needs the "
        + "rounds", "privacy", "--noise", "1", "--rounds", "3", "--mechanism", "matrix")]
    [InlineData(1, "--noise must be above 0, for without any there is no privacy, but is 0.", "privacy", "--noise", "0",
        "--rounds", "3")]
    [InlineData(1, "--delta must be above 0 and below 1, but is 1.", "privacy", "--noise", "1", "--rounds", "3", "--delta", "1")]
    [InlineData(1, "Two of --noise, --epsilon and --rounds say what the third is", "privacy", "--noise", "1")]
    [InlineData(1, "--sampling must be one of none, fixed, poisson, but is 'poison'.", "privacy", "--noise", "1", "--rounds", "3",
        "--sampling", "poison")]
    [InlineData(3, "The run folder '/proc/plume' cannot be written", "simulate", "--out", "/proc/plume")]
    [InlineData(1, "--resume goes on with the settings of the run in --out", "simulate", "--resume")]
    [InlineData(3, "There is no run to resume in '/proc'", "simulate", "--resume", "--out", "/proc")]
    [InlineData(1, "--threads must be 1 or more, but is 0.", "simulate", "--threads", "0")]
    [InlineData(2, "'/no/such.onnx' cannot be opened", "compress", "/no/such.onnx")]
    [InlineData(1, "A model file ends in .onnx, .safetensors or .plume", "inspect", "/etc/hostname")]
    [InlineData(1, "Did you mean 'simulate' by 'simulat'? See 'plume --help'.", "simulat")]
    [InlineData(1, "Did you mean '--connections' by '--conections'? See 'plume prune --help'.", "prune", "m.onnx", "--conections",
        "50%")]
    [InlineData(1, "Did you mean '--out' by '--outt'?", "simulate", "--outt", "x")]
    public void A_mistake_gives_one_message_its_code_and_no_trace(int code, string message, params string[] arguments)
    {
        var run = InProcess.Run(arguments);
        Assert.Equal(code, run.Code);
        Assert.Contains(message, run.Error, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("plume: ", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.Empty(run.Output);
        Assert.False(Path.Exists("/no"), "A folder was made before the mistake was found.");
    }

    [Fact]
    public void All_problems_of_an_experiment_are_listed_at_once_with_their_places()
    {
        using var folder = new Folder();
        File.WriteAllText(folder["e.json"], """
            { // a comment
              "rounds": 0, "participant": 3,
              "data": { "set": "digit" },
              "uplink": "topk(200%) | pack",
            }
            """);
        var run = Program.Run("simulate", folder["e.json"]);
        Assert.Equal(1, run.Code);
        Assert.Contains("The experiment has 4 problems:", run.Error);
        foreach (string problem in new[] { "e.json:2:13: rounds must be", "did you mean 'participants'?",
            "the nearest is \"digits\"", "'200%' must be above 0% and at most 100%" })
            Assert.Contains(problem, run.Error);
    }

    [Fact]
    public void An_unsupported_operator_and_its_node_are_named()
    {
        using var folder = new Folder();
        var graph = new ModelGraph("odd", [new ValueInfo("x", ElementType.Float, ["N", 1, 8, 8])],
            [new ValueInfo("y", ElementType.Float, ["N", 10])],
            [new Node("strange", "Einsum", ["x"], ["y"], new Dictionary<string, AttributeValue> { ["equation"] = "nijk->n" })],
            []);
        OnnxFile.WriteFile(folder["odd.onnx"], graph);
        File.WriteAllText(folder["e.json"],
            """{ "clients": 4, "participants": 2, "data": { "set": "digits" }, "model": { "file": "odd.onnx" } }""");
        var run = Program.Run("simulate", folder["e.json"], "--out", folder["run"]);
        Assert.Equal(2, run.Code);
        Assert.Contains("Operator 'Einsum' of node 'strange' (Einsum) is not supported", run.Error);
    }

    [Fact]
    public void A_model_file_cut_anywhere_is_refused_and_nothing_is_written()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        Assert.Equal(0, Program.Run("compress", folder["m.onnx"]).Code);
        byte[] whole = File.ReadAllBytes(folder["m.plume"]);
        foreach (int length in new[] { 0, 5, 100, whole.Length - 1 })
        {
            File.WriteAllBytes(folder["cut.plume"], whole[..length]);
            var run = Program.Run("decompress", folder["cut.plume"]);
            Assert.Equal(2, run.Code);
            Assert.Contains("cut.plume' cannot be read.", run.Error);
            Assert.False(File.Exists(folder["cut.onnx"]));
        }
    }

    [Fact]
    public void A_truncated_idx_file_is_named_with_what_it_lacks()
    {
        using var folder = new Folder();
        foreach (string part in new[] { "train", "t10k" })
        {
            File.WriteAllBytes(folder[$"{part}-images-idx3-ubyte"], [0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2, 3]);
            File.WriteAllBytes(folder[$"{part}-labels-idx1-ubyte"], [0, 0, 8, 1, 0, 0, 0, 9, 1]);
        }

        var run = Program.Run("simulate", "--set", "data.set=mnist", "--set", $"data.folder={folder.Path}");
        Assert.Equal(2, run.Code);
        Assert.Contains("train-labels-idx1-ubyte", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }
}

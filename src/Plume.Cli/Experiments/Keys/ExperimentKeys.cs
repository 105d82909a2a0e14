using Plume.Compression.Codecs;
using Plume.Federation.Budgets;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
using Plume.Federation.Privacy.Clipping;
using Plume.Federation.Privacy.Matrix;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Selection;
using Plume.Learning.Data.Tables;
using Plume.Learning.Partition;
using Plume.Learning.Shipping;
using Plume.Models.Zoo;
using Plume.Simulation;

namespace Plume.Cli.Experiments.Keys;

/// <summary>The one description of the experiment file.</summary>
static class ExperimentKeys
{
    const string CodecPattern = @"^\s*[a-z]+\s*(\([^|]*\))?(\s*\|\s*[a-z]+\s*(\([^|]*\))?)*\s*$";

    const string PartitionPattern = @"^(iid|dirichlet\([0-9.eE+-]+\)|shards\([0-9]+\)|column\(.+\)|file\(.+\))$";

    const string BudgetPattern = @"^\s*[0-9.]+\s*(kB|MB|GB)(\s+a\s+client(\s+a\s+month)?)?\s*$";

    const string TestPattern = @"^(share\([0-9.]+%\)|file\(.+\)|column\(.+=.+\))$";

    static readonly Key[] Run =
    [
        new TextKey("$schema", "Where an editor finds the schema of this file."),
        new TextKey("name", "Names the run folder and titles the report.")
        {
            Default = "experiment",
            Pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            Meaning = "a name of letters, digits, dots, dashes and underscores, at most 64",
        },
        new IntegerKey("seed", "Where every random draw comes from: the same seed gives the same bytes.", 0,
            9007199254740991) { Default = 1L },
        new IntegerKey("rounds", "Rounds of the federation.", 1, 1_000_000) { Default = 10L },
        new IntegerKey("clients", "Clients that the partition makes. A partition by file or column brings its own number.", 1,
            1_000_000),
        new AmountKey("participants",
            "Clients that take part in a round, or where rounds are buffered are at work at once: a count, or a share of all clients.") { Default = new Amount(10, 0) },
        new NumberKey("overSelect",
            "Further clients invited to a round, as a share of the participants, to make up for those that vanish.", 0,
            10) { Default = 0.0 },
        new NotationKey("selection",
            $"Whom a round draws: {CheapSelection.Uniform}, or cheap, where a fifth of its clients are drawn of all alike and the rest are "
                + "those that answered last, so that they download little. It changes what is learned from: fewer clients, each "
                + "for several rounds. uniform=50% is another share of all alike.",
            (text, _) => CheapSelection.Parse(text) is { } selection ? selection : CheapSelection.Uniform, CodecPattern)
        {
            Default = CheapSelection.Uniform,
            Examples = [CheapSelection.Uniform, "cheap", "cheap(uniform=50%)"],
        },
        new AmountKey("quorum", "Updates that make a round count: a number, or a share of the participants.") { Default =
            new Amount(0, 0.5) },
        new NumberKey("dropout", "Probability that an invited client vanishes in a round.", 0, 1) { Default = 0.0, Below = true },
        new NotationKey("training",
            $"How clients train, in one line: a method ({string.Join(", ", MethodNotation.Words)}), quantize(4, 8) for weights "
                + $"and activations of few bits, distill(teacher.onnx) or mutual(resnet8) for a model to learn from, or several "
                + $"of these.", ParseTraining, CodecPattern)
        {
            Default = TrainingLine.Plain,
            Examples = ["scaffold", "prune(90%, rounds=5..20) | quantize(4, 8)", "distill(teacher.onnx, temperature=4)"],
        },
        new NotationKey("exchange", $"What clients and server exchange ({string.Join(", ", ExchangeLine.Words)}).", ParseExchange,
            CodecPattern)
        {
            Default = ExchangeLine.Updates,
            Examples = ["updates", "submodels(1, 1/2, 1/4)", "submodels(1, 1/2, 1/4; rolling)",
                "predictions(public=holdout(5000), batch=500, bits=1)", "adapters(rank=4)", "masks"],
        },
        Line("uplink", "How a client's update becomes bytes, as a codec line.", "pack",
            "feedback | topk(5%) | uniform(4) | rans"),
        Line("downlink", "How the model becomes bytes for the clients, as a codec line.", "pack",
            "delta | topk(5%) | uniform(4) | rans"),
        new NotationKey("ships",
            $"What becomes of the last model before it ships, in one line, left as shipped.onnx and shipped.plume beside it "
                + $"({string.Join(", ", ShipsLine.Words)}). Steps that learn do so from public samples, without labels.",
                ParseShips, CodecPattern)
        {
            Examples = ["channels(50%) | quantize(8)", "prune(80%) | finetune(epochs=2, public=public.npy) | quantize(4, 8)",
                "distill(lenet, public=public.npy, temperature=4)"],
        },
        new NotationKey("links",
            "The links of clients, to tell how long rounds would take on them: speeds in Mbit/s (fixed, lognormal or uniform), "
                + "and where wanted what asking and answering take (latency), each client's chance to vanish in a round "
                + "(dropout), and how long clients work (work), without which the time that they take here counts.", (text, _) => Links.Parse(text), CodecPattern)
        {
            Examples = ["lognormal(down=20, up=5, spread=0.5) | latency(50ms)",
                "uniform(down=5..50, up=1..10) | dropout(0%..20%)",
                "fixed(down=20, up=5) | work(10s, spread=0.8, jitter=0.2)"],
        },
        new NotationKey("budget",
            "The bytes that the federation may cost, both ways together: 5MB for all clients, 200kB a client, or 2MB a client a "
                + "month of 30 days, with kB, MB and GB of 1000. The steps of 'auto' follow it, finer or coarser; other lines "
                + "stay as they are. A client is asked only if what that costs at most is left, and the run ends when too few can "
                + "be. Where each client has a budget, rounds draw those first that have spent least.",
            (text, _) => ByteBudget.Parse(text), BudgetPattern)
        {
            Examples = ["5MB", "200kB a client", "2MB a client a month"],
        },
        new NotationKey("rhythm",
            $"How rounds go: {Buffered.Synchronous}, where a round waits for the clients that it asked, or buffered(10), where as many "
                + "clients as there are participants are at work at any time, each on the version that was newest when it began, and "
                + "every ten updates make a version. An update of an older version weighs less, and counts not at all where it is "
                + "more versions behind than stale says. Participants that a partition's file names for rounds are those of "
                + "synchronous ones.",
            (text, _) => Buffered.Parse(text) is { } buffered ? buffered : Buffered.Synchronous, CodecPattern)
        {
            Default = Buffered.Synchronous,
            Examples = [Buffered.Synchronous, "buffered(10)", "buffered(10, stale=5)"],
        },
        new FlagKey("baseline", "Whether the same federation is also run by plain averaging of 32-bit floats both ways, to "
            + "compare.") { Default = false },
        new IntegerKey("evaluateEvery",
            "Rounds from one measurement of the global model to the next; the last round is always measured.", 1,
            1_000_000) { Default = 1L },
    ];

    static readonly KeyGroup Data = new("data", "What the clients learn from.",
    [
        new ChoiceKey("set", "The data set: digits is built in, fashion-mnist and mnist are read from IDX files, table "
            + "from a file with a header (CSV, Parquet or JSON lines); csv is another word for table; images are PNG or JPEG in a folder for "
            + "each class; arrays are x and y in a .npz file.",
            ["digits", "fashion-mnist", "mnist", "csv", "table", "images", "arrays"]) { Required = true },
        new PathKey("folder", "Folder of the IDX files, gzipped or not, or of the images. Without it, where Debian's package puts the IDX "
            + "files."),
        new PathKey("file", "The table: separated text with a header, gzipped or not; .parquet; or .jsonl, one JSON object a line. Or the "
            + "arrays: .npz with x and y, or x_train, y_train, x_test and y_test."),
        new TextKey("label", "The column of the table that holds the class.") { Default = "label" },
        new TextKey("target", "The column of the table that holds a number to predict, in place of a class; of arrays y."),
        new FlagKey("normalize",
            "Whether each column of numbers of the table is normalized to mean 0 and deviation 1 over the clients' rows, as the "
                + "model then says to every client.") { Default = false },
        new ChoiceKey("missing", "What becomes of empty cells of the table's features: refuse, or mean, the mean over the clients' "
            + "rows, and none of a column's names.", ["refuse", "mean"]) { Default = "refuse" },
        new ListKey("leaveOut", "Columns of the table that are no features.", new TextKey("column", "A column.")),
        new ListKey("categories", "Columns of the table whose numbers are names, such as postal codes.",
            new TextKey("column", "A column.")),
        new PathKey("columns", "A summary of all clients' rows, as plume summarize writes it: columns are normalized and named by it "
            + "rather than by the rows of this table."),
        new NotationKey("test", "The rows of the table, or images, that are kept for measuring: share(20%), drawn from the seed, file(path), or "
            + "column(name=value), those with the value in the column.", ParseTest, TestPattern) { Default = TestRows.Default,
                Examples = ["share(20%)", "file(test.csv)", "column(split=test)"] },
        new TextKey("shape", "The shape of a sample whose values are the table's columns, or that images must have; channels first.")
        {
            Pattern = "^[1-9][0-9]{0,5}(x[1-9][0-9]{0,5}){0,3}$",
            Meaning = "lengths with x between, as in \"1x28x28\"",
        },
        new NotationKey("partition",
            "How samples are dealt to clients: iid, dirichlet(alpha), shards(k), column(name) or file(path).",
            ParsePartition, PartitionPattern) { Default = Partition.Parse("iid"),
                Examples = ["iid", "dirichlet(0.3)", "shards(2)"] },
    ], []);

    static readonly KeyGroup Model = new("model", "What is learned: a built-in model by name, or an ONNX file.",
    [
        new ChoiceKey("name", "A built-in model.", [.. ModelZoo.Names]),
        new PathKey("file", "An ONNX file whose graph and weights to start from, instead of a name."),
        new PathKey("weights", "Initial weights as a flat .npy array of 32-bit floats, in the order of the model's tensors. "
            + "Without it, drawn from the seed."),
        new ListKey("local", "Where predictions are exchanged, the models that clients have for themselves, dealt in turn. "
            + "Without it, all have the federation's.",
            new ModelKey("model", "A built-in model, or an ONNX file.")),
    ], []);

    static readonly KeyGroup Client = new("client", "What a participant does in a round.",
    [
        new IntegerKey("epochs", "Passes over the client's data.", 1, 10_000) { Default = 1L },
        new IntegerKey("batchSize", "Samples a step.", 1, 1_000_000) { Default = 32L },
        new NumberKey("learningRate", "Step size of the client's optimizer.", 0) { Default = 0.05, Above = true },
        new NotationKey("schedule",
            "How the learning rate goes over the rounds: constant, cosine, or step(factor, rounds after which it drops), after "
                + "a warmup(rounds) or without.", (text, _) => RateSchedule.Parse(text), CodecPattern)
        {
            Default = RateSchedule.Constant,
            Examples = ["cosine", "warmup(3) | step(0.1, 15, 25)"],
        },
        new ChoiceKey("optimizer", "The client's optimizer.", ["sgd", "adam"]) { Default = "sgd" },
        new NumberKey("momentum", "Momentum of sgd.", 0, 1) { Default = 0.0, Below = true },
        new NumberKey("weightDecay", "Factor of the squared-norm penalty on weights.", 0) { Default = 0.0 },
        new ChoiceKey("classWeights", "balanced counts each class of a client's samples alike in its loss, however many samples have it.",
            ["none", "balanced"]) { Default = "none" },
        new NumberKey("proximal", "Strength mu of FedProx's pull towards the received model; 0 is FedAvg.", 0) { Default = 0.0 },
    ], []);

    static readonly KeyGroup Server = new("server", "How the mean update becomes the next model.",
    [
        new ChoiceKey("optimizer", "The server's optimizer.", ["fedavg", "fedavgm", "fedadam", "fedyogi"]) { Default = "fedavg" },
        new NumberKey("learningRate", "Step size of the server's optimizer.", 0) { Default = 1.0, Above = true },
        new NumberKey("momentum", "Momentum of fedavgm.", 0, 1) { Default = 0.9, Below = true },
        new NumberKey("beta1", "Decay of the mean in fedadam and fedyogi.", 0, 1) { Default = 0.9, Below = true },
        new NumberKey("beta2", "Decay of the squares in fedadam and fedyogi.", 0, 1) { Default = 0.99, Below = true },
        new NumberKey("norm", "Most times the median norm of recent rounds' updates that an update's norm may be; a larger "
            + "update counts as one of that median. 0 leaves updates as they are.", 0) { Default = NormBound.DefaultFactor },
        new NotationKey("rule", "What makes one of a round's messages: their weighted mean, or a rule against hostile clients, "
            + "to which all count alike: median, trimmed, krum, multikrum, geomedian or centered, after nearest or without; "
            + "fltrust(public=holdout(100)) compares each with one that the server makes of samples of its own; under 'secure' groups before it says how many secure sums of clients it compares.",
            (text, _) => RobustNotation.Parse(text) is { } rule ? rule : RobustNotation.Mean, CodecPattern)
        {
            Default = RobustNotation.Mean,
            Examples = ["mean", "trimmed(20%)", "nearest(20%) | trimmed(20%)", "groups(5) | median"],
        },
        new NumberKey("tau", "Adaptivity of fedadam and fedyogi: what is added to the root of the squares.", 0) { Default = 1e-3,
            Above = true },
    ], []);

    static readonly KeyGroup Privacy =
        new("privacy", "Differential privacy of the clients: updates are clipped to the norm of the uplink's clip, and noise "
            + "is added to their sum, by the server, or by the clients themselves where the uplink ends in 'secure'. plume privacy "
            + "says what it is worth.",
    [
        new NumberKey("noise", "Standard deviation of the noise on a sum of updates, as a multiple of the norm that they are "
            + "clipped to.", 0) { Above = true },
        new NumberKey("delta", "Chance that the promise fails; it must be below one over the number of clients.", 0,
            1) { Above = true, Below = true },
        new NumberKey("epsilon",
            "The budget of each client: one that has spent it is asked no more, and the run stops when too few have any left.",
            0) { Above = true },
        new NotationKey("clip",
            $"Whether the norm of the uplink's clip stays as it is ({AdaptiveClip.Fixed}, as without this key), or is the first "
                + "of one that follows the norms of updates: adaptive(50%), where half of them are to be within it, by a noisy "
                + "count of bits that clients send along. Of the noise bits get a part: a twentieth of the participants, "
                + "unless bits says another number. At the server only.",
            (text, _) => AdaptiveClip.Parse(text) is { } clip ? clip : AdaptiveClip.Fixed, CodecPattern)
        {
            Examples = [AdaptiveClip.Fixed, "adaptive(50%)", "adaptive(70%, rate=0.2, bits=5)"],
        },
        new NotationKey("mechanism",
            $"How noise goes from round to round: {MatrixMechanism.Independent}, where it is drawn anew each round, as without "
                + "this key, or matrix(10), where a round takes back some of that of earlier ones, so that the model has less "
                + "of it, and a client that took part in a round is asked again ten rounds later at the earliest. The noise "
                + $"reaches over as many rounds as there are bands: as many as the separation, {MatrixMechanism.UsualBands} at "
                + "most, unless others are said. At the server only.",
            (text, _) => MatrixMechanism.Parse(text) is { } matrix ? matrix : MatrixMechanism.Independent, CodecPattern)
        {
            Examples = [MatrixMechanism.Independent, "matrix(10)", "matrix(20, bands=8)"],
        },
        new ChoiceKey("unit", "What is protected as a whole: a client with all its data.", ["client"]),
    ], []);

    static readonly KeyGroup Planned = new("planned",
        "What plume plan expected of these lines, for a run to show beside what it measured. It changes nothing in the run.",
    [
        new NumberKey("accuracy", "Of the model after the last round, 0 to 1.", 0, 1),
        new IntegerKey("uplinkBytes", "Of all updates.", 0, long.MaxValue / 2),
        new IntegerKey("downlinkBytes", "Of all that clients receive.", 0, long.MaxValue / 2),
    ], []);

    /// <summary>The whole file.</summary>
    public static KeyGroup Root { get; } =
        new("", "A federated experiment of Plume.", Run, [Data, Model, Client, Server, Privacy, Planned]);

    // A path in the notation is relative to the file that it is written in.
    static Partition ParsePartition(string text, string folder) =>
        Partition.Parse(text) is FromFile file ? new FromFile(Path.GetFullPath(file.Path, folder)) : Partition.Parse(text);

    static TestRows ParseTest(string text, string folder) =>
        TestRows.Parse(text) is TestFile file ? new TestFile(Path.GetFullPath(file.Path, folder)) : TestRows.Parse(text);

    static TrainingLine ParseTraining(string text, string folder)
    {
        var line = TrainingLine.Parse(text);
        if (line.Teaching is not { NamesFile: true, Model: { } model } teaching)
            return line;
        try
        {
            return line with { Teaching = teaching with { Model = Path.GetFullPath(model, folder) } };
        }
        catch (ArgumentException refused)
        {
            throw new FormatException(refused.Message, refused);
        }
    }

    static ShipsLine ParseShips(string text, string folder) =>
        ShipsLine.Parse(text).WithPublic(source => Path.HasExtension(source) ? Path.GetFullPath(source, folder) : source);

    static ExchangeLine ParseExchange(string text, string folder) =>
        ExchangeLine.Parse(text) is { Method: Predictions { Source: var source } method } && Path.HasExtension(source)
        ? new ExchangeLine(method with { Source = Path.GetFullPath(source, folder) })
        : ExchangeLine.Parse(text);

    static NotationKey Line(string name, string description, params string[] examples) =>
        new(name, description, (text, _) => Codec.Parse(text), CodecPattern)
        {
            Default = Codec.Floats,
            Examples = examples,
        };
}

using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Federation.Capacities;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Learning.Partition;
using Plume.Learning.Training;
using Plume.Models.Adapt;
using Plume.Models.Graph;
using Plume.Models.Quantize;

namespace Plume.Cli.Setup.Sources;

/// <summary>What an experiment learns from and with: data, who holds what, the model and its first weights.</summary>
sealed record Inputs(LabeledSet Train, LabeledSet Test, Allotment Allotment, ModelGraph Graph)
{
    // Samples to see on how far activations reach before they are trained.
    const int SamplesOfRanges = 256;

    // Of the first and the last layer, which mind coarse levels most.
    const int EndBits = 8;

    static readonly string[] Files = ["data.file", "model.file", "model.weights"];

    /// <summary>Loads everything that the settings name.</summary>
    /// <exception cref="ExperimentException">Something named does not exist or does not fit; it says where it was
    /// named.</exception>
    /// <exception cref="InvalidPayloadException">A file is damaged.</exception>
    public static Inputs Load(Settings settings)
    {
        CheckFiles(settings);
        var key = RandomKey.FromSeed((ulong)settings.Get<long>("seed"));
        var given = ReadModel(settings);
        var (train, test) = LoadData(settings, given, key);
        var graph = LoadModel(settings, given, train, key);
        CheckFit(settings, graph, train);
        var capacities = CapacityGraphs.Of(settings, graph);
        graph = capacities.Largest;
        var (predictions, allotment) = PredictionInputs.Load(settings, train, test, graph, Deal(settings, train, key), key);
        return new Inputs(train, test, allotment, Adapted(settings, Quantized(settings, graph, test), key))
        {
            Floats = graph,
            Predictions = predictions,
            Ships = ShipsInputs.Load(settings, graph, test),
            Narrower = capacities.Trained,
            Smaller = capacities.Smaller,
        };
    }

    /// <summary>What the line 'ships' needs.</summary>
    public ShipsInputs Ships { get; init; } = new(null);

    /// <summary>What else is needed where predictions are exchanged; null where none are.</summary>
    public PredictionInputs? Predictions { get; init; }

    /// <summary>The models of clients of smaller capacities, as they are trained.</summary>
    public IReadOnlyList<ModelGraph> Narrower { get; private init; } = [];

    /// <summary>Where they lie in the server's model.</summary>
    public IReadOnlyList<CapacityModel> Smaller { get; private init; } = [];

    /// <summary>The model before it got few bits or adapters.</summary>
    public required ModelGraph Floats { get; init; }

    /// <summary>What clients learn from beside their labels.</summary>
    public Teachers Teachers { get; init; } = Teachers.None;

    /// <summary>The same with what the training line has clients learn from.</summary>
    /// <exception cref="ExperimentException">It names a model that is missing or does not fit.</exception>
    public Inputs WithTeachers(Settings settings, int threads) => this with { Teachers = Teachers.Load(settings, this, threads) };

    /// <summary>
    /// The training samples, in the same order, as a model takes them that says how they are normalized and in which columns.
    /// </summary>
    public static LabeledSet TrainFor(Settings settings, ModelGraph graph) => settings.Get<string>("data.set") switch
    {
        "digits" => Digits.Load().Train,
        "csv" => DataSource.HoldOut(Table(settings, graph), RandomKey.FromSeed((ulong)settings.Get<long>("seed"))).Train,
        var set => MnistFolder.Find(set)!.Load(Optional(settings, "data.folder"), SampleSchema.Of(graph)).Train,
    };

    static ModelGraph Adapted(Settings settings, ModelGraph graph, RandomKey key)
    {
        if (settings.Get<ExchangeLine>("exchange").Method is not Adapters adapters)
            return graph;
        try
        {
            return LowRankAdapters.Insert(graph, adapters.Rank, adapters.FreezesA, key.Fold("adapters"));
        }
        catch (ArgumentException misfit)
        {
            throw Wrong(settings, "exchange", $"exchange: {InputErrors.Sentence(misfit)}");
        }
    }

    // A server has no client's samples, but those that it measures on; their labels are not looked at, and the ranges are
    // trained.
    static ModelGraph Quantized(Settings settings, ModelGraph graph, LabeledSet test)
    {
        if (settings.Get<TrainingLine>("training").Precision is not { } precision)
            return graph;
        var scheme = new QuantizationScheme(precision.WeightBits, precision.ActivationBits) { EndBits = EndBits };
        try
        {
            var samples = test.Take(test.Name, [.. Enumerable.Range(0, Math.Min(SamplesOfRanges, test.Count))]);
            var quantized = PostTraining.Quantize(graph, scheme, samples);
            return quantized.Nodes.Any(node => node.OpType == FakeQuantizer.OpType)
                ? quantized
                : throw Wrong(settings, "training",
                    $"training: '{precision}' finds no layer of '{graph.Name}' that can have fewer bits.");
        }
        catch (ArgumentException misfit)
        {
            throw Wrong(settings, "training", $"training: {InputErrors.Sentence(misfit)}");
        }
    }

    static void CheckFiles(Settings settings)
    {
        var problems = new List<Problem>();
        string set = settings.Get<string>("data.set");
        if (MnistFolder.Find(set) is { } folder && folder.Missing(Optional(settings, "data.folder")) is { } missing)
            problems.Add(new Problem(settings.PlaceOf(settings.Has("data.folder") ? "data.folder" : "data.set"), missing,
                IsMissing: true));
        if (set == "csv" && !settings.Has("data.file"))
            problems.Add(new Problem(settings.PlaceOf("data.set"), "The set csv needs data.file, the path of the table."));
        if (settings.Has("model.name") == settings.Has("model.file"))
            problems.Add(new Problem(settings.PlaceOf("model.name"),
                "A model is named by either model.name or model.file; give one of them."));
        foreach (string path in Files.Where(settings.Has))
        {
            if (!File.Exists(settings.Get<string>(path)))
                problems.Add(new Problem(settings.PlaceOf(path),
                    $"{path} names '{settings.Get<string>(path)}', which does not exist.", IsMissing: true));
        }

        if (settings.Get<Partition>("data.partition") is ByColumn column && set != "csv")
            problems.Add(new Problem(settings.PlaceOf("data.partition"),
                $"{column} needs a set with columns, which is csv, but data.set is {set}."));
        if (settings.Get<Partition>("data.partition") is FromFile split && !File.Exists(split.Path))
            problems.Add(new Problem(settings.PlaceOf("data.partition"),
                $"data.partition names '{split.Path}', which does not exist.", IsMissing: true));
        if (problems.Count > 0)
            throw new ExperimentException(problems);
    }

    static ModelGraph? ReadModel(Settings settings) => settings.Has("model.file")
        ? ModelFiles.ReadLayers(settings.Get<string>("model.file")) : null;

    // A model that is brought says which columns it takes, and in what order.
    static (LabeledSet Train, LabeledSet Test) LoadData(Settings settings, ModelGraph? given, RandomKey key)
    {
        switch (settings.Get<string>("data.set"))
        {
            case "digits":
                return Digits.Load();
            case "csv":
                var table = Table(settings, given);
                if (settings.Get<bool>("data.normalize") && given is not null)
                    throw Wrong(settings, "data.normalize",
                        "data.normalize goes with a built-in model; one from a file says itself how its values are normalized.");
                return table.Count >= 2
                    ? DataSource.Normalized(DataSource.HoldOut(table, key), settings.Get<bool>("data.normalize"))
                    : throw Wrong(settings, "data.file",
                        $"data.file needs two rows or more, for one is kept to measure on, but has {table.Count}.");
            case var set:
                return MnistFolder.Find(set)!.Load(Optional(settings, "data.folder"), given is null ? null
                    : SampleSchema.Of(given));
        }
    }

    static LabeledSet Table(Settings settings, ModelGraph? given) =>
        DataSource.Table(settings.Get<string>("data.file"), settings.Get<string>("data.label"), given,
            (settings.Get<Partition>("data.partition") as ByColumn)?.Column);

    static ModelGraph LoadModel(Settings settings, ModelGraph? given, LabeledSet train, RandomKey key)
    {
        ModelGraph graph;
        try
        {
            graph = given is not null ? train.Schema.AddTo(given)
                : Students.BuiltIn(settings.Get<string>("model.name"), train, key);
        }
        catch (ArgumentException misfit)
        {
            throw Wrong(settings, "model.name", InputErrors.Sentence(misfit));
        }

        if (!settings.Has("model.weights"))
            return graph;
        float[] values = NpyFile.Read(settings.Get<string>("model.weights")).Values;
        int strange = Array.FindIndex(values, value => !float.IsFinite(value));
        if (strange >= 0)
            throw Wrong(settings, "model.weights", $"model.weights must be finite, but value {strange} is {values[strange]}.");
        return values.Length == graph.Weights.Length
            ? graph.With(new ModelWeights(graph.Weights, values))
            : throw Wrong(settings, "model.weights",
                $"model.weights has {values.Length} values, but the model has {graph.Weights.Length}.");
    }

    static void CheckFit(Settings settings, ModelGraph graph, LabeledSet train)
    {
        try
        {
            SampleFit.Check(graph, train);
        }
        catch (MisfitException misfit) when (settings.Has("model.file"))
        {
            throw new CliException(ExitCode.Input,
                $"'{settings.Get<string>("model.file")}' does not fit the data. {misfit.Message}", misfit);
        }
    }

    static Allotment Deal(Settings settings, LabeledSet train, RandomKey key)
    {
        var partition = settings.Get<Partition>("data.partition");
        int? brought = partition switch
        {
            FromFile split => split.Read(train).Clients.Count,
            ByColumn => train.Clients!.Names.Distinct(StringComparer.Ordinal).Count(),
            _ => null,
        };
        if (brought is { } own && settings.Has("clients") && settings.Int32("clients") != own)
            throw Wrong(settings, "clients",
                $"clients is {settings.Int32("clients")}, but {partition} brings {own}; leave clients out.");
        if (brought is null && !settings.Has("clients"))
            throw Wrong(settings, "clients", $"clients is missing: {partition} needs the number of clients to deal to.");
        try
        {
            return partition.Deal(train, brought ?? settings.Int32("clients"), key.Fold("partition"));
        }
        catch (ArgumentException misfit)
        {
            throw Wrong(settings, "data.partition", InputErrors.Sentence(misfit));
        }
    }

    static string? Optional(Settings settings, string path) => settings.Has(path) ? settings.Get<string>(path) : null;

    static ExperimentException Wrong(Settings settings, string path, string message) =>
        new([new Problem(settings.PlaceOf(path), message)]);
}

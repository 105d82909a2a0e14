using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Federation.Capacities;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Robustness;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Learning.Data.Tables;
using Plume.Learning.Partition;
using Plume.Learning.Training;
using Plume.Models.Adapt;
using Plume.Models.Graph;
using Plume.Models.Quantize;
using Plume.Models.Zoo;

namespace Plume.Cli.Setup.Sources;

/// <summary>What an experiment learns from and with: data, who holds what, the model and its first weights.</summary>
sealed record Inputs(LabeledSet Train, LabeledSet Test, Allotment Allotment, ModelGraph Graph)
{
    // Samples to see on how far activations reach before they are trained.
    const int SamplesOfRanges = 256;

    // Of the first and the last layer, which mind coarse levels most.
    const int EndBits = 8;

    /// <summary>Loads everything that the experiment name.</summary>
    /// <exception cref="ExperimentException">Something named does not exist or does not fit; it says where it was
    /// named.</exception>
    /// <exception cref="InvalidPayloadException">A file is damaged.</exception>
    public static Inputs Load(Experiment experiment)
    {
        CheckFiles(experiment);
        var key = experiment.Key;
        var given = ReadModel(experiment);
        var (train, test, dealt) = LoadData(experiment, given, key);
        var graph = LoadModel(experiment, given, train, key);
        CheckFit(experiment, graph, train);
        var capacities = CapacityGraphs.Of(experiment, graph);
        graph = capacities.Largest;
        if (train.Targets is not null && experiment.Exchange.Method is Predictions)
            throw experiment.Wrong("exchange", "exchange: predictions are of classes, but data.target is a number to predict.");
        var (predictions, allotment) = PredictionInputs.Load(experiment, train, test, graph, dealt, key);
        var inputs = new Inputs(train, test, allotment, Adapted(experiment, Quantized(experiment, graph, test), key))
        {
            Floats = graph,
            Predictions = predictions,
            Ships = ShipsInputs.Load(experiment, graph, test),
            Narrower = capacities.Trained,
            Smaller = capacities.Smaller,
            Dealt = allotment,
        };
        try
        {
            return inputs.Trusting(experiment.Rule, key);
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("server.rule", $"server.rule: {misfit.Message}");
        }
    }

    /// <summary>What a rule needs that compares updates with one of the server's own; null where the rule is another.</summary>
    public RootInputs? Root { get; private init; }

    // Who holds what before the server took samples of its own.
    Allotment Dealt { get; init; } = Allotment;

    /// <summary>The same by another rule: root samples are taken from the clients where it needs some.</summary>
    /// <param name="rule">The rule; null for the mean.</param>
    /// <param name="key">Of the run.</param>
    /// <exception cref="ArgumentException">There are no such samples.</exception>
    public Inputs Trusting(RobustRule? rule, RandomKey key)
    {
        var (root, allotment) = RootInputs.Take(rule, Train, Dealt, key);
        return this with { Root = root, Allotment = allotment };
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
    public Inputs WithTeachers(Experiment experiment, int threads) =>
        this with { Teachers = Teachers.Load(experiment, this, threads) };

    /// <summary>
    /// The training samples, in the same order, as a model takes them that says how they are normalized and in which columns.
    /// </summary>
    public static LabeledSet TrainFor(Experiment experiment, ModelGraph graph) => experiment.Data.Set switch
    {
        "digits" => Digits.Load().Train,
        _ when experiment.Data.IsTable => TableFor(experiment, graph),
        "arrays" => ArraysOf(experiment, graph, experiment.Key).Train,
        "images" => UseOf(experiment).Images(experiment.Data.Folder!, graph, experiment.Key).Train,
        var set => MnistFolder.Find(set)!.Load(experiment.Data.Folder, SampleSchema.Of(graph)).Train,
    };

    static ModelGraph Adapted(Experiment experiment, ModelGraph graph, RandomKey key)
    {
        if (experiment.Exchange.Method is not Adapters adapters)
            return graph;
        try
        {
            return LowRankAdapters.Insert(graph, adapters.Rank, adapters.FreezesA, key.Fold("adapters"));
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("exchange", $"exchange: {InputErrors.Sentence(misfit)}");
        }
    }

    // A server has no client's samples, but those that it measures on; their labels are not looked at, and the ranges are
    // trained.
    static ModelGraph Quantized(Experiment experiment, ModelGraph graph, LabeledSet test)
    {
        if (experiment.Training.Precision is not { } precision)
            return graph;
        var scheme = new QuantizationScheme(precision.WeightBits, precision.ActivationBits) { EndBits = EndBits };
        try
        {
            var samples = test.Take(test.Name, [.. Enumerable.Range(0, Math.Min(SamplesOfRanges, test.Count))]);
            var quantized = PostTraining.Quantize(graph, scheme, samples);
            return quantized.Nodes.Any(node => node.OpType == FakeQuantizer.OpType)
                ? quantized
                : throw experiment.Wrong("training",
                    $"training: '{precision}' finds no layer of '{graph.Name}' that can have fewer bits.");
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("training", $"training: {InputErrors.Sentence(misfit)}");
        }
    }

    static void CheckFiles(Experiment experiment)
    {
        var problems = new List<Problem>();
        string set = experiment.Data.Set;
        if (MnistFolder.Find(set) is { } folder && folder.Missing(experiment.Data.Folder) is { } missing)
            problems.Add(experiment.Missing(experiment.Data.Folder is not null ? "data.folder" : "data.set", missing));
        if (set == "images" && !Directory.Exists(experiment.Data.Folder))
            problems.Add(experiment.Missing(experiment.Data.Folder is null ? "data.set" : "data.folder", experiment.Data.Folder is null
                ? "Images need data.folder, with a folder for each class."
                : $"data.folder names '{experiment.Data.Folder}', which does not exist."));
        if (experiment.Data is { IsTable: false, IsArrays: false, Target: not null })
            problems.Add(experiment.Problem("data.target", $"data.target is a column of a table or of arrays, but data.set is {set}."));
        if (experiment.Data.Target is not null && experiment.Objective.BalancesClasses)
            problems.Add(experiment.Problem("client.classWeights", "client.classWeights is for classes, but data.target is a number to predict."));
        if (experiment.Data is { IsTable: true, File: null } or { IsArrays: true, File: null })
            problems.Add(experiment.Problem("data.set", $"{(experiment.Data.IsTable ? "A table needs" : "Arrays need")} data.file, its path."));
        if (experiment.Model.Name is null == experiment.Model.File is null)
            problems.Add(experiment.Problem("model.name",
                "A model is named by either model.name or model.file; give one of them."));
        foreach (var (key, file) in experiment.Files.Where(entry => !File.Exists(entry.Path)))
            problems.Add(experiment.Missing(key, $"{key} names '{file}', which does not exist."));

        if (experiment.Data is { IsTable: false, Partition: ByColumn column })
            problems.Add(experiment.Problem("data.partition",
                $"{column} needs a set with columns, which is table, but data.set is {set}."));
        if (experiment.Data.Partition is FromFile split && !File.Exists(split.Path))
            problems.Add(experiment.Missing("data.partition",
                $"data.partition names '{split.Path}', which does not exist."));
        if (problems.Count > 0)
            throw new ExperimentException(problems);
    }

    static ModelGraph? ReadModel(Experiment experiment) => experiment.Model.File is not null
        ? ModelFiles.ReadLayers(experiment.Model.File!) : null;

    // A model that is brought says which columns it takes, and in what order.
    static (LabeledSet Train, LabeledSet Test, Allotment Dealt) LoadData(Experiment experiment, ModelGraph? given, RandomKey key)
    {
        if (experiment.Data.IsTable)
            return LoadTable(experiment, given, key);
        var (train, test) = experiment.Data.Set == "digits" ? Digits.Load()
            : experiment.Data.IsArrays ? ArraysOf(experiment, given, key)
            : experiment.Data.Set == "images" ? LoadImages(experiment, given, key)
            : MnistFolder.Find(experiment.Data.Set)!.Load(experiment.Data.Folder, given is null ? null : SampleSchema.Of(given));
        return (train, test, Deal(experiment, train, key));
    }

    static (LabeledSet Train, LabeledSet Test) ArraysOf(Experiment experiment, ModelGraph? given, RandomKey key)
    {
        try
        {
            var sets = new ArraySource(experiment.Data.File!, UseOf(experiment), given).Load(key);
            DataSource.CheckClasses(sets.Train);
            return sets;
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("data.file", InputErrors.Sentence(misfit));
        }
    }

    static (LabeledSet Train, LabeledSet Test) LoadImages(Experiment experiment, ModelGraph? given, RandomKey key)
    {
        try
        {
            var sets = UseOf(experiment).Images(experiment.Data.Folder!, given, key);
            DataSource.CheckClasses(sets.Train);
            return sets;
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("data.folder", InputErrors.Sentence(misfit));
        }
    }

    // Rows are dealt out first, so that what is learned of them before a model is can be learned as clients would: each of its
    // own.
    static (LabeledSet Train, LabeledSet Test, Allotment Dealt) LoadTable(Experiment experiment, ModelGraph? given, RandomKey key)
    {
        string path = experiment.Data.File!;
        if (experiment.Data.IsNormalized && given is not null)
            throw experiment.Wrong("data.normalize",
                "data.normalize goes with a built-in model; one from a file says itself how its values are normalized.");
        if (experiment.Data.Target is null && given is not null && SampleSchema.Of(given).Target is { } predicted)
            throw experiment.Wrong("data.label", $"'{experiment.Model.File}' predicts a number, '{predicted.Name}': name its column as data.target.");
        var use = UseOf(experiment);
        var split = use.Split(path, given, key);
        if (split.Count == 0)
            throw experiment.Wrong("data.file", "data.file needs two rows or more, for one is kept to measure on, but has 1.");
        var dealt = Deal(experiment, split.Unseen, key);
        var (train, test) = use.Sets(path, split, () => split.Summarize(dealt.Clients), given, "data.normalize");
        try
        {
            DataSource.CheckClasses(train);
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("data.file", InputErrors.Sentence(misfit));
        }

        return (train, test, dealt);
    }

    static LabeledSet TableFor(Experiment experiment, ModelGraph graph)
    {
        var use = UseOf(experiment);
        var split = use.Split(experiment.Data.File!, graph, experiment.Key);
        return use.Sets(experiment.Data.File!, split, split.Summarize, graph, "data.normalize").Train;
    }

    static TableUse UseOf(Experiment experiment) => new(new TableTerms(experiment.Data.Target ?? experiment.Data.Label)
    {
        IsTarget = experiment.Data.Target is not null,
        Client = (experiment.Data.Partition as ByColumn)?.Column,
        LeftOut = experiment.Data.LeftOut,
        Categories = experiment.Data.Categories,
    })
    {
        Test = experiment.Data.Test,
        IsNormalized = experiment.Data.IsNormalized,
        FillsEmpty = experiment.Data.FillsEmpty,
        Summary = experiment.Data.Columns is { } file ? TableFlags.SummaryOf(file, "data.columns") : null,
        Shape = experiment.Data.Shape is { } shape ? TableFlags.ShapeOf(shape) : null,
        WantsPictures = experiment.Model.Name is { } model && ModelZoo.TakesPictures(model),
    };

    static ModelGraph LoadModel(Experiment experiment, ModelGraph? given, LabeledSet train, RandomKey key)
    {
        ModelGraph graph;
        try
        {
            graph = given is not null ? train.Schema.AddTo(given)
                : Students.BuiltIn(experiment.Model.Name!, train, key);
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("model.name", InputErrors.Sentence(misfit));
        }

        if (experiment.Model.Weights is null)
            return graph;
        float[] values = NpyFile.Read(experiment.Model.Weights!).Values;
        int strange = Array.FindIndex(values, value => !float.IsFinite(value));
        if (strange >= 0)
            throw experiment.Wrong("model.weights", $"model.weights must be finite, but value {strange} is {values[strange]}.");
        return values.Length == graph.Weights.Length
            ? graph.With(new ModelWeights(graph.Weights, values))
            : throw experiment.Wrong("model.weights",
                $"model.weights has {values.Length} values, but the model has {graph.Weights.Length}.");
    }

    static void CheckFit(Experiment experiment, ModelGraph graph, LabeledSet train)
    {
        try
        {
            SampleFit.Check(graph, train);
        }
        catch (MisfitException misfit) when (experiment.Model.File is not null)
        {
            throw new CliException(ExitCode.Input,
                $"'{experiment.Model.File!}' does not fit the data. {misfit.Message}", misfit);
        }
    }

    static Allotment Deal(Experiment experiment, LabeledSet train, RandomKey key)
    {
        var partition = experiment.Data.Partition;
        int? brought = partition switch
        {
            FromFile split => split.Read(train).Clients.Count,
            ByColumn => train.Clients!.Names.Distinct(StringComparer.Ordinal).Count(),
            _ => null,
        };
        if (brought is { } own && experiment.Clients is { } written && written != own)
            throw experiment.Wrong("clients",
                $"clients is {written}, but {partition} brings {own}; leave clients out.");
        if ((brought ?? experiment.Clients) is not { } clients)
            throw experiment.Wrong("clients", $"clients is missing: {partition} needs the number of clients to deal to.");
        try
        {
            return partition.Deal(train, clients, key.Fold("partition"));
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("data.partition", InputErrors.Sentence(misfit));
        }
    }
}

using System.Globalization;
using System.Text;
using Plume.Compression.Files;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Learning.Inference.Metrics;
using Plume.Simulation;

namespace Plume.Cli.Runs;

/// <summary>What a run was for each client: clients.csv.</summary>
/// <param name="Samples">The training samples of each, by their places in the set.</param>
/// <param name="Costs">What its rounds have cost each.</param>
/// <param name="Links">The link of each; empty where there are none.</param>
sealed record ClientFigures(IReadOnlyList<int[]> Samples, IReadOnlyList<ClientCost> Costs, IReadOnlyList<ClientLink> Links)
{
    const double Tenth = 0.1;

    /// <summary>
    /// Share of each client's samples that get the right class from what ships, or R2 over them; null where it was not
    /// measured, or a client has no samples.
    /// </summary>
    public IReadOnlyList<double?>? Accuracies { get; private init; }

    /// <summary>
    /// The mean accuracy of the tenth of the clients where it is lowest, of at least one; null where it was not measured.
    /// </summary>
    public double? WorstTenth => Accuracies?.OfType<double>().Order().ToArray() is { Length: > 0 } known
        ? known.Take((int)Math.Ceiling(Tenth * known.Length)).Average() : null;

    /// <summary>The mean accuracy over the clients; null where it was not measured.</summary>
    public double? Mean => Accuracies?.Average();

    /// <summary>The same with accuracies: a model in ONNX Runtime on the clients' training samples.</summary>
    public ClientFigures Measured(string name, byte[] model, LabeledSet train)
    {
        using var session = new RuntimeModel(name, model);
        var predictions = Predictions.Of(session, train);
        var told = predictions.Classes;
        if (train.Targets is not null)
            return this with { Accuracies = [.. Samples.Select(own => R2(predictions.Scores.Span, train.Targets, own))] };
        return this with
        {
            Accuracies = [.. Samples.Select(own => own.Length == 0 ? null
                : (double?)own.Count(sample => told[sample] == train.Labels[sample]) / own.Length)],
        };
    }

    static double? R2(ReadOnlySpan<float> told, float[] targets, int[] own)
    {
        float[] said = new float[own.Length];
        for (int i = 0; i < own.Length; i++)
            said[i] = told[own[i]];
        return own.Length == 0 ? null : RegressionFigures.Of([.. own.Select(sample => targets[sample])], said).R2;
    }

    /// <summary>Writes the table.</summary>
    public void Write(string path) => AtomicFile.Write(path, Encoding.UTF8.GetBytes(ToString()));

    /// <summary>The table: a line for each client.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(
            "client,samples,rounds,downlinkBytes,uplinkBytes,seconds,downMbit,upMbit,latencySeconds,dropout,accuracy\n");
        for (int client = 0; client < Samples.Count; client++)
        {
            var cost = Costs[client];
            ClientLink? link = Links.Count > 0 ? Links[client] : null;
            text.Append(CultureInfo.InvariantCulture,
                $"{client},{Samples[client].Length},{cost.Tasks},{cost.DownlinkBytes},{cost.UplinkBytes},{cost.Seconds:0.######},")
                .Append(CultureInfo.InvariantCulture,
                    $"{link?.Down:0.######},{link?.Up:0.######},{link?.Latency:0.######},{link?.DropOut:0.######},{Accuracies?[client]:0.######}\n");
        }

        return text.ToString();
    }
}

using System.CommandLine;
using System.Text.Json;
using Plume.Cli.Bench;
using Plume.Cli.Errors;
using Plume.Cli.Setup;
using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Randomness;
using Plume.Federation.SecureSums;
using Plume.Federation.SecureSums.Graph;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands;

/// <summary>
/// <c>plume bench codec</c>: what codecs make of files, in bytes, error and speed; <c>plume bench secure</c>: what a secure sum
/// takes.
/// </summary>
static class BenchCommand
{
    const double Seconds = 0.5;
    const double FewestSeconds = 0.02;
    const double MostSeconds = 600;

    static readonly string[] Defaults =
    [
        "uniform(8) | pack",
        "uniform(4) | rans",
        "topk(1%) | uniform(4) | rans",
        "rotate | lloyd(1) | pack",
        "deadzone(nmse=0.01) | range",
        "deadzone(nmse=0.1) | rans",
        "deadzone(nmse=0.1) | range",
        "lowrank | deadzone(nmse=0.1) | range",
        "rans",
    ];

    sealed record Request(string[] Names, string[] Codecs, bool Json, string? Plot, ulong Seed, int Threads, double? Seconds);

    public static Command Create() => new("bench", "Measure how small, how exact and how fast.")
    {
        CreateCodec(),
        CreateSecure(),
    };

    static Command CreateCodec()
    {
        var files = new Argument<string[]>("file")
        {
            Description = "What to measure: .npy, .safetensors, .onnx or .plume files, folders of them, or values drawn at "
                + "random: \"normal(10M)\", \"laplace(1M)\", \"sparse(1M, 95%)\".",
            Arity = ArgumentArity.OneOrMore,
        };
        var codecs = new Option<string[]>("--codec")
        {
            Description = "A codec, such as \"topk(1%) | uniform(4) | rans\"; may be repeated. Without it, a choice of common "
                + "ones.",
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
        var json = new Option<bool>("--json") { Description = "Print an array with one object for each file and codec." };
        var plot = new Option<string?>("--plot")
        {
            Description = "Draw bits per parameter and NMSE into this .png or .svg file.",
        };
        var seed = new Option<ulong>("--seed")
        {
            Description = "What values and stochastic codecs are drawn from.",
            DefaultValueFactory = _ => 1,
        };
        var threads = new Option<int>("--threads")
        {
            Description = "Threads that work on one payload; the bytes do not depend on it.",
            DefaultValueFactory = _ => 1,
        };
        var seconds = WrittenOption.MaybeNumber("--seconds");
        seconds.Description = $"Time to repeat each measurement of speed; without it, {Seconds} s, which several files share.";
        var command = new Command("codec", "Measure codecs on files or on values drawn at random.")
        {
            files, codecs, json, plot, seed, threads, seconds,
        };
        command.SetAction(line =>
            (int)Run(new Request(line.GetValue(files)!, line.GetValue(codecs)!, line.GetValue(json), line.GetValue(plot),
                line.GetValue(seed), line.GetValue(threads), line.GetValue(seconds))));
        return command;
    }

    static Command CreateSecure()
    {
        var clients = new Option<int>("--clients") { Description = "Clients that begin.", DefaultValueFactory = _ => 100 };
        var values = new Option<int>("--values") { Description = "Words of each.", DefaultValueFactory = _ => 1_000_000 };
        var bits = new Option<int>("--bits")
        {
            Description = "Bits of a level, 2 to 16; a word has as many more as the sum needs.",
            DefaultValueFactory = _ => 8,
        };
        var dropOut = new Option<string>("--drop-out")
        {
            Description = "Share of the clients that vanish before they send their words.",
            DefaultValueFactory = _ => "10%",
        };
        var threads = new Option<int>("--threads")
        {
            Description = "Threads that each end computes on.",
            DefaultValueFactory = _ => 1,
        };
        var signed = new Option<bool>("--signed")
        {
            Description = "Clients sign their keys and who is in the sum, as with TLS.",
        };
        var json = new Option<bool>("--json") { Description = "Print one object." };
        var command = new Command("secure", "Measure a secure sum by its whole protocol, all ends in this process.")
        {
            clients, values, bits, dropOut, threads, signed, json,
        };
        command.SetAction(line =>
            (int)RunSecure(line.GetValue(clients), line.GetValue(values), line.GetValue(bits), line.GetValue(dropOut)!,
                line.GetValue(threads), line.GetValue(signed), line.GetValue(json)));
        return command;
    }

    static ExitCode RunSecure(int clients, int values, int bits, string dropOut, int threads, bool signed, bool json)
    {
        RequireWithin("--clients", clients, SumTerms.LeastMinimum, Secure.MostSenders);
        RequireWithin("--values", values, 1, 1 << 28);
        RequireWithin("--bits", bits, 2, 16);
        RequireWithin("--threads", threads, 1, 1024);
        double share = Share.Parse("--drop-out", dropOut);
        if (share > GraphSize.MostDropOut)
            throw new CliException(ExitCode.Usage,
                $"--drop-out must be at most {Quantity.Percent(GraphSize.MostDropOut)}, but is {dropOut}.");
        using var bench = new SecureBench(clients, values, bits, share, threads, signed);
        try
        {
            var figures = bench.Run();
            Console.Out.Write(json ? JsonSerializer.Serialize(figures, BenchJson.Default.SecureFigures) + "\n" : figures.Print());
            return ExitCode.Done;
        }
        catch (SumLostException lost)
        {
            throw new CliException(ExitCode.Run, lost.Message, lost);
        }
    }

    static void RequireWithin(string option, int number, int least, int most)
    {
        if (number < least || number > most)
            throw new CliException(ExitCode.Usage, $"{option} must be {least} to {most}, but is {number}.");
    }

    static ExitCode Run(Request request)
    {
        Check(request);
        List<Codec> codecs = [.. (request.Codecs.Length > 0 ? request.Codecs : Defaults).Select(CodecLine.Parse).Distinct()];
        var names = BenchInput.Names(request.Names);
        using var plot = request.Plot is null ? null : PlotFile.At(request.Plot, codecs, names);
        var key = RandomKey.FromSeed(request.Seed);
        // Read once before anything is measured, so that a mistake in the last file costs no time.
        if (names.Count > 1)
            names.ForEach(name => BenchInput.Load(name, key));

        double seconds = request.Seconds ?? Math.Max(FewestSeconds, Seconds / names.Count);
        var bench = new CodecBench(key.Fold("codec"), request.Threads, TimeSpan.FromSeconds(seconds));
        var figures = new List<CodecFigures>();
        using (var progress = new BenchProgress(names.Count * codecs.Count))
        {
            foreach (var input in names.Select(name => BenchInput.Load(name, key)))
            {
                foreach (var codec in codecs)
                {
                    progress.Begin(input.Name, codec);
                    figures.Add(bench.Measure(input, codec));
                }
            }
        }

        Console.Out.Write(request.Json ? JsonSerializer.Serialize(figures, BenchJson.Default.IReadOnlyListCodecFigures) + "\n"
            : BenchTable.Print(figures));
        plot?.Write(figures);
        return ExitCode.Done;
    }

    static void Check(Request request)
    {
        RunOptions.CheckThreads(request.Threads);
        if (request.Seconds is { } seconds && !(seconds > 0 && seconds <= MostSeconds))
            throw new CliException(ExitCode.Usage, $"--seconds must be above 0 and at most {MostSeconds}, but is {seconds}.");
    }
}

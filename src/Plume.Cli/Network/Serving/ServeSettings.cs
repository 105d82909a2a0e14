using System.Net;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Experiments.Json;
using Plume.Cli.Experiments.Keys;
using Plume.Server.Identity.Admission;

namespace Plume.Cli.Network.Serving;

/// <summary>
/// How a server is to run: what the command line says stands over the environment, that over the file, and that over the
/// defaults.
/// </summary>
sealed class ServeSettings
{
    readonly Settings settings;

    ServeSettings(Settings settings) => this.settings = settings;

    public IReadOnlyList<string> Experiments => List("experiments");

    public IReadOnlyList<string> Overrides => List("set");

    public string State => settings.Get<string>("state");

    public IPEndPoint Listen => settings.Get<IPEndPoint>("listen");

    public string? Certs => settings.Get<string?>("certs");

    public bool IsInsecure => settings.Has("insecure") && settings.Get<bool>("insecure");

    public IPEndPoint? Metrics => settings.Get<IPEndPoint?>("metrics");

    public PagePlace Page => settings.Get<PagePlace>("page");

    public string? Postgres => settings.Get<string?>("postgres");

    public IPEndPoint Silo => settings.Get<IPEndPoint>("silo");

    public IPEndPoint? Flower => settings.Get<IPEndPoint?>("flower");

    public int? Reserved => settings.Has("reserved") ? settings.Int32("reserved") : null;

    public TimeSpan Deadline => settings.Get<TimeSpan>("deadline");

    public int? StartWith => settings.Has("startWith") ? settings.Int32("startWith") : null;

    public TimeSpan Away => settings.Get<TimeSpan>("away");

    public TimeSpan UnusedPlace => settings.Get<TimeSpan>("unusedPlace");

    public TimeSpan RenewalGrace => settings.Get<TimeSpan>("renewalGrace");

    /// <summary>What clients may take.</summary>
    public ServerLimits Limits
    {
        get
        {
            var limits = new ServerLimits();
            return limits with
            {
                Connections = settings.Has("connections") ? settings.Int32("connections") : limits.Connections,
                ConnectionsPerClient = settings.Int32("connectionsPerClient"),
                CallsPerSecond = settings.Int32("callsPerSecond"),
                OpenCalls = settings.Int32("openCalls"),
                HeaderTime = settings.Get<TimeSpan>("headerTime"),
            };
        }
    }

    public bool IsLogJson => settings.Get<string>("logFormat") == "json";

    public bool IsVerbose => settings.Has("verbose") && settings.Get<bool>("verbose");

    /// <summary>Reads them from all places.</summary>
    /// <param name="file">The file; null for none.</param>
    /// <param name="environment">Variables; those that are empty say nothing.</param>
    /// <param name="flags">What the command line says about a setting: texts for a list, one text for the rest; null where it
    /// says nothing.</param>
    /// <exception cref="CliException">The file cannot be read, or something is wrong; the message has everything that
    /// is.</exception>
    public static ServeSettings Read(string? file, IReadOnlyDictionary<string, string> environment,
        Func<ServeKey, IReadOnlyList<string>?> flags)
    {
        var reader = new SettingsReader(ServeKeys.Root, "a server's settings");
        ReadStandards(reader);
        if (file is not null)
            reader.ReadText(SettingsFile.ReadAll(file, "file of settings"), file, Path.GetDirectoryName(Path.GetFullPath(file))!);
        ReadEnvironment(reader, environment);
        foreach (var setting in ServeKeys.All)
        {
            if (flags(setting) is { } texts)
                reader.ReadKey(setting.Key, setting.Key.Name, Tree(setting, texts));
        }

        return reader.Problems.Count == 0
            ? new ServeSettings(reader.Settings)
            : throw new CliException(ExitCode.Usage, Problem.List("The server's configuration", reader.Problems));
    }

    static void ReadStandards(SettingsReader reader)
    {
        foreach (var setting in ServeKeys.All)
        {
            if (setting.Standard is { } standard)
                reader.ReadKey(setting.Key, setting.Key.Name, setting.Key.FromText(standard, PlaceOf("the default")));
        }
    }

    static void ReadEnvironment(SettingsReader reader, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var (name, value) in environment.Where(variable => variable.Value.Length > 0
            && ServeKey.IsVariable(variable.Key)).OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            if (ServeKeys.All.FirstOrDefault(setting => setting.Variable == name) is { } setting)
                reader.ReadKey(setting.Key, setting.Key.Name, setting.Key.FromText(value, PlaceOf(name)));
            else
                reader.Report(PlaceOf(name),
                    $"There is no such variable; "
                        + $"{Nearest.To(name, ServeKeys.All.Select(known => known.Variable), "did you mean '{0}'?")}");
        }
    }

    static JsonTree Tree(ServeKey setting, IReadOnlyList<string> texts)
    {
        var place = PlaceOf(setting == ServeKeys.Experiments ? "The command line" : setting.Flag);
        return setting.Key is ListKey list ? list.FromTexts(texts, place) : setting.Key.FromText(texts[^1], place);
    }

    // A value may be a secret, so places have none.
    static Place PlaceOf(string text) => new(text, Environment.CurrentDirectory);

    List<string> List(string name) => settings.Has(name) ? settings.Get<List<string>>(name) : [];
}

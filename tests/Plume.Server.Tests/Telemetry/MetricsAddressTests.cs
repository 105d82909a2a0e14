using Plume.Compression.Codecs;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Plume.Client;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Hosting;
using Plume.Server.Storage;
using Plume.Server.Tests.Hosting;

namespace Plume.Server.Tests.Telemetry;

/// <summary>A server tells how it is where it was told to, and nowhere else.</summary>
public sealed partial class MetricsAddressTests : IAsyncLifetime
{
    const int Clients = 2, Rounds = 3, Values = 6;

    readonly string folder = Directory.CreateTempSubdirectory("plume-metrics-").FullName;
    readonly string federation = $"toy-{Guid.NewGuid():N}";
    readonly WebApplication app;

    public MetricsAddressTests() =>
        app = PlumeServer.Build(new ServerOptions([Toy(federation)], ServerStorage.InFolder(Path.Combine(folder, "state")))
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Metrics = new IPEndPoint(IPAddress.Loopback, 0),
        });

    public async ValueTask InitializeAsync() => await app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        // A federation that is still being opened writes until it is stopped.
        await app.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Metrics_tell_what_the_rounds_did()
    {
        await PlayAsync();
        // A count appears with its first event, and storage answers here.
        app.Services.GetRequiredService<ServerMetrics>().StorageRetries.Add(1);

        string metrics = await ReadMetricsAsync();

        Assert.Equal(Rounds, Sum(metrics, "plume_round_commits_total"));
        Assert.Equal(Rounds, Sum(metrics, "plume_round_duration_seconds_count"));
        Assert.Equal(Clients * Rounds, Sum(metrics, "plume_updates_total", "plume_outcome=\"counted\""));
        Assert.Equal(Rounds, Sum(metrics, "plume_model_version"));
        Assert.Equal(Clients, Sum(metrics, "plume_members"));
        Assert.True(Sum(metrics, "plume_payload_io_bytes_total", "plume_direction=\"uplink\"") > 0, metrics);
        Assert.True(Sum(metrics, "plume_payload_io_bytes_total", "plume_direction=\"downlink\"") > 0, metrics);
        Assert.Equal(0, Sum(metrics, "plume_clients_held"));
        Assert.Equal(0.5, Sum(metrics, "plume_model_accuracy"));
        var told = TypeLine().Matches(metrics).Select(line => line.Groups[1].Value).ToHashSet();
        Assert.Subset(told, ShownByDashboard());
    }

    [Fact]
    public async Task A_round_and_an_upload_have_a_span_each()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ServerTraces.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);

        await PlayAsync();

        var ours = spans.Where(span => Equals(span.GetTagItem("plume.federation"), federation)).ToList();
        Assert.Equal([1, 2, 3], ours.Where(span => span.OperationName == "round").Select(span => span.GetTagItem("plume.round")));
        Assert.All(ours.Where(span => span.OperationName == "round"),
            span => Assert.True(span.ParentId is null && span.Duration > TimeSpan.Zero));
        Assert.Equal(Clients * Rounds,
            ours.Count(span => span.OperationName == "upload" && Equals(span.GetTagItem("plume.outcome"), "counted")));
    }

    [Fact]
    public async Task Health_is_told_at_both_addresses_and_metrics_at_theirs_only()
    {
        using var http = new HttpClient();

        foreach (var address in new[] { ClientsAddress, MetricsAddress })
            Assert.Equal("alive", await (await GetAsync(http, address, "health/live")).Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, MetricsAddress, "metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(http, ClientsAddress, "metrics")).StatusCode);
    }

    [Fact]
    public async Task A_caller_cannot_talk_its_way_to_the_metrics_by_naming_another_host()
    {
        using var http = new HttpClient();

        var reply = await GetAsync(http, ClientsAddress, "metrics", host: MetricsAddress.Authority);

        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
    }

    [Fact]
    public async Task The_metrics_address_serves_no_calls()
    {
        using var http = new HttpClient();
        using var nothing = new ByteArrayContent([]);

        var reply = await http.PostAsync(new Uri(MetricsAddress, $"{Protocol.V1.Operation.Descriptor.FullName}/Stop"), nothing);

        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
    }

    [Fact]
    public void Metrics_cannot_have_the_port_of_the_clients()
    {
        var options = new ServerOptions([Toy("toy")], ServerStorage.InFolder(Path.Combine(folder, "other")))
        {
            Metrics = new IPEndPoint(IPAddress.Loopback, 7443),
        };

        Assert.Equal("Metrics need a port of their own: 7443 is the one of the clients.", Assert.Single(options.Problems()));
    }

    // Those of a histogram have its name and an ending.
    static HashSet<string> ShownByDashboard()
    {
        using var stream = typeof(MetricsAddressTests).Assembly.GetManifestResourceStream("dashboard.json")!;
        using var dashboard = JsonDocument.Parse(stream);
        var names = dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!)
            .Append(dashboard.RootElement.GetProperty("templating").GetProperty("list")[1].GetProperty("definition").GetString()!)
            .SelectMany(expression => MetricName().Matches(expression).Select(name => name.Value)).ToList();
        Assert.True(names.Count > 10, string.Join(' ', names));
        return [.. names.Select(name => name.EndsWith("_bucket", StringComparison.Ordinal) ? name[..^"_bucket".Length] : name)];
    }

    // Labels have the prefix, too.
    [GeneratedRegex("plume_(?!federation|direction|outcome|rule)[a-z_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("^# TYPE (plume_[a-z_]+) ", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    Uri ClientsAddress => new(app.Urls.First());

    Uri MetricsAddress => new(app.Urls.Last());

    static FederationDefinition Toy(string name)
    {
        var plan = new FederationPlan(Clients, Rounds, Clients, new LocalObjective(1, 8, 0.1),
            Codec.Floats, Codec.Floats)
        {
            Quorum = Clients,
            StartWith = Clients,
        };
        return new FederationDefinition(name, plan, Seed: 1, Layout, () => new float[Values])
        {
            Evaluator = new Half(),
        };
    }

    sealed class Half : IEvaluator
    {
        public Evaluation Evaluate(ReadOnlyMemory<float> model, CancellationToken cancellation) => new(0.5, 1, Samples: 2);
    }

    static ModelLayout Layout => ModelLayout.Of([("dense.weight", [1, Values], TensorRole.Weight)]);

    async Task PlayAsync() => await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => FederatedClient.JoinAsync(
        new ClientOptions
        {
            Server = ClientsAddress,
            Federation = federation,
            Name = $"client-{number}",
            Folder = Path.Combine(folder, $"client-{number}")
        }, _ => new Adds(Layout, 1))));

    async Task<string> ReadMetricsAsync()
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(MetricsAddress, "metrics"));
    }

    // Of the lines of one name and this federation.
    double Sum(string metrics, string name, string label = "") => metrics.Split('\n')
        .Where(line => line.StartsWith($"{name}{{", StringComparison.Ordinal)
            && line.Contains($"plume_federation=\"{federation}\"", StringComparison.Ordinal)
            && line.Contains(label, StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0],
            System.Globalization.CultureInfo.InvariantCulture));

    // The clients' address has HTTP/2 alone.
    async Task<HttpResponseMessage> GetAsync(HttpClient http, Uri address, string path, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path))
        {
            Version = address == ClientsAddress ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = host;
        return await http.SendAsync(request);
    }
}

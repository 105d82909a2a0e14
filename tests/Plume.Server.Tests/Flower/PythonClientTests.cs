using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Server.Flower.Messages;

namespace Plume.Server.Tests.Flower;

/// <summary>Python clients of real processes in rounds of averaging.</summary>
public sealed class PythonClientTests
{
    const int Features = 8, Classes = 3, Rounds = 4;

    static readonly ModelLayout Layout =
        ModelLayout.Of([("weight", [Features, Classes], TensorRole.Weight), ("bias", [Classes], TensorRole.Bias)]);
    static readonly Codec Compressed = Codec.Parse("uniform(8) | rans");

    [Fact]
    public async Task Python_clients_beside_a_compressed_one_lower_the_loss_round_by_round()
    {
        Assert.SkipUnless(PythonClient.IsThere, "needs python3-grpcio and python3-numpy");
        await using var host = await DoorHost.StartAsync(Layout, options => options with { Measures = true });
        using var north = new PythonClient(host.Port, "1", "--id", "north");
        using var south = new PythonClient(host.Port, "2", "--doubles");
        string[] names = [(await host.Federation.NextAsync<FakeFederation.Joined>()).Name,
            (await host.Federation.NextAsync<FakeFederation.Joined>()).Name];
        Assert.Equal(["flower/id/north", "flower/peer/127.0.0.1/1"], names.Order());

        float[] model = new float[Layout.Length];
        var measured = new List<FlowerMeasure>();
        for (int round = 1; round <= Rounds; round++)
            model = await RoundAsync(host, round, model, measured);
        host.Federation.Give(0, null);
        host.Federation.Give(1, null);

        foreach (var losses in new[] { await north.EndAsync(), await south.EndAsync() })
        {
            Assert.Equal(Enumerable.Range(1, Rounds), losses.Select(loss => loss.Round));
            Assert.Equal(Math.Log(Classes), losses[0].Received, 1e-6);
            Assert.All(losses, loss => Assert.True(loss.Trained < loss.Received + 0.02, $"{loss}"));
            Assert.True(losses[^1].Received < 0.3 * losses[0].Received,
                $"The global model's loss went from {losses[0].Received} to {losses[^1].Received} only.");
        }

        await host.Federation.NextAsync<FakeFederation.Left>();
        await host.Federation.NextAsync<FakeFederation.Left>();
        Assert.True(measured[^1].Accuracy > 0.9, $"{measured[^1]}");
        Assert.Equal(Enumerable.Repeat(120, 2 * Rounds), measured.Select(measure => measure.Samples));
        Assert.DoesNotContain(host.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal)
            || line.Contains("no part", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_python_client_comes_through_tls()
    {
        Assert.SkipUnless(PythonClient.IsThere, "needs python3-grpcio and python3-numpy");
        using var certificate = ForLoopback();
        string root = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(root, certificate.ExportCertificatePem());
            await using var host = await DoorHost.StartAsync(Layout, options => options with { Certificate = certificate });
            using var client = new PythonClient(host.Port, "3", "--root", root);
            await host.Federation.NextAsync<FakeFederation.Joined>();
            host.Federation.Give(0, host.Task(1, new float[Layout.Length]));
            await host.Federation.NextAsync<FakeFederation.Submitted>();
            host.Federation.Give(0, null);
            Assert.Single(await client.EndAsync());
        }
        finally
        {
            File.Delete(root);
        }
    }

    // One round of averaging: two Flower clients, and one that sends what the first did, compressed.
    static async Task<float[]> RoundAsync(DoorHost host, int round, float[] model, List<FlowerMeasure> measured)
    {
        var sum = new ExactSum(Layout.Length, contributors: 3);
        var key = RandomKey.FromSeed((ulong)round);
        double weight = 0;
        host.Federation.Give(0, host.Task(round, model));
        host.Federation.Give(1, host.Task(round, model));
        for (int arrived = 0; arrived < 2;)
        {
            switch (await host.Federation.NextAsync<FakeFederation.Happening>())
            {
                case FakeFederation.Measured measure:
                    measured.Add(measure.Measure);
                    break;
                case FakeFederation.Submitted submitted:
                    new PayloadDecoder(FlowerUpdate.Codec, Layout)
                        .AddTo(submitted.Update.Payload, sum, submitted.Update.Samples, key);
                    weight += submitted.Update.Samples;
                    Assert.InRange(submitted.Update.Loss!.Value, 0, Math.Log(Classes));
                    if (arrived++ == 0)
                        weight += AddCompressed(host.Federation.Decode(submitted.Update), sum, key);
                    break;
                case var other:
                    Assert.Fail($"{other}");
                    break;
            }
        }

        float[] next = new float[model.Length];
        for (int i = 0; i < next.Length; i++)
            next[i] = model[i] + (float)(sum.Values[i] / sum.Scale / weight);
        return next;
    }

    static double AddCompressed(float[] update, ExactSum sum, RandomKey key)
    {
        const double weight = 50;
        var payload = new PayloadEncoder(Compressed, Layout).Encode(update, key);
        new PayloadDecoder(Compressed, Layout).AddTo(payload, sum, weight, key);
        return weight;
    }

    static X509Certificate2 ForLoopback()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}

using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Methods.Corrections;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Methods.Partial;
using Plume.Federation.Notation;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Clipping;
using Plume.Federation.Privacy.Matrix;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.ServerOptimizers;

namespace Plume.Simulation.Tests;

// What the laws are held for.
public partial class SimulationTests
{
    static FederationPlan Plan(int rounds) => new(20, rounds, 8, new LocalObjective(1, 1, 0.05), Codec.Floats, Codec.Floats)
    {
        SampleCap = 12,
    };

    const string Rotated = "rotate | uniform(4) | rans", Remembered = "feedback | uniform(4) | rans",
        LowRank = "feedback | lowrank | deadzone(abs=0.01) | range", Auto = "feedback | lowrank | auto | range",
        AutoSums = "delta | auto | range";

    static FederationPlan Through(int rounds, string uplink, string downlink) =>
        Plan(rounds) with { Uplink = Codec.Parse(uplink), Downlink = Codec.Parse(downlink) };

    static SimulationOptions Options(string kind, int rounds)
    {
        var options = new SimulationOptions(Plan(rounds), Seed: 3) { Threads = 2 };
        var sparse = options with { Plan = options.Plan with { Uplink = Codec.Parse(Sparse), Downlink = Codec.Parse(Delta) } };
        SimulationOptions By(Method method, string uplink, string downlink) =>
            options with { Plan = Through(rounds, uplink, downlink) with { Method = method } };
        return kind switch
        {
            "plain" => options,
            "sparse" => sparse,
            "auto" => options with { Plan = Through(rounds, Auto, AutoSums), DropOut = 0.3 },
            "cheap" => options with
            {
                Plan = Through(rounds, Auto, AutoSums) with { Selection = new(), OverSelection = 1.5, Attempts = 9 },
                DropOut = 0.3,
            },
            "budget" => Budgeted("12kB", rounds: rounds) with { DropOut = 0.3 },
            "budget of each" => Budgeted("1kB a client", rounds: rounds) with { DropOut = 0.3 },
            "sums" => options with { Plan = Through(rounds, LowRank, Sums) },
            "scaffold" => By(new Scaffold(), Rotated, Sums),
            "feddyn" => sparse with { Plan = sparse.Plan with { Method = new FedDyn() }, DropOut = 0.3 },
            "fednova" => By(new FedNova(), LowRank, Sums),
            "fedexp" => By(new FedExp(), Rotated, Sums),
            "fedcm" => sparse with
            {
                Plan = sparse.Plan with { Method = new FedCm(), Downlink = Codec.Parse(Sums) },
                DropOut = 0.3
            },
            "personal" => sparse with { Plan = sparse.Plan with { Method = new PersonalLayers("b") }, DropOut = 0.3 },
            "scallion" => By(new Scallion(), Rotated, Sums),
            "prune" => By(new SparseTraining(0.9, 1, rounds), Remembered, Delta),
            "saliency" => By(new SparseTraining(0.9, 1, rounds - 1, bySaliency: true), Remembered, Sums) with { DropOut = 0.3 },
            "regrow" => By(new SparseTraining(0.9, 1, rounds - 1, regrow: 0.3), Remembered, Delta),
            "channels" => By(new ChannelTraining(0.8, 1, 3).Of(() => new BlobChannels()), Remembered, Delta),
            "mutual" => sparse with
            {
                Plan = sparse.Plan with { Objective = sparse.Plan.Objective with { Teaching = new Mutual() } },
                DropOut = 0.3,
                Corruption = 0.1
            },
            "predictions" => options with { Plan = options.Plan with { Method = Said("bits=3") }, DropOut = 0.3 },
            "predictions of a student" =>
                options with { Plan = options.Plan with { Method = Said("bits=1, labels=student, epochs=2") } },
            "adapters" => By(new Adapters(2), "feedback | deadzone(abs=0.003) | range", Sums) with { DropOut = 0.3 },
            "powersgd" => By(new PowerSgd(2), "deadzone(abs=0.003) | range", Sums) with { DropOut = 0.3 },
            "masks" => options with
            {
                Plan = options.Plan with { Method = new Masks(3), Downlink = Codec.Parse("deadzone(abs=0.25) | range") },
                DropOut = 0.3
            },
            "submodels" => sparse with
            {
                Plan = sparse.Plan with
                {
                    Method = MethodNotation.Parse("submodels(1, 1/2, 1/4)"),
                    Smaller = [Inputs(150, rolls: false), Inputs(75, rolls: false)]
                },
                Server = new FedAdam(0.05),
                DropOut = 0.3
            },
            "rolling" => options with
            {
                Plan = options.Plan with
                {
                    Method = MethodNotation.Parse("submodels(1, 1/3; rolling)"),
                    Smaller = [Inputs(100, rolls: true)],
                    Uplink = Codec.Parse(Rotated),
                    Downlink = Codec.Parse("uniform(8) | rans")
                }
            },
            "secure" => options with
            {
                Plan = options.Plan with
                {
                    Participants = 7,
                    Quorum = 3,
                    Attempts = 9,
                    Uplink = Codec.Parse("feedback | clip(2) | randk(50%) | rotate | uniform(5, shared) | secure"),
                    Downlink = Codec.Parse(Delta)
                },
                DropOut = 0.2
            },
            "secure, over-selection" =>
                options with
                {
                    Plan = options.Plan with
                    {
                        Participants = 4,
                        Quorum = 3,
                        OverSelection = 1.5,
                        SampleCap = 8,
                        Attempts = 9,
                        Uplink = Codec.Parse("rotate | uniform(4, stochastic, shared) | secure"),
                        Downlink = Codec.Parse(Sums)
                    },
                    DropOut = 0.2
                },
            "secure, groups" => options with
            {
                Plan = options.Plan with
                {
                    Participants = 14,
                    Quorum = 6,
                    Attempts = 9,
                    Rule = RobustNotation.Parse("groups(3) | centered"),
                    Uplink = Codec.Parse("feedback | clip(2) | randk(50%) | rotate | uniform(5, shared) | secure"),
                    Downlink = Codec.Parse(Delta)
                },
                DropOut = 0.1
            },
            "secure, submodels" => options with
            {
                Plan = options.Plan with
                {
                    Participants = 12,
                    Quorum = 3,
                    Attempts = 9,
                    Method = MethodNotation.Parse("submodels(1, 1/2)"),
                    Smaller = [Inputs(150, rolls: false)],
                    Uplink = Codec.Parse("feedback | randk(50%) | rotate | uniform(5, shared) | secure"),
                    Downlink = Codec.Parse(Delta)
                },
                DropOut = 0.1
            },
            "secure, powersgd" => options with
            {
                Plan = options.Plan with
                {
                    Quorum = 3,
                    Attempts = 9,
                    Method = new PowerSgd(2),
                    Uplink = Codec.Parse("clip(2) | uniform(8, shared) | secure"),
                    Downlink = Codec.Parse(Sums),
                },
                DropOut = 0.2
            },
            "secure, masks" => options with
            {
                Plan = options.Plan with
                {
                    Quorum = 3,
                    Attempts = 9,
                    Method = new Masks(3),
                    Uplink = Codec.Parse("uniform(1, shared) | secure"),
                    Downlink = Codec.Parse("deadzone(abs=0.25) | range"),
                },
                DropOut = 0.2
            },
            "secure, predictions" => options with
            {
                Plan = options.Plan with
                {
                    Quorum = 3,
                    Attempts = 9,
                    Method = Said("bits=3, alike"),
                    Uplink = Codec.Parse("uniform(4, shared) | secure"),
                },
                DropOut = 0.2
            },
            "secure, pruned" => options with
            {
                Plan = options.Plan with
                {
                    Quorum = 3,
                    Attempts = 9,
                    Method = new SparseTraining(0.9, 1, rounds),
                    Uplink = Codec.Parse("feedback | uniform(4, shared) | secure"),
                    Downlink = Codec.Parse(Delta),
                },
                DropOut = 0.2
            },
            "secure, channels" => options with
            {
                Plan = options.Plan with
                {
                    Quorum = 3,
                    Method = new ChannelTraining(0.8, 1, 3).Of(() => new BlobChannels()),
                    Uplink = Codec.Parse("feedback | uniform(4, shared) | secure"),
                    Downlink = Codec.Parse(Delta),
                },
            },
            "secure, private" => options with
            {
                Plan = options.Plan with
                {
                    Participants = 7,
                    Quorum = 4,
                    Attempts = 9,
                    SampleCap = null,
                    Privacy = new DifferentialPrivacy(2, 1e-5, 100),
                    Uplink = Codec.Parse("feedback | clip(0.5) | randk(50%) | rotate | uniform(8, shared) | secure"),
                    Downlink = Codec.Parse(Delta)
                },
                DropOut = 0.2
            },
            "private" => sparse with
            {
                Plan = sparse.Plan with
                {
                    SampleCap = null,
                    Privacy = new DifferentialPrivacy(2, 1e-5, 100),
                    Uplink = Codec.Parse("feedback(50%) | clip(0.5) | topk(10%) | uniform(4) | rans")
                },
                DropOut = 0.3
            },
            "private, adaptive" => sparse with
            {
                Plan = sparse.Plan with
                {
                    SampleCap = null,
                    Privacy = new DifferentialPrivacy(2, 1e-5, 100) { Clip = new AdaptiveClip(Bits: 2) },
                    Uplink = Codec.Parse("feedback(50%) | clip(0.5) | topk(10%) | uniform(4) | rans")
                },
                DropOut = 0.3
            },
            "private, correlated" => sparse with
            {
                Plan = sparse.Plan with
                {
                    SampleCap = null,
                    Participants = 4,
                    Privacy = new DifferentialPrivacy(2, 1e-5, 100) { Matrix = new MatrixMechanism(3, 2) },
                    Uplink = Codec.Parse("feedback(50%) | clip(0.5) | topk(10%) | uniform(4) | rans")
                },
                DropOut = 0.3
            },
            "buffered" => sparse with { Plan = sparse.Plan with { Buffered = new Buffered(4) }, DropOut = 0.2 },
            "buffered, on links" => options with
            {
                Plan = options.Plan with
                {
                    Participants = 12,
                    Buffered = new Buffered(5, 2),
                    Uplink = Codec.Parse(LowRank),
                    Downlink = Codec.Parse(Sums)
                },
                Links = Links.Parse("lognormal(down=2, up=1, spread=1) | latency(10ms) | dropout(0%..30%) | "
                    + "work(1s, spread=1.5, jitter=0.3)"),
                Server = new FedAdam(0.05),
                Corruption = 0.1,
            },
            "buffered, personal" =>
                sparse with { Plan = sparse.Plan with { Method = new PersonalLayers("b"), Buffered = new Buffered(4) } },
            "corrupted" => sparse with { Corruption = 0.4 },
            "bounded" => sparse with { Plan = sparse.Plan with { NormBound = new NormBound(1) } },
            "ruled" => sparse with
            {
                Plan = sparse.Plan with
                { Rule = RobustNotation.Parse("nearest(25%) | multikrum(1)"), Quorum = 5 }
            },
            "trusting" => sparse with
            {
                Plan = sparse.Plan with { Rule = RobustNotation.Parse("fltrust(public=holdout(12))") },
                DropOut = 0.2,
            },
            _ => sparse with { Server = new FedAdam(0.05), DropOut = 0.3, Plan = sparse.Plan with { OverSelection = 1.5 } },
        };
    }

    static Method Said(string arguments) =>
        ((Predictions)MethodNotation.Parse($"predictions(public=points, batch=30, {arguments})")) with
        {
            Public = new Blobs(20).Public,
        };

    // A model of fewer inputs, the first ones or others every round.
    static CapacityModel Inputs(int count, bool rolls)
    {
        LayoutSlice At(int version) =>
            LayoutSlice.Of(new Blobs(1).Layout,
                [("w", 1, [.. Enumerable.Range(0, count).Select(input => (input + (rolls ? version : 0)) % Blobs.Inputs)
                    .Order()])]);
        return new CapacityModel(At(0).Part, At);
    }
}

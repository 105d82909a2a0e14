using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Codecs;

/// <summary>
/// Payloads of versions 2 to 7 as they were on the day the version was fixed. A change of a byte is a change of the wire: it
/// needs a new version, not a new golden file. Where only an encoder's choices change, what it wrote before is still read.
/// </summary>
public class GoldenPayloads
{
    static readonly ModelLayout Layout = ModelLayout.Of(
    [
        ("conv.weight", [8, 1, 6, 6], TensorRole.Weight), ("conv.bias", [8], TensorRole.Bias),
        ("norm.mean", [8], TensorRole.Statistic),
        ("fc.weight", [20, 32], TensorRole.Weight), ("fc.bias", [20], TensorRole.Bias),
    ]);

    static readonly ModelLayout LongLayout = ModelLayout.Of([("w", [257, 512], TensorRole.Weight)]);

    static readonly ModelLayout LongerLayout = ModelLayout.Of(
        [("conv.weight", [64, 3, 5, 5], TensorRole.Weight), ("dw.weight", [96, 1, 3, 3], TensorRole.Weight),
            ("fc.weight", [300, 1400], TensorRole.Weight), ("fc.bias", [300], TensorRole.Bias)]);

    const string AutoLine = "lowrank | auto(5pt) | range";

    public static TheoryData<string, string> Lines => new()
    {
        { "pack", "pack" },
        { "uniform8-pack", "uniform(8) | pack" },
        { "uniform3-block-pack", "uniform(3, stochastic, block=32) | pack" },
        { "uniform1-rans", "uniform(1) | rans" },
        { "uniform3-rans-in-pairs", "uniform(3) | rans" },
        { "uniform12-channel-rans", "uniform(12, channel) | rans" },
        { "topk-pack", "topk(5%) | pack" },
        { "topk-uniform1-pack", "topk(5%) | uniform(1) | pack" },
        { "rotate-lloyd1-pack", "rotate | lloyd(1) | pack" },
        { "rotate-lloyd3-rans", "rotate | lloyd(3) | rans" },
        { "rotate-lloyd8-pack", "rotate | lloyd(8) | pack" },
        { "ternary-rans", "ternary | rans" },
        { "topk-ternary-pack", "topk(5%) | ternary | pack" },
        { "sign-pack", "sign | pack" },
        { "nf4-pack", "nf4 | pack" },
        { "nf4-block-rans", "nf4(block=32) | rans" },
        { "fp16-pack", "fp16 | pack" },
        { "bf16-rans", "bf16 | rans" },
        { "fp8-pack", "fp8 | pack" },
        { "fp8-e5m2-rans", "fp8(e5m2) | rans" },
        { "feedback-topk-uniform4-rans", "feedback | topk(10%) | uniform(4) | rans" },
        { "uniform3-range", "uniform(3) | range" },
        { "topk-uniform4-range", "topk(10%) | uniform(4) | range" },
        { "deadzone-step-range", "deadzone(step=0.7) | range" },
        { "deadzone-bpp-range", "deadzone(bpp=1) | range" },
        { "deadzone-step-rans", "deadzone(step=0.7) | rans" },
        { "deadzone-abs-rans", "deadzone(abs=0.02) | rans" },
        { "lowrank-deadzone-abs-range", "lowrank | deadzone(abs=0.3) | range" },
        { "clip-pack", "clip(3) | pack" },
        { "randk-uniform8-pack", "randk(20%) | uniform(8) | pack" },
        { "randk-rotate-uniform4-secure", "randk(20%) | rotate | uniform(4, shared=0.5) | secure(100)" },
        { "uniform12-secure", "uniform(12, shared=0.002) | secure(1000)" },
        { "threshold-rans", "threshold(2) | rans" },
        { "mask-uniform4-rans", "mask | uniform(4) | rans" },
        { "nm-uniform4-pack", "nm(2:4) | uniform(4) | pack" },
        { "lossless-rans", "rans" },
        { "budget-deadzone-range", "budget(300B) | deadzone | range" },
        { "delta-topk-tensor-uniform10-rans", "delta | topk(20, tensor) | uniform(10) | rans" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_payload_has_the_bytes_and_the_meaning_of_its_golden_file(string name, string line) =>
        AssertGolden(name, line, Layout, Some.Laplace(Layout.Length, 21));

    [Theory]
    [InlineData("columns-rans", "uniform(6) | rans")]
    [InlineData("columns-deadzone-rans", "deadzone(abs=4) | rans")]
    public void So_has_one_whose_columns_are_told_apart(string name, string line)
    {
        var layout = ModelLayout.Of([("w", [60, 40], TensorRole.Weight)]);
        AssertGolden(name, line, layout, [.. Some.Laplace(layout.Length, 23).Select((value, i) => value * (1 << (i % 40 / 8)))]);
    }

    [Fact]
    public void So_has_one_of_multiples_of_a_power_of_two() => AssertGolden("deadzone-grid-range", "deadzone(grid, exact) | range",
        Layout, [.. Some.Laplace(Layout.Length, 21).Select(value => MathF.Round(2 * value) / 8)], version: 7);

    [Fact]
    public void So_has_one_whose_step_was_found() => AssertGolden("lowrank-auto-range", AutoLine, Layout,
        Some.Laplace(Layout.Length, 21), version: 7);

    public static TheoryData<string, string> NewerLines => new()
    {
        { "outliers-deadzone-range", "deadzone(abs=0.02) | range" },
        { "outliers-deadzone-pack", "deadzone(abs=0.02) | pack" },
        { "outliers-topk-fp16-rans", "topk(10%) | fp16 | rans" },
        { "floats", "budget(1MB) | deadzone | range" },
    };

    [Theory]
    [MemberData(nameof(NewerLines))]
    public void So_has_one_with_values_that_no_level_holds(string name, string line) =>
        AssertGolden(name, line, Layout, WithOutliers(Layout.Length), version: 3);

    [Theory]
    [InlineData("long-deadzone-range", "deadzone(abs=4) | range")]
    [InlineData("long-topk-range", "topk(0.2%) | uniform(4) | range")]
    public void So_has_one_of_a_long_run(string name, string line)
    {
        AssertGolden(name, line, LongLayout, Some.Laplace(LongLayout.Length, 24), version: 5);
    }

    [Fact]
    public void So_has_one_of_two_long_runs_of_many_tensors() => AssertGolden("longer-deadzone-range",
        "deadzone(abs=5) | range", LongerLayout, Some.Laplace(LongerLayout.Length, 26), version: 5);

    [Theory]
    [InlineData("long-deadzone-range")]
    [InlineData("long-topk-range")]
    public void A_long_run_of_version_4_is_still_read(string name) => AssertRead(name, LongLayout, version: 4);

    [Theory]
    [InlineData("lowrank-auto-range", 2)]
    [InlineData("gains-auto-range", 6)]
    [InlineData("gains-lowrank-auto-range", 6)]
    [InlineData("gains-feedback-auto-rans", 6)]
    [InlineData("nearest-gains-feedback-auto-rans", 6)]
    [InlineData("nearest-gains-auto-range", 6)]
    [InlineData("nearest-gains-lowrank-auto-range", 6)]
    [InlineData("bounded-gains-feedback-auto-rans", 6)]
    [InlineData("nearest-lowrank-auto-range", 2)]
    [InlineData("deadzone-grid-range", 2)]
    public void One_that_is_written_otherwise_today_is_still_read(string name, int version) =>
        AssertRead(name, Layout, version);

    [Fact]
    public void A_long_run_that_was_damaged_or_cut_short_is_read_or_refused()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Folder, "payload-v5-long-deadzone-range.txt"));
        byte[] payload = Convert.FromHexString(lines[1]);
        var decoder = new PayloadDecoder(Codec.Parse(lines[0]), LongLayout);
        var decoded = new float[LongLayout.Length];
        var draws = new Plume.Compression.Randomness.RandomDraws(Some.Key(5));
        int refused = 0;
        for (int attempt = 0; attempt < 24; attempt++)
        {
            byte[] damaged = payload[..(attempt % 3 == 0 ? 20 + draws.NextInt(payload.Length - 20) : payload.Length)];
            damaged[5 + draws.NextInt(attempt % 2 == 0 ? 12 : damaged.Length - 5)] ^= (byte)(1 + draws.NextInt(255));
            try
            {
                decoder.Decode(damaged, decoded, Some.Key());
                Assert.All(decoded, static value => Assert.True(float.IsFinite(value)));
            }
            catch (InvalidPayloadException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 8, 24);
    }

    [Fact]
    public void So_has_one_whose_levels_a_trellis_chose() =>
        AssertGolden("deadzone-trellis-range", "deadzone(step=0.7, trellis) | range", Layout, Some.Laplace(Layout.Length, 21),
            version: 4);

    [Theory]
    [InlineData("gains-auto-range", "auto | range")]
    [InlineData("gains-lowrank-auto-range", "lowrank | auto | range")]
    [InlineData("gains-feedback-auto-rans", "feedback | auto | rans")]
    public void So_has_one_with_gains(string name, string line) =>
        AssertGolden(name, line, Layout, Some.Laplace(Layout.Length, 26), version: 7, step: 4);

    [Fact]
    public void So_has_one_with_gains_and_no_statistics() => AssertGolden("gains-bias-auto-range", "auto | range",
        ModelLayout.Of([("w", [20, 30], TensorRole.Weight), ("b", [20], TensorRole.Bias)]), Some.Laplace(620, 27), version: 6, step: 4);

    [Fact]
    public void So_has_one_between_versions_of_a_model_with_normalizations()
    {
        var layout = ModelLayout.Of([("w", [20, 30], TensorRole.Weight), ("norm.scale", [20], TensorRole.Normalization),
            ("norm.mean", [20], TensorRole.Statistic)]);
        AssertGolden("normalizations-delta-auto-range", "delta | auto | range", layout, Some.Laplace(layout.Length, 28),
            version: 7, step: 0.5f);
    }

    [Fact]
    public void A_long_run_of_version_2_is_still_read()
    {
        var codec = Codec.Parse("deadzone(abs=1, exact) | range");
        var layout = Some.Vector(RangeCoder.LongRun + 1000);
        int[] levels = [.. Some.Laplace(layout.Length, 25).Select(value => (int)(2 * value))];
        byte[] newer = new PayloadEncoder(codec, layout)
            .Encode(Array.ConvertAll(levels, level => (float)level), Some.Key()).ToArray();
        Assert.Equal([5, 8], [newer[0], newer[5]]);

        var segment = new PayloadWriter();
        var coder = new RangeEncoder(segment);
        var model = new LevelModel();
        model.Clear();
        model.Begin(512, 0, Lags.Shortest, 0);
        model.Code(ref coder, levels, chooses: false);
        coder.Finish();
        var older = new PayloadWriter();
        older.UInt8(2);
        older.Bytes(newer.AsSpan(1, 4));
        older.Varint(segment.Length);
        older.Bytes(segment.Written.Span);

        var decoded = new float[layout.Length];
        new PayloadDecoder(codec, layout).Decode(older.Written, decoded, Some.Key());
        Assert.Equal(levels, Array.ConvertAll(decoded, value => (int)value));
    }

    /// <summary>Some values among many that are thousands and billions of times as large.</summary>
    public static float[] WithOutliers(int length) =>
        [.. Some.Laplace(length, 21).Select((value, i) => i % 97 == 5 ? value * 1e9f : i % 61 == 2 ? value * 1e5f : value)];

    static string HashOf(float[] decoded) => Convert.ToHexStringLower(
        System.IO.Hashing.XxHash64.Hash(System.Runtime.InteropServices.MemoryMarshal.AsBytes(decoded.AsSpan())));

    static void AssertRead(string name, ModelLayout layout, int version)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Folder, $"payload-v{version}-{name}.txt"));
        byte[] payload = Convert.FromHexString(lines[1]);
        Assert.Equal(version, payload[0]);
        var decoded = new float[layout.Length];
        new PayloadDecoder(Codec.Parse(lines[0]), layout).Decode(payload, decoded, Some.Key());
        Assert.Equal(lines[2], HashOf(decoded));
    }

    static void AssertGolden(string name, string line, ModelLayout layout, float[] values, int version = 2, float? step = null)
    {
        var codec = Codec.Parse(line);
        float[] reference = codec.UsesReference
            ? [.. Some.Laplace(layout.Length, 22).Select((value, i) => i % 3 == 0 ? 0 : value)] : [];
        byte[] payload = new PayloadEncoder(codec, layout)
            .Encode(values, Some.Key(), new float[codec.MemoryLength(Layout)], reference, step: step).ToArray();
        var decoded = new float[layout.Length];
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key(), reference);

        Assert.Equal(version, payload[0]);
        string path = Path.Combine(Folder, $"payload-v{version}-{name}.txt");
        string text = $"{line}\n{Convert.ToHexStringLower(payload)}\n{HashOf(decoded)}\n";
        if (Environment.GetEnvironmentVariable("PLUME_WRITE_GOLDEN") == "1" && !File.Exists(path))
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }

    [Fact]
    public void Every_stage_has_a_golden_payload_but_the_one_whose_bytes_are_a_library_s()
    {
        var stages = Lines.Select(row => row.Data.Item2).Append(AutoLine).SelectMany(line => Codec.Parse(line).Stages)
            .Select(stage => stage.Keyword);
        Assert.Equal(["zstd"], Notation.Words.Except(stages));
    }

    static string Folder
    {
        get
        {
            string folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "Plume.slnx")))
                folder = Path.GetDirectoryName(folder)!;
            return Path.Combine(folder, "tests", "golden");
        }
    }
}

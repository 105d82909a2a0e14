using Plume.Compression.Codecs;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests.Codecs;

public class DeadZoneTests
{
    static readonly float[] Update = Some.Laplace(Some.Lenet.Length, 3);

    const int Length = 1 << 20, Quarter = Length / 4;

    static readonly float[] Normal = Some.Normal(Length, 51);
    static readonly float[] Laplace = Some.Laplace(Length, 52);

    // Steps at which the distortion of table T2 is met; the rates are the table's.
    [Theory]
    [InlineData(0.25, 0.7895, 0.6707, 1.06)]
    [InlineData(0.5, 0.6173, 0.4860, 1.055)]
    [InlineData(1, 0.3483, 0.2618, 1.035)]
    [InlineData(2, 0.0889, 0.0729, 1.02)]
    [InlineData(3, 0.02224, 0.01897, 1.02)]
    [InlineData(4, 0.00556, 0.00479, 1.02)]
    public void Range_comes_close_to_the_best_entropy_coded_scalar_quantizer(double bits, double normal, double laplace,
        double most)
    {
        Assert.InRange(BitsAt(normal, Normal[..Quarter]), bits * 0.98, bits * most);
        Assert.InRange(BitsAt(laplace, Laplace[..Quarter]), bits * 0.98, bits * most);
    }

    // Table T3 has 0.85 to 1.05 dB of a normal source where a value takes more than a bit; 6.02 dB are a bit.
    [Theory]
    [InlineData(0.3483, 0.08)]
    [InlineData(0.0889, 0.11)]
    [InlineData(0.02224, 0.13)]
    [InlineData(0.00556, 0.14)]
    public void A_trellis_saves_bits_at_the_same_error(double nmse, double saved)
    {
        var values = Normal[..(1 << 17)];
        double plain = BitsAt(nmse, values), trellis = Decoded($"deadzone(nmse={nmse}, trellis) | range", Some.Vector(values.Length), values)
            .Bytes * 8.0 / values.Length;
        Assert.InRange(plain - trellis, saved, 0.19);
    }

    [Fact]
    public void A_trellis_leaves_zeros_zero_and_no_value_off_by_more_than_a_step_and_a_half()
    {
        float[] values = [.. Some.Laplace(Some.Lenet.Length, 8).Select((value, i) => i % 5 == 0 ? 0 : value)];
        float[] decoded = Decoded("deadzone(abs=0.5, trellis) | range", Some.Lenet, values).Values;
        for (int i = 0; i < values.Length; i++)
        {
            if (!(Math.Abs(values[i] - decoded[i]) <= 0.75f) || (values[i] == 0 && decoded[i] != 0))
                Assert.Fail($"Value {i}: {values[i]} became {decoded[i]}.");
            Assert.Equal(0, decoded[i] % 0.25f);
        }
    }

    [Theory]
    [InlineData("deadzone(abs=1, exact, trellis) | range", "exact")]
    [InlineData("deadzone(abs=1, trellis) | rans", "range")]
    [InlineData("deadzone(abs=1, trellis) | pack", "range")]
    [InlineData("deadzone(abs=1, trellis) | secure(10)", "secure")]
    public void A_trellis_is_refused_where_it_makes_no_sense(string line, string named) =>
        Assert.Contains(named, Assert.Throws<FormatException>(() => Codec.Parse(line)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0.25, 0.7895, 0.6707, 1.06)]
    [InlineData(0.5, 0.6173, 0.4860, 1.04)]
    [InlineData(1, 0.3483, 0.2618, 1.03)]
    [InlineData(2, 0.0889, 0.0729, 1.02)]
    [InlineData(4, 0.00556, 0.00479, 1.02)]
    public void So_does_rans_with_an_offset_by_strength(double bits, double normal, double laplace, double most)
    {
        Assert.InRange(BitsAt(normal, Normal, "rans"), bits * 0.98, bits * most);
        Assert.InRange(BitsAt(laplace, Laplace, "rans"), bits * 0.98, bits * most);
    }

    [Fact]
    public void Before_rans_no_value_is_off_by_more_than_a_step()
    {
        float[] values = [.. Some.Laplace(Some.Lenet.Length, 7).Select((value, i) => value * MathF.ScaleB(1, i % 12 - 8))];
        float[] decoded = Decoded("deadzone(abs=0.5) | rans", Some.Lenet, values).Values;
        for (int i = 0; i < values.Length; i++)
        {
            if (!(Math.Abs(values[i] - decoded[i]) <= 0.5f))
                Assert.Fail($"Value {i}: {values[i]} became {decoded[i]}.");
        }
    }

    [Theory]
    [InlineData("deadzone(nmse=0.05) | range", 0.05)]
    [InlineData("deadzone(nmse=0.5) | range", 0.5)]
    [InlineData("lowrank | deadzone(nmse=0.05) | range", 0.05)]
    [InlineData("deadzone(nmse=0.05) | zstd", 0.05)]
    public void A_target_error_is_met_and_nearly_used_up(string line, double target)
    {
        float[] values = Some.Laplace(Some.Lenet.Length, 3);
        Assert.InRange(Some.Nmse(values, Decoded(line, Some.Lenet, values).Values), target * 0.97, target);
    }

    [Theory]
    [InlineData("deadzone(bpp=0.1) | range", 0.1)]
    [InlineData("deadzone(bpp=3) | range", 3)]
    [InlineData("budget(0.3bpp) | deadzone | range", 0.3)]
    [InlineData("lowrank | deadzone(bpp=0.5) | range", 0.5)]
    public void A_target_size_is_met_and_nearly_used_up(string line, double target) =>
        Assert.InRange(Decoded(line, Some.Lenet, Some.Laplace(Some.Lenet.Length, 3)).Bytes * 8.0 / Some.Lenet.Length,
            target * 0.97, target);

    [Theory]
    [InlineData("range", 8)]
    [InlineData("rans", 8)]
    [InlineData("rans", 100)]
    [InlineData("rans", 1e5)]
    public void Multiples_of_the_step_stay_what_they_are(string coder, double deviation)
    {
        float[] values = [.. Some.Normal(5000, 6, deviation).Select(value => MathF.Round(value) * 0.25f)];
        Assert.Equal(values, Decoded($"deadzone(abs=0.25, exact) | {coder}", Some.Vector(values.Length), values).Values);
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(1e-6)]
    public void Rans_reaches_small_errors_of_values_with_outliers(double target)
    {
        float[] values = Some.Laplace(Some.Lenet.Length, 3);
        for (int i = 0; i < values.Length; i += 1000)
            values[i] *= 20;
        Assert.InRange(Some.Nmse(values, Decoded($"deadzone(nmse={target}) | rans", Some.Lenet, values).Values), target * 0.97,
            target);
    }

    [Fact]
    public void A_matrix_of_rank_two_takes_little_more_than_its_vectors()
    {
        const int rows = 200, columns = 300;
        float[] a = Some.Normal(2 * rows, 1), b = Some.Normal(2 * columns, 2), noise = Some.Normal(rows * columns, 3, 0.01);
        float[] values = [.. Enumerable.Range(0, rows * columns)
            .Select(i => a[i / columns] * b[i % columns] + a[rows + i / columns] * b[columns + i % columns] + noise[i])];
        var layout = ModelLayout.Of([("w", [rows, columns], TensorRole.Weight)]);
        var plain = Decoded("deadzone(nmse=0.01) | range", layout, values);
        var split = Decoded("lowrank | deadzone(nmse=0.01) | range", layout, values);
        Assert.InRange(Some.Nmse(values, split.Values), 0, 0.01);
        Assert.InRange(split.Bytes, 100, plain.Bytes / 15);
    }

    [Theory]
    [InlineData("range")]
    [InlineData("rans")]
    [InlineData("pack")]
    public void Outliers_beyond_all_levels_stay_what_they_are(string coder)
    {
        float[] values = new float[600];
        (values[7], values[8], values[599]) = (1e9f, -3e38f, 0.002f);
        Assert.Equal(values, Decoded($"deadzone(abs=0.001, exact) | {coder}", Some.Vector(600), values).Values);
    }

    [Fact]
    public void With_a_step_whose_sums_are_exact_outliers_are_multiples_of_it_too()
    {
        const float step = 1f / 256;
        float[] reference = [.. Some.Normal(600).Select(value => MathF.Round(value / step) * step)], decoded = new float[600];
        float[] values = [.. Some.Normal(600, 2).Select((value, i) => reference[i] + (i % 50 == 0 ? value * 9000 : value))];
        foreach (string line in new[] { "delta | deadzone(abs=0.00390625) | range", "delta | deadzone(abs=0.00390625) | pack" })
        {
            var codec = Codec.Parse(line);
            var payload = new PayloadEncoder(codec, Some.Vector(600)).Encode(values, Some.Key(), reference: reference);
            new PayloadDecoder(codec, Some.Vector(600)).Decode(payload, decoded, Some.Key(), reference);
            Assert.DoesNotContain(decoded, value => value / step != MathF.Round(value / step));
        }
    }

    [Fact]
    public void The_grid_of_multiples_is_found_whatever_power_of_two_it_is()
    {
        float[] values = [.. Some.Normal(5000, 6, 8).Select(value => MathF.Round(value) * 0.375f)];
        var found = Decoded("deadzone(grid, exact) | range", Some.Vector(values.Length), values);
        var told = Decoded("deadzone(abs=0.125, exact) | range", Some.Vector(values.Length), values);
        Assert.Equal(values, found.Values);
        Assert.Equal(told.Bytes + 2, found.Bytes);
        Assert.Equal(0, Decoded("deadzone(grid, exact) | range", Some.Vector(600), new float[600]).Values.Max());
    }

    [Theory]
    [InlineData("auto | range", 0.02)]
    [InlineData("auto(5pt) | rans", 0.2)]
    [InlineData("lowrank | auto(1pt) | range", 0.04)]
    public void Where_no_federation_says_its_step_auto_keeps_an_error(string line, double most) =>
        Assert.InRange(Some.Nmse(Update, Decoded(line, Some.Lenet, Update).Values), most * 0.7, most);

    [Theory]
    [InlineData("auto | range")]
    [InlineData("lowrank | auto(1pt) | range")]
    public void What_running_statistics_move_by_is_no_room_for_the_error_of_auto(string line)
    {
        var layout = ModelLayout.Of([.. Some.Lenet.Tensors.Select(tensor => (tensor.Name, tensor.Shape.ToArray(), tensor.Role)),
            ("mean", [64], TensorRole.Statistic)]);
        float[] alone = Decoded(line, layout, [.. Update, .. new float[64]]).Values,
            beside = Decoded(line, layout, [.. Update, .. Enumerable.Repeat(1000f, 64)]).Values;
        Assert.InRange(Some.Nmse(Update, alone.AsSpan(0, Update.Length)), 0.01, 0.04);
        Assert.Equal(alone[..Update.Length], beside[..Update.Length]);
    }

    [Fact]
    public void Auto_has_the_step_that_it_is_told_and_of_models_a_power_of_two()
    {
        var (update, model) = (Codec.Parse("auto(1pt) | range"), Codec.Parse("delta | auto(1pt) | range"));
        float step = update.StepAt(0.01);
        Assert.InRange(step, 0.0545, 0.0555);
        Assert.Equal(update.StepAt(0.01), update.StepAt(0.02) / 2);
        Assert.InRange(Codec.Parse("auto | range").StepAt(0.01) / step, 0.49f, 0.51f);
        Assert.Equal(MathF.ScaleB(1, (int)MathF.Round(MathF.Log2(model.StepAt(0.01, 25)))), model.StepAt(0.01, 25));
        Assert.Equal(model.StepAt(0.01, 25), 2 * model.StepAt(0.01, 100));

        float[] decoded = new float[Update.Length];
        var payload = new PayloadEncoder(update, Some.Lenet).Encode(Update, Some.Key(), step: step);
        new PayloadDecoder(update, Some.Lenet).Decode(payload, decoded, Some.Key());
        foreach (var tensor in Some.Lenet.Tensors.Where(tensor => tensor.Shape.Count == 1))
        {
            Assert.DoesNotContain(decoded[tensor.Offset..(tensor.Offset + tensor.Length)],
                value => value / step != MathF.Round(value / step));
        }

        Assert.Throws<InvalidOperationException>(() => Codec.Floats.StepAt(1));
    }

    [Theory]
    [InlineData("delta | auto | range")]
    [InlineData("delta | auto | rans")]
    [InlineData("delta | auto | zstd")]
    public void Auto_takes_the_nearest_level_whatever_it_costs(string line)
    {
        const float step = 0.125f;
        float[] values = Some.Normal(Some.Lenet.Length, 11, 0.4 * step);
        float[] zeros = new float[values.Length], decoded = new float[values.Length];
        var codec = Codec.Parse(line);

        var payload = new PayloadEncoder(codec, Some.Lenet).Encode(values, Some.Key(), reference: zeros, step: step);
        new PayloadDecoder(codec, Some.Lenet).Decode(payload, decoded, Some.Key(), zeros);

        Assert.All(values.Zip(decoded), pair => Assert.InRange(MathF.Abs(pair.First - pair.Second), 0, step * 0.502f));
    }

    [Theory]
    [InlineData("topk(1%) | deadzone(step=1) | range",
        "'deadzone' drops values by itself, and 'topk' has chosen already; leave one of them out")]
    [InlineData("deadzone | range",
        "deadzone needs a rule for its step, such as step=0.5, abs=0.001, nmse=0.05 or bpp=0.2, or a budget before it; or write auto")]
    [InlineData("deadzone(step=1, abs=1) | range", "the step has one rule; choose step, abs, nmse, bpp or grid")]
    [InlineData("deadzone(nmse=1) | range", "'1' is out of range. It must be above 0 and below 1.")]
    [InlineData("range", "'range' codes small integers; put a quantizer such as uniform(8) before it")]
    [InlineData("lowrank | deadzone(step=1) | range", "'lowrank' shares the step of a deadzone that has one for all tensors")]
    [InlineData("lowrank(65) | deadzone(abs=1) | range", "'65' must be an integer from 1 to 64")]
    public void A_line_that_makes_no_sense_is_refused_in_words(string line, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => Codec.Parse(line)).Message);

    static (float[] Values, int Bytes) Decoded(string line, ModelLayout layout, float[] values)
    {
        var codec = Codec.Parse(line);
        var payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key());
        var decoded = new float[values.Length];
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key());
        return (decoded, payload.Length);
    }

    static double BitsAt(double nmse, float[] values, string coder = "range") =>
        Decoded($"deadzone(nmse={nmse}) | {coder}", Some.Vector(values.Length), values).Bytes * 8.0 / values.Length;
}

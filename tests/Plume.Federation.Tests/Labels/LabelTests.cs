using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Labels;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;

namespace Plume.Federation.Tests.Labels;

// Values worked out with 40 digits from the papers' formulas.
public class LabelTests
{
    static readonly float[] Mean = [0.5f, 0.3f, 0.2f];

    [Theory]
    [InlineData("none", 0.5, 0.3, 0.2, 1.029653014)]
    [InlineData("era(0.1)", 0.843794734, 0.114195199, 0.042010066, 0.524266617)]
    [InlineData("power(1.5)", 0.582160208, 0.270563615, 0.147276178, 0.950747534)]
    [InlineData("power(2)", 0.657894737, 0.236842105, 0.105263158, 0.853583679)]
    public void A_mean_is_sharpened_by_the_formulas_of_the_papers(string rule, double first, double second, double third,
        double entropy)
    {
        float[] shares = Sharpened(rule, Mean);
        Assert.All(shares.Zip([first, second, third]), pair => Assert.Equal(pair.Second, pair.First, 1e-6));
        Assert.Equal(entropy, Entropy(shares), 2e-6);
    }

    [Fact]
    public void A_temperature_near_the_largest_share_makes_labels_flatter_instead() =>
        Assert.Equal(1.066327139, Entropy(Sharpened("era(0.5)", Mean)), 1e-6);

    [Theory]
    [InlineData("era(0.001)")]
    [InlineData("power(1000)")]
    public void However_sharp_a_rule_is_labels_stay_distributions(string rule)
    {
        Assert.Equal([1f, 0, 0], Sharpened(rule, Mean));
        Assert.All(Sharpened(rule, [0, 0, 0]), share => Assert.Equal(1 / 3f, share, 1e-6f));
        Assert.Equal([0f, 1, 0], Sharpened(rule, [-5, 3, -1]));
    }

    [Theory]
    [InlineData(1, 1, 0, 0, 0)]
    [InlineData(2, 1, 1, 1, 0)]
    [InlineData(3, 3, 2, 1, 1)]
    [InlineData(4, 6, 5, 3, 1)]
    public void A_label_of_few_bits_is_the_nearest_that_there_is(int bits, params int[] expected)
    {
        int[] levels = new int[4];
        new SimplexGrid(bits).Quantize([0.41f, 0.32f, 0.19f, 0.08f], levels);
        Assert.Equal(expected, levels);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 10)]
    [InlineData(3, 4)]
    [InlineData(8, 10)]
    public void No_label_on_the_grid_is_nearer_than_the_one_that_is_taken(int bits, int classes)
    {
        var grid = new SimplexGrid(bits);
        for (int sample = 0; sample < 50; sample++)
        {
            float[] shares = Drawn(classes, (ulong)sample);
            int[] levels = new int[classes];
            grid.Quantize(shares, levels);
            Assert.Equal(grid.Levels, levels.Sum());
            Assert.All(levels, level => Assert.InRange(level, 0, grid.Levels));
            double taken = Distance(shares, levels, grid);
            for (int from = 0; from < classes; from++)
            {
                for (int to = 0; to < classes; to++)
                {
                    if (levels[from] == 0 || from == to)
                        continue;
                    (levels[from], levels[to]) = (levels[from] - 1, levels[to] + 1);
                    Assert.True(Distance(shares, levels, grid) > taken - 1e-6);
                    (levels[from], levels[to]) = (levels[from] + 1, levels[to] - 1);
                }
            }
        }
    }

    [Theory]
    [InlineData(1, 10, 3.3219)]
    [InlineData(2, 10, 7.7814)]
    [InlineData(3, 10, 13.4818)]
    [InlineData(4, 10, 20.3184)]
    [InlineData(1, 100, 6.6439)]
    [InlineData(2, 100, 17.3895)]
    public void A_payload_takes_about_what_enumerative_coding_does_where_all_labels_are_as_likely(int bits, int classes,
        double enumerative)
    {
        int levels = new SimplexGrid(bits).Levels;
        Assert.Equal(enumerative, Enumerable.Range(1, classes - 1).Sum(k => Math.Log2((double)(levels + k) / k)), 1e-4);
        const int samples = 1000;
        var rows = new float[(classes - 1) * samples];
        for (int sample = 0; sample < samples; sample++)
        {
            // Bars between levels, drawn evenly: every label is as likely.
            int[] places = [.. Enumerable.Range(0, levels + classes - 1)];
            new RandomDraws(RandomKey.FromSeed((ulong)sample)).Shuffle(places.AsSpan());
            int[] bars = [-1, .. places.Take(classes - 1).Order()];
            for (int row = 0; row < classes - 1; row++)
                rows[row * samples + sample] = bars[row + 1] - bars[row] - 1;
        }

        var part = new Predictions("points", samples,
            bits)
        { Public = new PublicSet(samples, classes, 1) }.Answer(ModelLayout.Of([("w", [1], TensorRole.Weight)]),
                Codec.Parse("pack")).Parts[0];
        double taken = 8.0 * new PayloadEncoder(part.Codec, part.Layout).Encode(rows, default).Length / samples;
        Assert.InRange(taken, 0.95 * enumerative, 1.2 * enumerative);
    }

    [Fact]
    public void Labels_go_into_a_message_and_come_back_and_so_does_their_mean()
    {
        var rows = new LabelRows(new SimplexGrid(2), 3);
        float[] first = [1, 0, 0, 0, 1 / 3f, 2 / 3f], second = [0, 0, 1, 1 / 3f, 1 / 3f, 1 / 3f], one = new float[4],
            other = new float[4], mean = new float[6];
        rows.Write(first, one);
        rows.Write(second, other);
        Assert.Equal([3f, 0, 0, 1], one);
        rows.Read([.. one.Zip(other, (left, right) => (left + right) / 2)], mean);
        Assert.All(mean.Zip(first.Zip(second, (left, right) => (left + right) / 2)),
            pair => Assert.Equal(pair.Second, pair.First, 1e-6f));
    }

    [Fact]
    public void Each_public_sample_is_drawn_once_before_any_is_drawn_again_and_the_hash_alone_decides_when()
    {
        var set = new PublicSet(10, 3, 5);
        int[] pass = [.. Enumerable.Range(1, 3).SelectMany(round => set.Batch(round, 3))];
        Assert.Equal(9, pass.Distinct().Count());
        Assert.NotEqual(pass, Enumerable.Range(4, 3).SelectMany(round => set.Batch(round, 3)));
        Assert.Equal(set.Batch(7, 3), new PublicSet(10, 3, 5).Batch(7, 3));
        Assert.NotEqual(set.Batch(7, 3), new PublicSet(10, 3, 6).Batch(7, 3));
    }

    static float[] Sharpened(string rule, float[] shares)
    {
        float[] label = [.. shares];
        ((Predictions)MethodNotation.Parse($"predictions(public=points, sharpen={rule})")).Sharpening.Apply(label);
        return label;
    }

    static double Entropy(float[] shares) => -shares.Sum(share => share * Math.Log(share));

    static double Distance(float[] shares, int[] levels, SimplexGrid grid) =>
        shares.Zip(levels, (share, level) => Math.Pow(share - (double)level / grid.Levels, 2)).Sum();

    static float[] Drawn(int classes, ulong seed)
    {
        double[] parts = [.. Enumerable.Range(0, classes)
            .Select(k => Math.Pow(RandomKey.FromSeed(seed).Uniform((ulong)k), 3) + 1e-3)];
        return [.. parts.Select(part => (float)(part / parts.Sum()))];
    }
}
